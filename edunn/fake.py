"""A model and a loss that do as they are told, to try optimizers with."""

from __future__ import annotations

import numpy as np

from edunn.arrays import Array, FloatArray, as_floats
from edunn.losses.loss import Loss
from edunn.model import ModelWithParameters, ParameterSet


class FakeModel(ModelWithParameters):
    """An identity with one parameter, whose gradient is always the same; its input has none.

    Parameters
    ----------
    parameter : ndarray of numbers
        Kept, not copied, under the name ``parameter``; integers become floats.
    gradient : ndarray of numbers, same shape
    """

    def __init__(self, parameter: Array, gradient: Array, name: str | None = None) -> None:
        super().__init__(name)
        self.parameter = as_floats(self.label, "parameter", parameter)
        self.gradient = as_floats(self.label, "gradient", gradient)
        self.register_parameter("parameter", self.parameter)

    def forward(self, x: FloatArray) -> FloatArray:
        """Return the input."""
        return x

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Return zero, a single one for any input, and the gradient given at the start."""
        return np.zeros(()), {} if self.frozen else {"parameter": self.gradient}


class FakeError(Loss):
    """An error that is always the same, and has always the same derivative.

    Parameters
    ----------
    error, derivative_value : float
    """

    cache_entries = (frozenset({"shape"}),)

    def __init__(
        self, error: float = 1, derivative_value: float = 1, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.error = error
        self.derivative_value = derivative_value

    def forward(self, y: FloatArray, y_true: Array) -> FloatArray:
        """Return the error, as an array of rank 0."""
        self._save(shape=np.shape(y))
        return np.asarray(float(self.error))

    def backward(self, δE: FloatArray | float = 1.0) -> tuple[FloatArray, ParameterSet]:
        """Return the derivative in the shape of the output."""
        return np.full(self._saved_shape(), float(self.derivative_value)), {}
