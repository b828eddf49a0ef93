"""The squared error."""

from __future__ import annotations

import math

import numpy as np

from edunn.arrays import FloatArray, Shaped, describe, double, quiet, restore, widen
from edunn.estimate import FLOAT64, ArraySpec, Cost, Estimate, Passes, elementwise
from edunn.losses.loss import Loss
from edunn.model import ParameterSet


class SquaredError(Loss):
    """Sum the squares of the differences over the features of each sample.

    With E = Σ (y - y_true)², not half of it and not its mean.
    """

    alone = "samples"
    cache_entries = (frozenset({"difference"}),)

    @quiet
    def forward(self, y_true: FloatArray, y: FloatArray) -> FloatArray:
        """Compute the error of each sample.

        Parameters
        ----------
        y_true, y : ndarray of floats, shape (samples, ...), the same

        Returns
        -------
        E : ndarray, shape (samples, 1), dtype of y
        """
        y, y_true = self._input("y", y), self._input("y_true", y_true)
        self._check(y_true, y)
        wide = widen(y)
        difference = wide - (y_true if y_true.dtype is wide.dtype else y_true.astype(wide.dtype))
        rows = double(difference)
        if rows.ndim != 2:
            rows = rows.reshape(y.shape[0], math.prod(y.shape[1:]))
        # As the method `sum` does, in less time.
        E = np.add.reduce(rows * rows, axis=1, keepdims=True)
        self._save(difference=restore(difference, y.dtype))
        return restore(E, y.dtype)

    @quiet
    def backward(self, δEδEi: FloatArray | float = 1.0) -> tuple[FloatArray, ParameterSet]:
        """Compute 2 (y - y_true), times the gradient of each sample's error.

        Parameters
        ----------
        δEδEi : ndarray, shape (samples, 1), or one number for all
            The gradient of this loss's output.

        Returns
        -------
        gradient : ndarray, shape and dtype of y
        δEδp : dict
            Empty.
        """
        cached = self._saved_array("difference")
        difference = widen(cached)
        samples = difference.shape[0]
        if type(δEδEi) is float:
            return restore(difference * (2 * δEδEi), cached.dtype), {}
        δE = self._error_gradient(δEδEi, (samples, 1), difference.dtype)
        if difference.ndim != 2:
            δE = δE.reshape(samples, *[1] * (difference.ndim - 1))
        gradient = difference * δE
        # Twice as much, without a number of Python's.
        gradient += gradient
        return restore(gradient, cached.dtype), {}

    def estimate(self, y_true: ArraySpec, y: ArraySpec) -> Estimate:
        self._check(self._floats("y_true", y_true), self._floats("y", y))
        taken = elementwise(y, {"difference": y}, forward=Passes(7, 2), backward=Passes(5, 3))
        squares = Cost(0, ArraySpec(y.shape, FLOAT64).nbytes + y.widened_bytes())
        return taken._replace(
            output=y._replace(shape=(y.shape[0], 1)), forward=taken.forward.and_also(squares)
        )

    def _check(self, y_true: Shaped, y: Shaped) -> None:
        if y.ndim == 0:
            raise self.refusal("y", "of shape (samples, ...)", describe(y))
        if y_true.shape != y.shape:
            # Broadcasting (n,) against (n, 1) would compare every sample with every other.
            raise self.refusal("y_true", f"of the shape of y, {y.shape}", describe(y_true))
