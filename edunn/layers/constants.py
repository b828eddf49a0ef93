"""Layers of a fixed formula without parameters: Identity, AddConstant, MultiplyConstant."""

from __future__ import annotations

from typing import Annotated

from edunn.arrays import FloatArray, own, quiet, restore, shape_of, widen
from edunn.estimate import ArraySpec, Estimate, Passes, elementwise, shape_spec
from edunn.fields import Field, check_arguments
from edunn.model import Model, ParameterSet


class Identity(Model):
    """Give back a copy of the input: y = x."""

    cache_entries = (frozenset({"shape"}),)

    @quiet
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
        self._save(shape=shape_of(y))
        return y

    @quiet
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
        return elementwise(x, {"shape": shape_spec(x)}, forward=Passes(3, 1), backward=Passes(3, 1))


class AddConstant(Model):
    """Add a fixed number: y = x + value.

    Parameters
    ----------
    value : float
    """

    cache_entries = (frozenset({"shape"}),)

    def __init__(
        self,
        value: Annotated[float, Field("The number that is added.")],
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.value: float = check_arguments(AddConstant, self.label, value=value)["value"]

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Compute x + value.

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        x = self._input("x", x)
        y = restore(widen(x) + self.value, x.dtype)
        self._save(shape=shape_of(y))
        return y

    @quiet
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
        return elementwise(x, {"shape": shape_spec(x)}, forward=Passes(3, 1), backward=Passes(3, 1))


class MultiplyConstant(Model):
    """Multiply by a fixed number: y = x * value.

    Parameters
    ----------
    value : float
    """

    cache_entries = (frozenset({"shape"}),)

    def __init__(
        self,
        value: Annotated[float, Field("The number that is multiplied by.")],
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.value: float = check_arguments(MultiplyConstant, self.label, value=value)["value"]

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Compute x * value.

        Parameters
        ----------
        x : ndarray of floats, any shape

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        y = self._scaled(self._input("x", x))
        self._save(shape=shape_of(y))
        return y

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Multiply the error by the same number.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            Empty.
        """
        return self._scaled(self._gradient(δEδy, self._saved_shape())), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        x = self._floats("x", x)
        return elementwise(x, {"shape": shape_spec(x)}, forward=Passes(3, 1), backward=Passes(3, 1))

    def _scaled(self, x: FloatArray) -> FloatArray:
        return restore(widen(x) * self.value, x.dtype)
