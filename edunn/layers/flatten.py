"""Flatten."""

from __future__ import annotations

import math

import numpy as np

from edunn.arrays import FLOAT_DTYPES, FloatArray, Shaped, describe
from edunn.estimate import ArraySpec, Estimate, Passes, elementwise, shape_spec
from edunn.model import Model, ParameterSet


class Flatten(Model):
    """Lay the features of each sample out in one row, in C order."""

    alone = "samples"
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
        # As in `_input`, which a call would take as long to reach as to run.
        if type(x) is not np.ndarray or x.dtype not in FLOAT_DTYPES:
            x = self._input("x", x)
        shape = x.shape
        if not shape:
            self._check(x)
        self._cache = {"shape": shape}
        # A copy, as from every layer: what is done to it is not done to the caller's array.
        y = x.copy()
        return y if len(shape) == 2 else y.reshape(shape[0], math.prod(shape[1:]))

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
        shape = self._saved_shape()
        if len(shape) == 2:
            return self._gradient(δEδy, shape).copy(), {}
        δEδy = self._gradient(δEδy, (shape[0], math.prod(shape[1:])))
        return δEδy.copy().reshape(shape), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        self._check(self._floats("x", x))
        cache = {"shape": shape_spec(x)}
        taken = elementwise(x, cache, forward=Passes(3, 1), backward=Passes(3, 1))
        flat = x._replace(shape=(x.shape[0], math.prod(x.shape[1:])))
        return taken._replace(output=flat)

    def _check(self, x: Shaped) -> None:
        if x.ndim == 0:
            raise self.refusal("x", "of shape (samples, ...)", describe(x))
