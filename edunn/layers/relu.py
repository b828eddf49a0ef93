"""The rectifier."""

from __future__ import annotations

import numpy as np

from edunn.arrays import FloatArray
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
        self._save(mask=np.asarray(y > 0))
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
        δEδy = self._gradient(δEδy, mask.shape)
        δEδx = np.zeros(δEδy.shape, δEδy.dtype)
        np.copyto(δEδx, δEδy, where=mask)
        return δEδx, {}
