"""Says how a wrong array is related to the right one, where no known mistake explains it.

A formula can be wrong in more ways than are known. A factor, a shift, another order or a missing
sum show in the values all the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from worker.judging.challenges import Array, Floats
from worker.judging.comparison import (
    UNITS,
    Fault,
    Likeness,
    as_answered,
    compare,
    is_like,
    tolerance,
)
from worker.judging.functions import FUNCTIONS, applied, is_near
from worker.judging.rounding import Rounded

# So few numbers may be related by chance.
_FEWEST = 3
# So many indices are told.
_MOST_INDICES = 8
# Axes of more have too many orders to try.
_MOST_AXES = 4

# A number that is rounded to more digits is not told from one of low precision.
_MOST_DECIMALS = 4
# Numbers that differ by so much less than their size are as good as equal.
_EQUAL = 1e-4
# How far rounding may reach, of the largest number, where a narrower dtype is told by it.
_MOST_ROOM = 0.05
# How many times the largest number a number that is added may be.
_LARGEST_SHIFT = 1e4
# What may be left to do over an axis.
_REDUCTIONS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("not-summed-over-axis", np.sum),
    ("not-averaged-over-axis", np.mean),
)


@dataclass(frozen=True, slots=True)
class Relation:
    """How an array is related to the right one: a bug, and what its message tells of it."""

    bug: str
    got: str = ""
    expected: str = ""


def relation_of(
    given: Any,
    expected: Rounded,
    fault: Fault,
    dtype: str,
    among: Collection[Relation] = (),
) -> Relation | None:
    """Return how an answered array is related to the right one; None if it is in no way known.

    So few numbers that they may be related by chance are related in a way of `among` alone.
    """
    array = as_answered(given)
    if array is None:
        return None
    is_small = min(array.size, expected.value.size) < _FEWEST
    if is_small and not among:
        return None
    if not np.isfinite(expected.value).all():
        return None
    values = array.astype(np.float64)
    if array.shape != expected.shape:
        candidates = _of_another_shape(values, expected)
        named = _reduces_to(values, expected, dtype)
    else:
        candidates = _of_the_same_shape(values, expected)
        named = _in_narrower_dtype(values, expected, dtype)
    if is_small:
        candidates = (each for each in candidates if each[0] in among)
    elif named is not None:
        return named
    return next((name for name, other in candidates if is_like(array, other, fault, dtype)), None)


Candidates = Iterator[tuple[Relation, Rounded]]


def _of_the_same_shape(given: Floats, right: Rounded) -> Candidates:
    yield from _scaled_or_shifted(given, right)
    yield from _reordered(given, right)
    yield from _of_some_function(given, right)
    yield from _right_in_part(given, right)
    yield from _scaled_or_shifted_by_axis(given, right)


def _scaled_or_shifted(given: Floats, right: Rounded) -> Candidates:
    # Where anything is right, a number tells nothing.
    place = _largest(np.where(np.isfinite(right.error), right.value, 0.0))
    factor = given[place] / right.value[place]
    shift = given[place] - right.value[place]
    if _vary(right.value) and not _vary(given):
        yield Relation("all-equal"), Rounded(np.full(right.shape, given.flat[0]), right.error)
    if _vary(right.value) or right.value.size < _FEWEST:
        yield Relation("wrong-factor", _written(float(factor))), _scaled(right, factor)
        # Beside a very large number the right ones would not show.
        if abs(shift) < _LARGEST_SHIFT * abs(right.value[place]):
            yield Relation("wrong-offset", f"{shift:.3g}"), _shifted(right, shift)
    yield Relation("wrong-signs"), Rounded(np.copysign(right.value, given), right.error)


def _scaled_or_shifted_by_axis(given: Floats, right: Rounded) -> Candidates:
    """Yield a factor or shift for each index of one axis, if there are others beside it."""
    for axis, length in enumerate(right.shape):
        if right.value.size // max(1, length) < _FEWEST:
            continue
        rest = tuple(other for other in range(right.value.ndim) if other != axis)
        squares = np.square(right.value).sum(axis=rest, keepdims=True)
        products = (right.value * given).sum(axis=rest, keepdims=True)
        factors = products / np.where(squares > 0, squares, 1.0)
        yield Relation("wrong-factor-along-axis", str(axis)), _scaled(right, factors)
        shifts = (given - right.value).mean(axis=rest, keepdims=True)
        yield Relation("wrong-offset-along-axis", str(axis)), _shifted(right, shifts)


def _reordered(given: Floats, right: Rounded) -> Candidates:
    axes = range(right.value.ndim)
    for axis in axes:
        yield Relation("reversed-along-axis", str(axis)), _each(right, np.flip, axis)
        for way in (1, -1):
            rolled = _each(right, np.roll, way, axis)
            # What comes in at the end may be anything.
            end = [slice(None)] * right.value.ndim
            end[axis] = slice(0, 1) if way == 1 else slice(-1, None)
            if right.shape[axis] > 2:
                rolled.value[tuple(end)] = given[tuple(end)]
                yield Relation("shifted-by-one", str(axis)), rolled
    for order in _orders(right):
        if tuple(right.shape[axis] for axis in order) == right.shape:
            yield Relation("axes-exchanged"), right.transpose(*order)
    ranks, places = np.argsort(right.value, axis=None), np.argsort(given, axis=None)
    value, error = np.empty(right.value.size), np.empty(right.value.size)
    value[places] = right.value.reshape(-1)[ranks]
    error[places] = right.error.reshape(-1)[ranks]
    yield Relation("wrong-order"), Rounded(value, error).reshape(*right.shape)


def _of_some_function(given: Floats, right: Rounded) -> Candidates:
    yield Relation("value-squared"), right * right
    yield Relation("value-exponential"), right.exp()
    if (right.value != 0).all():
        yield Relation("value-inverted"), 1.0 / right
    if (right.value > 0).all():
        yield Relation("value-rooted"), right.sqrt()
        yield Relation("value-logarithm"), right.log()
    if not _vary(given):
        return
    for decimals in range(1, _MOST_DECIMALS + 1):
        close = Rounded(np.round(right.value, decimals), right.error)
        yield Relation("rounded-to-decimals", str(decimals)), close
    for whole in (np.trunc, np.floor, np.round):
        yield Relation("rounded-to-integers"), Rounded(whole(right.value), right.error)
    for name, function in FUNCTIONS.items():
        if is_near(given, function(right.value)):
            yield Relation("function-applied", name), applied(function, right)
    low, high = float(given.min()), float(given.max())
    if np.count_nonzero((given == low) | (given == high)) >= _FEWEST:
        clipped = Rounded(np.clip(right.value, low, high), right.error)
        yield Relation("clipped", f"{low:.3g}, {high:.3g}"), clipped


def _in_narrower_dtype(given: Floats, right: Rounded, dtype: str) -> Relation | None:
    """Return the narrower dtype in which the right numbers were computed, if there is one."""
    for narrow in ("float32", "float16"):
        if UNITS[narrow] <= UNITS[dtype] or (given != given.astype(narrow)).any():
            continue
        room = tolerance(right, narrow, Likeness(narrow)).max()
        # Where rounding leaves much room, numbers say little of it.
        if room > _MOST_ROOM * np.abs(right.value).max():
            continue
        if not compare(given, right, narrow, Likeness(narrow)):
            return Relation("low-precision", narrow)
    return None


def places_of(wrong: Array) -> Relation | None:
    """Return at which indices of an axis the wrong elements are, if others have none of them."""
    for axis, length in enumerate(wrong.shape):
        rest = tuple(other for other in range(wrong.ndim) if other != axis)
        at = np.flatnonzero(wrong.any(axis=rest))
        # All elements there but one that happens to be right.
        if 0 < at.size < length and wrong.sum() > 0.5 * at.size * wrong.size / length:
            return Relation("wrong-at-indices", ", ".join(map(str, at[:_MOST_INDICES])), str(axis))
    return None


def _right_in_part(given: Floats, right: Rounded) -> Candidates:
    """Yield the right numbers with zeros, or with what was answered at one end of an axis."""
    kept = given != 0
    yield Relation("partly-zero"), right.where(kept)
    if kept.any() and not kept.all():
        place = _largest(np.where(kept, right.value, 0.0))
        factor = given[place] / right.value[place]
        name = Relation("partly-zero-and-scaled", _written(float(factor)))
        yield name, _scaled(right.where(kept), factor)
    for axis, length in enumerate(right.shape):
        if length < 2:
            continue
        for bug, index in (("wrong-at-start", 0), ("wrong-at-end", length - 1)):
            end = np.arange(length) == index
            mask = end.reshape([-1 if other == axis else 1 for other in range(right.value.ndim)])
            there = np.broadcast_to(mask, right.shape)
            yield Relation(bug, str(axis)), right.where(~there, Rounded(given, right.error))


def _of_another_shape(given: Floats, right: Rounded) -> Candidates:
    shapes = str(given.shape), str(right.shape)
    if given.size == right.value.size:
        for order in _orders(right):
            if tuple(right.shape[axis] for axis in order) == given.shape:
                yield Relation("axes-exchanged"), right.transpose(*order)
        yield Relation("right-numbers-in-another-shape", *shapes), right.reshape(*given.shape)
    for axis in range(right.value.ndim):
        for keepdims in (False, True):
            summed = right.sum(axis, keepdims)
            if summed.shape == given.shape:
                yield Relation("summed-over-axis", str(axis)), summed
                yield Relation("averaged-over-axis", str(axis)), right.mean(axis, keepdims)
    if given.ndim == right.value.ndim:
        for end in (False, True):
            common = tuple(
                slice(max(0, length - other), None) if end else slice(0, other)
                for length, other in zip(right.shape, given.shape, strict=True)
            )
            cut = right[common]
            if cut.shape == given.shape:
                yield Relation("cut-short", *shapes), cut


def _reduces_to(given: Floats, right: Rounded, dtype: str) -> Relation | None:
    """Return the axis over which the answer has still to be summed, if there is one."""
    for axis in _some_axes(given):
        for keepdims in (False, True):
            for bug, reduce in (
                ("not-summed-over-axis", np.sum),
                ("not-averaged-over-axis", np.mean),
            ):
                reduced: Any = reduce(given, axis=axis, keepdims=keepdims)
                if reduced.shape == right.shape and not compare(
                    reduced, right, dtype, Likeness(dtype)
                ):
                    return Relation(bug, ", ".join(map(str, axis)))
    return None


def _some_axes(given: Floats) -> Iterator[tuple[int, ...]]:
    """Yield one axis and several, of those that are longer than one."""
    if given.ndim > _MOST_AXES:
        return
    long = [axis for axis in range(given.ndim) if given.shape[axis] > 1]
    for count in range(1, len(long) + 1):
        yield from itertools.combinations(long, count)


def _orders(right: Rounded) -> Iterator[tuple[int, ...]]:
    """Yield the orders of the axes but the right one."""
    axes = tuple(range(right.value.ndim))
    if len(axes) <= _MOST_AXES:
        yield from (order for order in itertools.permutations(axes) if order != axes)


def _largest(values: Floats) -> tuple[int, ...]:
    index = np.unravel_index(int(np.argmax(np.abs(values))), values.shape)
    return tuple(int(i) for i in index)


def _vary(values: Floats) -> bool:
    """Tell whether numbers differ by more than rounding."""
    return float(np.ptp(values)) > _EQUAL * float(np.abs(values).max())


def _scaled(right: Rounded, factor: Any) -> Rounded:
    return Rounded(right.value * factor, right.error * np.abs(factor))


def _shifted(right: Rounded, shift: Any) -> Rounded:
    value = right.value + shift
    return Rounded(value, right.error + np.abs(value))


def _each(right: Rounded, change: Callable[..., Array], *arguments: int) -> Rounded:
    return Rounded(change(right.value, *arguments), change(right.error, *arguments))


def _written(factor: float) -> str:
    """Write a factor as a fraction, if it is a simple one."""
    if factor and np.isfinite(factor):
        simple = Fraction(factor).limit_denominator(1000)
        if simple and abs(float(simple) / factor - 1) < 1e-5:
            return str(simple)
    return f"{factor:.3g}"
