"""Differences of layers that answer each sample by itself: of many elements in one forward."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from edunn.arrays import Array
from edunn.composite import walk
from edunn.model import Model
from edunn.utils.numerical_gradient import Floats
from edunn.utils.preserve import is_ours

# How many numbers of samples go into one forward.
_NUMBERS = 2**16
# A function that bends is off by many times this with a step of 1e-5 on one side. Where it does not
# bend, that side tells as much as both.
STRAIGHT = 1e-9


def answers_by_sample(model: Model) -> bool:
    """Tell whether it is known that no sample has a part in another's answer.

    Of what somebody writes nobody knows, nor of a layer that was given another forward.
    """
    return all(
        is_ours(part)
        and part.by_sample
        and "forward" not in vars(part)
        and is_ours(type(part).forward)
        for part in walk(model)
    )


def slopes_by_sample(
    model: Model, given: list[Array], y: Array, δEδy: Floats, expected: Array, step: float
) -> Floats | None:
    """Return the slope along each element of the last of what is given, by differences.

    An element moves the answer of its own sample alone. So a forward of as many samples as there
    are elements, each with another of them moved, tells what as many forwards tell.

    Parameters
    ----------
    model : Model
        That answers by sample.
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
