"""Compares one answered array with what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from worker.judging.challenges import Array, Floats
from worker.judging.rounding import SAFETY, Rounded

#: The unit roundoff of each dtype.
UNITS = {"float16": 2.0**-11, "float32": 2.0**-24, "float64": 2.0**-53}
_NAMES = {np.dtype(kind): kind for kind in UNITS}
# What a program may as well make zero: products of what is too small for the dtype.
_NOTHING = {"float16": 1e-7, "float32": 1e-30, "float64": 1e-290}


class Widening(Protocol):
    """What an assignment says of tolerances: see `edunn_serving.assignments.Tolerance`."""

    @property
    def factor(self) -> float: ...

    @property
    def relative(self) -> float: ...

    @property
    def absolute(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near an answer is to a mistaken formula to be recognised: rounding in any program."""

    dtype: str
    factor: float = 16.0
    absolute: float = 0.0

    @property
    def relative(self) -> float:
        return 64 * UNITS[self.dtype]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one answered array."""

    # A general bug: `wrong-values`, `wrong-shape`, `nan` and so on.
    bug: str
    # What the message tells of it: a shape, a dtype, a name.
    got: str = ""
    expected: str = ""
    error_size: float | None = None
    error_index: tuple[int, ...] | None = None
    # How many times the tolerance the largest error is.
    excess: float = 0.0
    # The two numbers there.
    answered_value: float | None = None
    expected_value: float | None = None


def name_of(dtype: np.dtype[Any]) -> str:
    """Return the name of a dtype; NumPy makes it anew each time."""
    return _NAMES.get(dtype) or str(dtype)


def as_answered(given: Any) -> Array | None:
    """Return what was answered as an array of real numbers; None if it is none."""
    try:
        array = np.asarray(given)
    except Exception:
        # Lists of uneven lengths, and objects with an `__array__` of their own.
        return None
    return array if array.dtype.kind in "biuf" else None


def tolerance(expected: Rounded, dtype: str, widening: Widening) -> Floats:
    """Return how far each answer of a dtype may be from what is expected."""
    # The reference is rounded too.
    units = SAFETY * widening.factor * UNITS[dtype] + 2 * UNITS["float64"]
    bound = units * expected.error
    if widening.relative:
        bound += widening.relative * np.abs(expected.value)
    bound += widening.absolute + _NOTHING[dtype]
    return bound


def compare(given: Any, expected: Rounded, dtype: str, widening: Widening) -> Fault | None:
    """Return what is wrong with the values or the shape of an array; None if nothing is.

    NaN and infinity are right where they are expected. A number that is expected to be infinite
    may be any number.
    """
    array = as_answered(given)
    if array is None:
        return Fault("no-numbers", got=type(given).__name__)
    if array.shape != expected.shape:
        return Fault("wrong-shape", got=str(array.shape), expected=str(expected.shape))
    values = array.astype(np.float64, copy=False)
    difference = np.abs(values - expected.value)
    allowed = tolerance(expected, dtype, widening)
    if (difference <= allowed).all() and np.isfinite(values).all():
        return None
    # An array also where it is a single number.
    excess = np.asarray(difference / allowed)
    # Equal infinities differ by NaN, and so does what may be anything.
    free = (expected.error == np.inf) & np.isfinite(values)
    excess[(values == expected.value) | free] = 0.0
    excess[np.isnan(values) & np.isnan(expected.value)] = 0.0
    wrong = ~(excess <= 1.0)
    if not wrong.any():
        return None
    bug = "wrong-values"
    place = int(np.argmax(np.where(np.isfinite(excess), excess, 0.0)))
    for name, strange in (("nan", np.isnan(values)), ("infinity", np.isinf(values))):
        if (strange & wrong).any():
            bug, place = name, int(np.argmax(strange & wrong))
            break
    index = tuple(int(i) for i in np.unravel_index(place, array.shape))
    size = float(difference[index])
    return Fault(
        bug,
        error_size=size if np.isfinite(size) else None,
        error_index=index,
        excess=float(excess[index]) if np.isfinite(excess[index]) else float("inf"),
        answered_value=float(values[index]),
        expected_value=float(expected.value[index]),
    )


def _is_plainly_other(array: Array, other: Rounded, dtype: str) -> bool:
    """Tell whether numbers differ where none is NaN or infinite: most comparisons end here."""
    difference = np.abs(array - other.value)
    if (difference <= tolerance(other, dtype, Likeness(dtype))).all():
        return False
    return bool(np.isfinite(difference).all())


def is_like(given: Any, other: Rounded, fault: Fault | None, dtype: str) -> bool:
    """Tell whether a wrong answer has other values, and these tell it from the right one."""
    array = as_answered(given)
    if array is None or fault is None or array.shape != other.shape:
        return False
    if _is_plainly_other(array, other, dtype) or compare(array, other, dtype, Likeness(dtype)):
        return False
    if fault.error_size is None or fault.error_index is None:
        return True
    # What knows nothing of the value explains nothing.
    allowed = tolerance(other, dtype, Likeness(dtype))
    return bool(np.broadcast_to(allowed, array.shape)[fault.error_index] < fault.error_size)
