"""Comparisons of arrays that answer rather than raise.

A `Comparison` is true where all is well and says what is not where it is printed. The
functions named ``check_...`` print it too, for notebooks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edunn.arrays import Array
from edunn.notebook import Printable

default_tol = 1e-12
#: The words that an answer begins with.
success, failure = "OK", "WRONG"


@dataclass(frozen=True)
class Comparison(Printable):
    """The answer of a comparison."""

    passed: bool
    message: str

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        return f"{success if self.passed else failure}: {self.message}"


def same(
    expected: Array | float,
    calculated: Array | float,
    tol: float = default_tol,
    check_shape: bool = True,
) -> Comparison:
    """Compare shape and values. NaN is never the same as anything.

    Parameters
    ----------
    expected, calculated : ndarray or number
    tol : float
        The largest difference allowed, relative to the larger of 1 and the expected value.
    check_shape : bool
        Whether shapes must be the same. If not, the arrays are compared as they broadcast.
    """
    for value, which in ((expected, "expected"), (calculated, "calculated")):
        if value is None:
            return Comparison(False, f"the {which} value is None")
    a, b = np.asarray(expected), np.asarray(calculated)
    if check_shape and a.shape != b.shape:
        return same_shape(a, b)
    try:
        a, b = np.broadcast_arrays(a, b)
    except ValueError:
        return same_shape(a, b)
    wrong = ~_close(a, b, tol)
    if not wrong.any():
        return Comparison(True, "1 value agrees" if a.size == 1 else f"{a.size} values agree")
    count = int(np.count_nonzero(wrong))
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Comparison(
        False,
        f"{count} of {a.size} values differ, the first at {list(first)}: "
        f"expected {a[first]!s}, got {b[first]!s}",
    )


def different(a: Array | float, b: Array | float, tol: float = default_tol) -> Comparison:
    """Tell whether two arrays differ anywhere, in shape or in value."""
    equal = same(a, b, tol)
    return Comparison(not equal.passed, equal.message)


def same_shape(a: Array, b: Array) -> Comparison:
    """Compare shapes alone."""
    shapes = np.shape(a), np.shape(b)
    if shapes[0] == shapes[1]:
        return Comparison(True, f"both have the shape {shapes[0]}")
    return Comparison(False, f"expected the shape {shapes[0]}, got {shapes[1]}")


def approximate_equals(a: Array, b: Array, tol: float = default_tol) -> bool:
    """Tell whether two arrays have one shape and the same values within a tolerance."""
    return same(a, b, tol).passed


def check_same(
    expected: Array, calculated: Array, tol: float = default_tol, check_shape: bool = True
) -> Comparison:
    """Compare as `same` does, and print the answer."""
    return same(expected, calculated, tol, check_shape).printed()


def check_different(
    a1: Array, a2: Array, tol: float = default_tol, check_shape: bool = True
) -> Comparison:
    """Tell whether values differ, and print the answer.

    Another shape is no such difference but a mistake, unless `check_shape` is False.
    """
    shapes = same_shape(a1, a2)
    if check_shape and not shapes:
        return shapes.printed()
    return different(a1, a2, tol).printed()


def check_same_shape(a1: Array, a2: Array) -> Comparison:
    """Compare as `same_shape` does, and print the answer."""
    return same_shape(a1, a2).printed()


def check_same_float(
    expected: float, calculated: float, title: str, tol: float = default_tol
) -> Comparison:
    """Compare two numbers, and print the answer under a title."""
    passed = same(expected, calculated, tol).passed
    found = f"{title} is {calculated}" + ("" if passed else f", and should be {expected}")
    return Comparison(passed, found).printed()


def check_mean(a: Array, mean: float, tol: float = default_tol) -> Comparison:
    """Compare the mean of an array with a number, and print the answer."""
    return check_same_float(mean, float(np.mean(a)), "mean", tol)


def check_std(a: Array, std: float, tol: float = default_tol) -> Comparison:
    """Compare the standard deviation of an array with a number, and print the answer."""
    return check_same_float(std, float(np.std(a)), "standard deviation", tol)


def _close(a: Array, b: Array, tol: float) -> Array:
    """Tell for each element whether it is close. Infinities are close to their like."""
    if a.dtype.kind not in "iufc" or b.dtype.kind not in "iufc":
        # Masks and words have no differences.
        return np.asarray(a == b)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(b - a) <= tol * np.maximum(1, np.abs(a))
    return np.asarray((near & np.isfinite(a)) | (a == b))
