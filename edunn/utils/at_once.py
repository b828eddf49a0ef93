"""Differences of many elements by one forward, where each moves another part of the answer."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from edunn.arrays import Array
from edunn.composite import walk
from edunn.model import Model
from edunn.utils.numerical_gradient import Floats

# How many numbers of samples go into one forward.
_NUMBERS = 2**16
# A function that bends is off by many times this with a step of 1e-5 on one side. Where it does not
# bend, that side tells as much as both.
STRAIGHT = 1e-9


def answers_alone(model: Model) -> str | None:
    """Return what a model that is known answers each by itself: samples, features or neither.

    The model is one that `is_known`: of what somebody writes nobody knows.
    """
    parts = {part.alone for part in walk(model)}
    return parts.pop() if len(parts) == 1 else None


def slopes_by_sample(
    model: Model, given: list[Array], y: Array, δEδy: Floats, expected: Array, step: float
) -> Floats | None:
    """Return the slope along each element of the last of what is given, by differences.

    An element moves the answer of its own sample alone. So a forward of as many samples as there
    are elements, each with another of them moved, tells what as many forwards tell.

    Parameters
    ----------
    model : Model
        That answers each sample by itself.
    given : list of ndarray
        What its forward takes, with samples along the first axis; the last is moved.
    y, δEδy : ndarray
        Its answer, and the weight of each number of it.
    expected : ndarray
        What the slopes should be: where one side says so, the other is not looked at.
    step : float

    Returns
    -------
    ndarray, shape of what is moved; None where its first axis is not that of samples
    """
    *others, x = given
    samples = x.shape[0] if x.ndim > 1 else 0
    if not x.size or any(array.shape[:1] != (samples,) for array in (y, *others)):
        return None
    size = x.size // samples
    slopes = np.empty(x.size)
    rest, weights = y.reshape(samples, -1), δEδy.reshape(samples, -1)
    chunk = max(1, _NUMBERS // size)
    for first in range(0, x.size, chunk):
        elements = slice(first, min(first + chunk, x.size))
        owners, places = _rows(first, elements.stop, size)
        slopes[elements] = _slopes(
            functools.partial(model.forward, *(other[owners] for other in others)),
            x[owners],
            places,
            rest[owners],
            weights[owners],
            expected.reshape(-1)[elements],
            step,
        )
    return slopes.reshape(x.shape)


# The same few are asked for again and again, sample after sample.
@functools.lru_cache(maxsize=16)
def _rows(first: int, stop: int, size: int) -> tuple[Array, tuple[Array, Array]]:
    """Return whose each element is, and where it is in a row for each: the row and the column."""
    owners, columns = np.divmod(np.arange(first, stop), size)
    return owners, (np.arange(stop - first), columns)


def _slopes(
    forward: Callable[[Floats], Array],
    moved: Floats,
    places: tuple[Array, Array],
    rest: Array,
    weights: Floats,
    expected: Array,
    step: float,
) -> Floats:
    """Return the slope along a place of each sample, from its answer at rest and what it weighs."""
    rows = moved.reshape(len(moved), -1)
    here = rows[places]
    rows[places] = end = here + step
    change = forward(moved).reshape(rest.shape) - rest
    slopes: Floats = np.einsum("eo,eo->e", change, weights) / (end - here)
    if np.abs(slopes - expected).max() <= STRAIGHT:
        return slopes
    rows[places] = start = here - step
    change -= forward(moved).reshape(rest.shape) - rest
    return np.asarray(np.einsum("eo,eo->e", change, weights) / (end - start))


def slopes_by_feature(forward: Callable[[], Array], x: Floats, δEδy: Floats, step: float) -> Floats:
    """Return the slope along each element of `x`, by differences on both sides.

    An element moves the answer of its own feature alone, so one of each feature moves at a time.

    Parameters
    ----------
    forward : callable
        Gives the answer, of the shape of `x`, where `x` is now.
    x : ndarray, shape (samples, features, ...)
        Moved in place, and moved back.
    δEδy : ndarray, same shape
        What each number of the answer weighs.
    step : float
    """
    slopes = np.empty(x.shape)
    but_features = (0, *range(2, x.ndim))
    for sample, *pixel in np.ndindex(x.shape[0], *x.shape[2:]):
        place = (sample, slice(None), *pixel)
        here = x[place].copy()
        try:
            x[place] = end = here + step
            above = forward()
            x[place] = start = here - step
            change = above - forward()
        finally:
            x[place] = here
        slopes[place] = np.add.reduce(change * δEδy, axis=but_features) / (end - start)
    return slopes
