"""Layers of a fixed formula without parameters: Identity, AddConstant, MultiplyConstant."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from edunn.arrays import FloatArray, as_floats, in_each_dtype, own, quiet, restore, sum_to, widen
from edunn.estimate import ArraySpec, Estimate, Passes, elementwise, shape_spec
from edunn.fields import Field, check_arguments
from edunn.model import Model, ParameterSet


class Identity(Model):
    """Give back a copy of the input: y = x."""

    alone = "samples"
    cache_entries = (frozenset({"shape"}),)

    def forward(self, x: FloatArray) -> FloatArray:
        """Copy the input.

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        y = own(self._input("x", x))
        self._cache = {"shape": y.shape}
        return y

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Copy the error.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            Empty.
        """
        return own(self._gradient(δEδy, self._saved_shape())), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        x = self._floats("x", x)
        return elementwise(x, {"shape": shape_spec(x)}, forward=Passes(5, 1), backward=Passes(5, 1))


class _Constant(Model):
    """A layer with one fixed number, or an array of them."""

    cache_entries = (frozenset({"shape"}),)

    @property
    def value(self) -> float | FloatArray:
        """The number, or the array of them."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._value = self._constant(value)
        self._arrays = in_each_dtype(self._value) if type(self._value) is float else None

    def _operand(self, dtype: np.dtype[Any]) -> float | FloatArray:
        """Return the constant as it is computed with values of a dtype."""
        return self._value if self._arrays is None else self._arrays[dtype]

    @property
    def alone(self) -> str | None:  # type: ignore[override]
        # An array may have a number for each sample.
        return "samples" if isinstance(self.value, float) else None

    def _constant(self, value: Any) -> float | FloatArray:
        if isinstance(value, list | tuple) or np.ndim(value) > 0:
            return own(as_floats(self.label, "value", value), np.dtype(np.float64))
        checked: float = check_arguments(type(self), self.label, value=value)["value"]
        return checked

    def _output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that an input of a shape has with the constant broadcast against it."""
        value = self.value
        if type(value) is float:
            return shape
        try:
            return np.broadcast_shapes(shape, np.shape(value))
        except ValueError:
            expected = f"of a shape that broadcasts against the constant's {np.shape(value)}"
            raise self.refusal("x", expected, f"shape {shape}") from None


class AddConstant(_Constant):
    """Add a fixed number: y = x + value.

    Parameters
    ----------
    value : float or ndarray of numbers
        An array is broadcast against the input.
    """

    def __init__(
        self,
        value: Annotated[float, Field("The number that is added.")],
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.value = value

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Compute x + value.

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same dtype, and same shape unless the constant makes it larger
        """
        x = self._input("x", x)
        self._output_shape(x.shape)
        y = restore(widen(x) + self._operand(x.dtype), x.dtype)
        self._cache = {"shape": x.shape}
        return y

    # Not made quiet: to copy raises no floating point error, and sums are quiet themselves.

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Copy the error; where the constant made copies of the input, sum theirs.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, shape of the last input, same dtype
        δEδp : dict
            Empty.
        """
        shape = self._saved_shape()
        δEδy = self._gradient(δEδy, self._output_shape(shape))
        return own(sum_to(δEδy, shape)), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        x = self._floats("x", x)
        return elementwise(x, {"shape": shape_spec(x)}, forward=Passes(5, 1), backward=Passes(5, 1))


class MultiplyConstant(_Constant):
    """Multiply by a fixed number: y = x * value.

    Parameters
    ----------
    value : float or ndarray of numbers
        An array is broadcast against the input.
    """

    def __init__(
        self,
        value: Annotated[float, Field("The number that is multiplied by.")],
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.value = value

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Compute x * value.

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same dtype, and same shape unless the constant makes it larger
        """
        x = self._input("x", x)
        self._output_shape(x.shape)
        y = restore(widen(x) * self._operand(x.dtype), x.dtype)
        self._cache = {"shape": x.shape}
        return y

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Multiply the error by the same number.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, shape of the last input, same dtype
        δEδp : dict
            Empty.
        """
        shape = self._saved_shape()
        δEδy = self._gradient(δEδy, self._output_shape(shape))
        δEδx = widen(δEδy) * self._operand(δEδy.dtype)
        return restore(sum_to(np.asarray(δEδx), shape), δEδy.dtype), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        x = self._floats("x", x)
        return elementwise(x, {"shape": shape_spec(x)}, forward=Passes(5, 1), backward=Passes(5, 1))
