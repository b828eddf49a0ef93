"""Arithmetic that carries a bound of the rounding errors of anybody who computes the same.

Each number has a value, computed in double precision, and an error: how far the value of a program
can be from the exact one, to first order, in units of the unit roundoff of its dtype. The bounds
hold for every order of summation. This is running error analysis as in Higham, Accuracy and
stability of numerical algorithms, section 3.3.

What is too large or undefined is infinity or NaN. NumPy's warnings of it are turned off by the
callers of this package's functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edunn.layers.gelu import normal_cdf
from worker.judging.challenges import Array, Floats

Axes = int | tuple[int, ...] | None

# By how much a bound that holds to first order is widened for what it leaves out.
SAFETY = 4.0

# Units in the last place by which a library's exp, log or tanh may be wrong.
_FUNCTION = 4.0


class Rounded:
    """An array of values with the bounds of their errors, in units of the unit roundoff."""

    __slots__ = ("error", "value")
    # NumPy leaves `array @ rounded` to this class.
    __array_ufunc__ = None

    def __init__(self, value: Any, error: Any = None) -> None:
        self.value: Floats = np.asarray(value, dtype=np.float64)
        if error is None:
            self.error: Floats = np.zeros(self.value.shape)
            return
        self.error = np.asarray(error, np.float64)
        if self.error.shape != self.value.shape:
            self.error = np.broadcast_to(self.error, self.value.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    # What rounds: each result adds its own rounding to what its operands bring.

    def __add__(self, other: Rounded | float) -> Rounded:
        other = rounded(other)
        value = self.value + other.value
        return Rounded(value, self.error + other.error + np.abs(value))

    def __sub__(self, other: Rounded | float) -> Rounded:
        return self + -rounded(other)

    def __mul__(self, other: Rounded | float) -> Rounded:
        other = rounded(other)
        value = self.value * other.value
        left, right = np.abs(self.value), np.abs(other.value)
        error = left * other.error + right * self.error + np.abs(value)
        if np.isnan(error).any():
            # Zero times anything is zero, also times infinity.
            carried = _times(self.value, other.error) + _times(other.value, self.error)
            error = carried + np.abs(value)
        return Rounded(value, error)

    def __truediv__(self, other: Rounded | float) -> Rounded:
        other = rounded(other)
        value = self.value / other.value
        carried = (self.error + np.abs(value) * other.error) / np.abs(other.value)
        return Rounded(value, carried + np.abs(value))

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: float) -> Rounded:
        return rounded(other) - self

    def __rtruediv__(self, other: float) -> Rounded:
        return rounded(other) / self

    def __matmul__(self, other: Rounded) -> Rounded:
        value = self.value @ other.value
        left, right = np.abs(self.value), np.abs(other.value)
        terms = self.shape[-1] + 1
        return Rounded(value, self.error @ right + left @ (other.error + terms * right))

    def sum(self, axis: Axes = None, keepdims: bool = False) -> Rounded:
        value = self.value.sum(axis=axis, keepdims=keepdims)
        terms = self.value.size // max(1, value.size)
        carried = (self.error + terms * np.abs(self.value)).sum(axis=axis, keepdims=keepdims)
        return Rounded(value, carried)

    def mean(self, axis: Axes = None, keepdims: bool = False) -> Rounded:
        summed = self.sum(axis, keepdims)
        return summed * (summed.value.size / max(1, self.value.size))

    # What does not round.

    def __neg__(self) -> Rounded:
        return Rounded(-self.value, self.error)

    def __abs__(self) -> Rounded:
        return Rounded(np.abs(self.value), self.error)

    def __getitem__(self, key: Any) -> Rounded:
        return Rounded(self.value[key], self.error[key])

    def reshape(self, *shape: int) -> Rounded:
        return Rounded(self.value.reshape(shape), self.error.reshape(shape))

    def transpose(self, *axes: int) -> Rounded:
        order = axes or None
        return Rounded(self.value.transpose(order), self.error.transpose(order))

    @property
    def T(self) -> Rounded:  # noqa: N802
        return self.transpose()

    def broadcast_to(self, shape: tuple[int, ...]) -> Rounded:
        return Rounded(np.broadcast_to(self.value, shape), np.broadcast_to(self.error, shape))

    def where(self, mask: Array, other: Rounded | float = 0.0) -> Rounded:
        """Return these numbers where the mask is true, and others elsewhere."""
        other = rounded(other)
        return Rounded(
            np.where(mask, self.value, other.value), np.where(mask, self.error, other.error)
        )

    def max(self, axis: int, keepdims: bool = False) -> Rounded:
        value = self.value.max(axis=axis, keepdims=keepdims)
        return Rounded(value, self.error.max(axis=axis, keepdims=keepdims))

    def made(self, value: Any, error: Any) -> Rounded:
        """Return other numbers, bounded as these are."""
        return Rounded(value, error)

    def doubtful(self, error: Any) -> Rounded:
        """Return the same numbers with more room for other ways to compute them."""
        return Rounded(self.value, self.error + error)

    # Functions: f(x + e) = f(x) + f'(x) e.

    def exp(self) -> Rounded:
        return self._function(np.exp(self.value), np.exp(self.value))

    def log(self) -> Rounded:
        return self._function(np.log(self.value), 1 / np.abs(self.value))

    def sqrt(self) -> Rounded:
        root = np.sqrt(self.value)
        # At zero an error e in the argument gives at most its own root.
        slope = 0.5 / np.where(root > 0, root, 1.0)
        return self._function(root, slope)

    def tanh(self) -> Rounded:
        value = np.tanh(self.value)
        # Made of exponentials, it is exact to a unit of 1 and not of itself.
        return self._function(value, 1 - value * value).doubtful(2.0)

    def sigmoid(self) -> Rounded:
        value = 1 / (1 + np.exp(-self.value))
        # Made of tanh, it is exact to a unit of 1 and not of itself.
        return self._function(value, value * (1 - value)).doubtful(2.0)

    def normal_cdf(self) -> Rounded:
        density = np.exp(-0.5 * self.value * self.value) / math.sqrt(2 * math.pi)
        # As (1 + erf) / 2 it is exact to a unit of 1 and not of itself.
        cdf = normal_cdf(self.value).astype(np.float64, copy=False)
        return self._function(cdf, density).doubtful(2.0)

    def _function(self, value: Floats, slope: Floats) -> Rounded:
        return Rounded(value, np.abs(slope) * self.error + _FUNCTION * np.abs(value))


class Estimate(Rounded):
    """Numbers without the bounds of their errors, which cost most of the time.

    What is computed with them is an estimate too.
    """

    __slots__ = ()

    def __init__(self, value: Any, error: Any = None) -> None:
        self.value = np.asarray(value, dtype=np.float64)

    @property
    def error(self) -> Floats:  # type: ignore[override]
        return np.zeros(self.value.shape)

    def __add__(self, other: Rounded | float) -> Rounded:
        return Estimate(self.value + _value(other))

    def __sub__(self, other: Rounded | float) -> Rounded:
        return Estimate(self.value - _value(other))

    def __mul__(self, other: Rounded | float) -> Rounded:
        return Estimate(self.value * _value(other))

    def __truediv__(self, other: Rounded | float) -> Rounded:
        return Estimate(self.value / _value(other))

    def __matmul__(self, other: Rounded) -> Rounded:
        return Estimate(self.value @ other.value)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Rounded | float) -> Rounded:
        return Estimate(_value(other) - self.value)

    def __rtruediv__(self, other: Rounded | float) -> Rounded:
        return Estimate(_value(other) / self.value)

    def __rmatmul__(self, other: Rounded) -> Rounded:
        return Estimate(other.value @ self.value)

    def sum(self, axis: Axes = None, keepdims: bool = False) -> Rounded:
        return Estimate(self.value.sum(axis=axis, keepdims=keepdims))

    def __neg__(self) -> Rounded:
        return Estimate(-self.value)

    def __abs__(self) -> Rounded:
        return Estimate(np.abs(self.value))

    def __getitem__(self, key: Any) -> Rounded:
        return Estimate(self.value[key])

    def reshape(self, *shape: int) -> Rounded:
        return Estimate(self.value.reshape(shape))

    def transpose(self, *axes: int) -> Rounded:
        return Estimate(self.value.transpose(axes or None))

    def broadcast_to(self, shape: tuple[int, ...]) -> Rounded:
        return Estimate(np.broadcast_to(self.value, shape))

    def where(self, mask: Array, other: Rounded | float = 0.0) -> Rounded:
        return Estimate(np.where(mask, self.value, _value(other)))

    def max(self, axis: int, keepdims: bool = False) -> Rounded:
        return Estimate(self.value.max(axis=axis, keepdims=keepdims))

    def made(self, value: Any, error: Any) -> Rounded:
        return Estimate(value)

    def doubtful(self, error: Any) -> Rounded:
        return self

    def _function(self, value: Floats, slope: Floats) -> Rounded:
        return Estimate(value)


def _value(number: Rounded | float) -> Floats | float:
    return number.value if isinstance(number, Rounded) else number


def _times(value: Floats, error: Floats) -> Floats:
    return np.where(value == 0, 0.0, np.abs(value) * error)


def rounded(number: Rounded | float) -> Rounded:
    """Return a number of a configuration, which is itself rounded to the dtype."""
    return number if isinstance(number, Rounded) else Rounded(number, abs(number))


def exact(array: Any) -> Rounded:
    """Return numbers that were given in the dtype in which they are computed with."""
    return Rounded(array)


def zeros(shape: tuple[int, ...]) -> Rounded:
    return Rounded(np.zeros(shape))


def stack(parts: Sequence[Rounded], axis: int = 0) -> Rounded:
    value = np.stack([part.value for part in parts], axis)
    if any(isinstance(part, Estimate) for part in parts):
        return Estimate(value)
    return Rounded(value, np.stack([part.error for part in parts], axis))


def is_doubtful(number: Rounded, unit: float) -> Array:
    """Tell of which numbers the sign, or whether they are zero, may be a matter of rounding."""
    return np.asarray(np.abs(number.value) <= SAFETY * unit * number.error)


def scattered(
    part: Rounded, add: Callable[[Floats, Floats], None], shape: tuple[int, ...], terms: int
) -> Rounded:
    """Return sums of numbers at places of a larger array.

    Parameters
    ----------
    part : Rounded
    add : callable
        Adds the numbers of its second argument at their places of its first.
    terms : int
        How many numbers one place has at most.
    """
    value, error = np.zeros(shape), np.zeros(shape)
    add(value, part.value)
    if isinstance(part, Estimate):
        return Estimate(value)
    add(error, part.error + terms * np.abs(part.value))
    return Rounded(value, error)
