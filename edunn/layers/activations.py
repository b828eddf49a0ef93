"""Activations that act on each element alone, in one formula: ReLU, Sigmoid, TanH."""

from __future__ import annotations

import numpy as np

from edunn.arrays import ONE, FloatArray, keep_where, least, own, quiet, restore, widen
from edunn.estimate import BOOL, ArraySpec, Estimate, Passes, elementwise
from edunn.model import Model, ParameterSet
from edunn.probabilities import complement, smallest_normal


class ReLU(Model):
    """Keep what is positive and make the rest zero: y = max(x, 0).

    The derivative at zero is taken as 0, as PyTorch does. NaN stays NaN.
    """

    alone = "samples"
    cache_entries = (frozenset({"mask"}),)

    # Not made quiet: to compare, and to keep or drop bits, raises no floating point error.

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
        y = np.maximum(x, 0.0, out=np.empty(x.shape, x.dtype))
        # Not y > 0: the error passes where the input was NaN, as in PyTorch.
        self._save(mask=~(y <= 0.0))
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

    def estimate(self, x: ArraySpec) -> Estimate:
        cache = {"mask": ArraySpec(self._floats("x", x).shape, BOOL)}
        return elementwise(x, cache, forward=Passes(4, 1), backward=Passes(4, 1))


class Sigmoid(Model):
    """Squash every number into (0, 1): y = 1 / (1 + exp(-x)).

    Notes
    -----
    The gradient passes also where the output was rounded to 0 or 1: see `probabilities`.
    """

    alone = "samples"
    cache_entries = (frozenset({"y"}),)

    @quiet
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
        wide = np.asarray(-widen(x))
        # Where this overflows, 1 / infinity is the zero that it should be.
        np.exp(wide, out=wide)
        wide += ONE[wide.dtype]
        y = restore(np.reciprocal(wide, out=wide), x.dtype)
        self._save(y=y.copy())
        return y

    @quiet
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
        cached = self._saved_array("y")
        δEδy = self._gradient(δEδy, cached.shape)
        y = widen(cached)
        slope: FloatArray = np.asarray(ONE[y.dtype] - y)
        slope *= y
        tiny = smallest_normal(cached.dtype)
        # To look takes less time than to write, and y is seldom 0 or 1.
        if slope.size and not least(slope) >= tiny:
            slope = complement(y, cached.dtype)
            slope *= y
            # Below the smallest normal number it is y itself, rounded to 0 or nearly.
            np.maximum(slope, tiny, out=slope)
        slope *= δEδy.astype(y.dtype, copy=False)
        return restore(slope, δEδy.dtype), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        cache = {"y": self._floats("x", x)}
        return elementwise(x, cache, forward=Passes(8, 3, functions=1), backward=Passes(8, 3))


class TanH(Model):
    """Squash every number into (-1, 1): y = tanh(x).

    Attributes
    ----------
    sigmoid : Sigmoid
        By which tanh could be computed: tanh(x) = 2 sigmoid(2 x) - 1.
    """

    alone = "samples"
    cache_entries = (frozenset({"y"}),)

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.sigmoid = Sigmoid()

    @quiet
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

    @quiet
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
        return restore(δEδy.astype(y.dtype, copy=False) * (1.0 - y * y), δEδy.dtype), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        cache = {"y": self._floats("x", x)}
        return elementwise(x, cache, forward=Passes(4, 2, functions=1), backward=Passes(7, 3))
