"""Activations that act on each element alone, in one formula: ReLU, Sigmoid, TanH."""

from __future__ import annotations

import numpy as np

from edunn.arrays import FloatArray, keep_where, own, restore, widen
from edunn.model import Model, ParameterSet


class ReLU(Model):
    """Keep what is positive and make the rest zero: y = max(x, 0).

    The derivative at zero is taken as 0, as PyTorch does. NaN stays NaN.
    """

    cache_entries = (frozenset({"mask"}),)

    def forward(self, x: FloatArray) -> FloatArray:
        """Compute max(x, 0).

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        x = self._input("x", x)
        y = np.maximum(x, 0, out=np.empty(x.shape, x.dtype))
        # Not y > 0: the error passes where the input was NaN, as in PyTorch.
        self._save(mask=~np.asarray(y <= 0))
        return y

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Pass the error on where the input was positive.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            Empty.
        """
        mask = self._saved_array("mask")
        return keep_where(mask, self._gradient(δEδy, mask.shape)), {}


class Sigmoid(Model):
    """Squash every number into (0, 1): y = 1 / (1 + exp(-x)).

    Notes
    -----
    Computed from exp(-|x|), which cannot overflow, and precise for x far below zero too.
    """

    cache_entries = (frozenset({"y"}),)

    def forward(self, x: FloatArray) -> FloatArray:
        """Compute 1 / (1 + exp(-x)).

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        x = self._input("x", x)
        e = np.exp(-np.abs(widen(x)))
        # For x >= 0: 1 / (1 + e). For x < 0: e / (1 + e), the same number. NaN goes with e.
        y = restore(np.where(x >= 0, 1, e).astype(e.dtype, copy=False) / (1 + e), x.dtype)
        self._save(y=own(y))
        return y

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Multiply the error by y (1 - y).

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            Empty.
        """
        y = widen(self._saved_array("y"))
        δEδy = self._gradient(δEδy, y.shape)
        return restore(δEδy.astype(y.dtype, copy=False) * (y * (1 - y)), δEδy.dtype), {}


class TanH(Model):
    """Squash every number into (-1, 1): y = tanh(x).

    Attributes
    ----------
    sigmoid : Sigmoid
        By which tanh could be computed: tanh(x) = 2 sigmoid(2 x) - 1.
    """

    cache_entries = (frozenset({"y"}),)

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.sigmoid = Sigmoid()

    def forward(self, x: FloatArray) -> FloatArray:
        """Compute tanh(x).

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        x = self._input("x", x)
        y = restore(np.tanh(widen(x)), x.dtype)
        self._save(y=own(y))
        return y

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Multiply the error by 1 - y².

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            Empty.
        """
        y = widen(self._saved_array("y"))
        δEδy = self._gradient(δEδy, y.shape)
        return restore(δEδy.astype(y.dtype, copy=False) * (1 - y * y), δEδy.dtype), {}
