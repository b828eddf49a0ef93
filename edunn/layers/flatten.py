"""Flatten."""

from __future__ import annotations

import math

import numpy as np

from edunn.arrays import FloatArray, describe, own
from edunn.model import Model, ParameterSet


class Flatten(Model):
    """Lay the features of each sample out in one row, in C order."""

    cache_entries = (frozenset({"shape"}),)

    def forward(self, x: FloatArray) -> FloatArray:
        """Reshape to a matrix.

        Parameters
        ----------
        x : ndarray of floats, shape (samples, ...)

        Returns
        -------
        y : ndarray, shape (samples, features), same dtype
        """
        x = self._input("x", x)
        if x.ndim == 0:
            raise self.refusal("x", "of shape (samples, ...)", describe(x))
        # The number of samples comes back with the gradient.
        self._save(shape=np.array(x.shape[1:], dtype=np.int64))
        return own(x).reshape(x.shape[0], math.prod(x.shape[1:]))

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Reshape the error to the shape of the input.

        Parameters
        ----------
        δEδy : ndarray, shape (samples, features)

        Returns
        -------
        δEδx : ndarray, shape (samples, ...), same dtype
        δEδp : dict
            Empty.
        """
        shape = tuple(int(size) for size in self._saved_array("shape"))
        δEδy = self._input("δEδy", δEδy)
        features = math.prod(shape)
        if δEδy.ndim != 2 or δEδy.shape[1] != features:
            raise self.refusal("δEδy", f"of shape (samples, {features})", describe(δEδy))
        return own(δEδy).reshape(δEδy.shape[0], *shape), {}
