"""Sums and maxima of windows that slide along one axis, in time that does not follow their width.

Narrow windows are taken element by element. Of wide ones, those of twice the width are made of two
of half the width, until the width is reached: with windows of k of n elements, n log k steps rather
than n k. A running sum would be quicker still, but would carry NaN, infinity and rounding on to all
windows after.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from edunn.arrays import Array, FloatArray

# Windows wider than this are not gone through element by element: each takes a call of NumPy.
_NARROW = 64


def count(length: int, size: int, step: int) -> int:
    """Return how many windows of a size fit into a length, a step apart."""
    return (length - size) // step + 1


def is_wide(length: int, size: int, step: int) -> bool:
    """Tell whether doubling takes less than going through the windows' elements."""
    return size > _NARROW or count(length, size, step) * size > 2 * length * size.bit_length()


def passes(length: int, size: int, step: int) -> tuple[int, int]:
    """Return how many steps windows take, and how many elements of the axis these touch."""
    if is_wide(length, size, step):
        steps = 2 * size.bit_length()
        return steps, steps * length
    return size, size * count(length, size, step)


def sums(x: FloatArray, axis: int, size: int, step: int) -> FloatArray:
    """Sum each window along an axis, as a new array."""
    length = x.shape[axis]
    if not is_wide(length, size, step):
        elements = _elements(x, axis, size, step)
        total = next(elements).copy()
        for element in elements:
            total += element
        return total
    windows = length - size + 1
    # The sums of `width` elements, and those of the windows' first `done` elements.
    power, width, done = x, 1, 0
    found: FloatArray | float = 0.0
    while True:
        if size & width:
            found = found + _cut(power, axis, done, windows)
            done += width
        if done == size:
            break
        left = power.shape[axis] - width
        power = _cut(power, axis, 0, left) + _cut(power, axis, width, left)
        width *= 2
    return np.ascontiguousarray(_cut(np.asarray(found), axis, 0, windows, step))


def spread(shares: FloatArray, axis: int, size: int, step: int, length: int) -> FloatArray:
    """Add to each element of an axis the shares of all windows that it lies in, as a new array."""
    shape = list(shares.shape)
    shape[axis] = length
    total = np.zeros(shape, shares.dtype)
    if not is_wide(length, size, step):
        for element in _elements(total, axis, size, step):
            element += shares
        return total
    # Each element's windows begin on it or up to size - 1 before it.
    reached = (shares.shape[axis] - 1) * step + size
    shape[axis] = reached + size - 1
    apart = np.zeros(shape, shares.dtype)
    _cut(apart, axis, size - 1, reached - size + 1, step)[...] = shares
    _cut(total, axis, 0, reached)[...] = sums(apart, axis, size, 1)
    return total


def maxima(
    x: Array, axis: int, size: int, step: int, place: Array, unit: int
) -> tuple[Array, Array]:
    """Take the largest value of each window along an axis, and tell where in its window it is.

    Parameters
    ----------
    x : ndarray
    place : ndarray of unsigned integers, shape of x, or of one that all elements have
        What is told of an element besides, such as its place along another axis.
    unit : int
        What a step along this axis adds to that.

    Returns
    -------
    best, place : ndarray
        Of equal values the first is the largest; NaN is larger than any number. Unsigned integers
        wrap round, so that places need hold no more than the last of a window.
    """
    length, dtype = x.shape[axis], place.dtype
    if not is_wide(length, size, step):
        values = _elements(x, axis, size, step)
        best = next(values).copy()
        if place.size == 1:
            best_place = np.full(best.shape, place.item(), dtype)
            places: Iterator[Array] = itertools.repeat(place.reshape(()))
        else:
            places = _elements(place, axis, size, step)
            best_place = next(places).copy()
        for number, (value, value_place) in enumerate(zip(values, places, strict=False), start=1):
            ahead = np.asarray(number * unit).astype(dtype)
            # A copy without gaps: three passes follow, each several times faster for it.
            keep_larger(best, best_place, value.copy(), value_place + ahead)
        return best, best_place
    along = [1] * x.ndim
    along[axis] = length
    begun = (unit * np.arange(length)).astype(dtype).reshape(along)
    best, best_place, width = x.copy(), begun + np.broadcast_to(place, x.shape), 1
    while width < size:
        # The last windows are of two that overlap, which is no matter to a maximum.
        ahead_by = min(width, size - width)
        left = best.shape[axis] - ahead_by
        value, value_place = (_cut(array, axis, ahead_by, left) for array in (best, best_place))
        first, first_place = (_cut(array, axis, 0, left).copy() for array in (best, best_place))
        keep_larger(first, first_place, value, value_place)
        best, best_place, width = first, first_place, width + ahead_by
    best_place -= _cut(begun, axis, 0, best.shape[axis])
    windows = best.shape[axis]
    return (
        np.ascontiguousarray(_cut(best, axis, 0, windows, step)),
        np.ascontiguousarray(_cut(best_place, axis, 0, windows, step)),
    )


def keep_larger(best: Array, place: Array, value: Array, value_place: Array) -> None:
    """Where `value` is larger, or is NaN, put it in `best` and its place in `place`."""
    larger = (value > best) | (value != value)
    # Sums and products have no branches, which makes them several times faster than a copy
    # under a mask. Unsigned integers wrap round, so that a negative difference adds up too.
    place += larger * (value_place - place)
    np.maximum(best, value, out=best)


def _elements(x: Array, axis: int, size: int, step: int) -> Iterator[Array]:
    """Yield the first element of every window, then the second of every one, and so on."""
    windows = count(x.shape[axis], size, step)
    for element in range(size):
        yield _cut(x, axis, element, step * (windows - 1) + 1, step)


def _cut(x: Array, axis: int, start: int, length: int, step: int = 1) -> Array:
    """Return a view of part of an axis."""
    where = [slice(None)] * x.ndim
    where[axis] = slice(start, start + length, step)
    return x[tuple(where)]
