"""Dropout, which is judged by what holds for every generator.

A right layer is told from a wrong one by exact tests of values, and by statistical tests of the
mask whose rates of false alarms add up to less than `FALSE_ALARMS`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edunn_serving.assignments import Check
from worker.judging.binomial import acceptance, central, coincidence
from worker.judging.challenges import Array
from worker.judging.scripts import Script

Mask = npt.NDArray[np.bool_]

#: How often a right layer fails a check.
FALSE_ALARMS = 1e-9

# A batch that is large enough for the tests of the mask, and a batch of one.
_SHAPES = ((16, 20), (1, 7))
# A smaller batch does for what is seen in each element.
_SMALLER = (12, 20)
# Elements that the masks of the first shape have together, at least.
_ELEMENTS = 3840
_MAX_FORWARDS = 64
# The share of zeros in an input that has some.
_ZEROS = 0.5
# Draws of a rare event: dropping with a small p, keeping with a large one.
_RARE = 60
# Neighbours that are compared besides those along the axes.
_LAGS = (1, 2, 3, 4, 5, 8)
# Masks of fewer elements tell nothing but their rate.
_FEWEST = 100
# A line of fewer elements tells nothing alone.
_SHORTEST = 3


def draw_dropout(check: Check, p: float, script: Script) -> None:
    """Write the steps of a check of Dropout."""
    shapes = check.shapes or _SHAPES
    smaller = shapes[0] if check.shapes else _SMALLER
    training, test = ("training" in check.phases), ("test" in check.phases)
    dtypes = itertools.cycle(check.dtypes)
    if training:
        script.set_phase("training")
        for number in range(_forwards(check, shapes[0], p)):
            script.dtype = next(dtypes)
            # The tests of the mask need no gradients, which would double what is sent.
            _pass(script, shapes[0], backward=number < 2 * len(check.dtypes))
        for shape, _ in itertools.product(shapes[1:], range(check.repetitions)):
            script.dtype = next(dtypes)
            _pass(script, shape)
        _pass(script, smaller, zeros=True)
    if test:
        script.set_phase("test")
        for dtype, shape in itertools.product(check.dtypes, (smaller, *shapes[1:])):
            script.dtype = dtype
            _pass(script, shape)
    if training and test:
        # The phase goes back too, and the backward is that of the last forward.
        script.set_phase("training")
        _pass(script, smaller, backward=False)
        _pass(script, smaller)


def _forwards(check: Check, shape: tuple[int, ...], p: float) -> int:
    """Return how many forwards of a shape the tests of the mask need."""
    elements = _ELEMENTS
    if 0 < p < 1:
        elements = max(elements, math.ceil(_RARE / min(p, 1 - p)))
    wanted = math.ceil(elements / math.prod(shape))
    return max(4, check.repetitions, min(_MAX_FORWARDS, wanted))


def _pass(
    script: Script, shape: tuple[int, ...], *, zeros: bool = False, backward: bool = True
) -> None:
    x = script.draws.signed(shape)
    if zeros:
        x[script.draws.uniform(shape) < _ZEROS] = 0.0
    script.forward(x)
    if backward:
        # Nowhere zero: a gradient that is zero was dropped.
        script.backward(script.draws.signed(shape))


@dataclass(frozen=True, slots=True)
class Alarm:
    """A test that no right layer fails, but once in more than 10^9 checks."""

    # The bug that it tells of.
    bug: str
    # The count and the bounds that it broke.
    count: int
    low: int
    high: int
    trials: int


def find_alarm(dropped: Mask, x: Array, p: float, alarms: float) -> Alarm | None:
    """Test masks against independent events of probability p.

    Parameters
    ----------
    dropped : ndarray of bool, shape (forwards, ...)
        Where elements were dropped, of forwards of one shape.
    x : ndarray, same shape
        What the forwards were given.
    p : float
    alarms : float
        How probable an alarm may be for a right layer.
    """
    counts = list(_counts(dropped, x, p))
    # By Bonferroni: each of all the numbers that are tested has an equal share.
    share = alarms / sum(len(each.counts) for each in counts)
    for each in counts:
        low, high = acceptance(each.trials, each.probability, share)
        if each.upper_only:
            low = 0
        outside = (each.counts < low) | (each.counts > high)
        if outside.any():
            worst = int(each.counts[outside][0])
            return Alarm(_named(each.bug, dropped), worst, low, high, each.trials)
    return None


@dataclass(frozen=True, slots=True)
class _Counts:
    """Counts of events in a number of independent trials each."""

    bug: str
    counts: npt.NDArray[np.int64]
    trials: int
    probability: float
    upper_only: bool = False


def _counts(dropped: Mask, x: Array, p: float) -> Iterator[_Counts]:
    total = dropped.size
    yield _Counts("wrong-rate", np.array([np.count_nonzero(dropped)]), total, p)
    if p <= 0 or total < _FEWEST:
        return
    # Along an axis on which the mask is the same, a line is all dropped or all kept.
    for axes in _lines(dropped.ndim):
        trials = math.prod(dropped.shape[axis] for axis in axes)
        if trials < _SHORTEST or trials == total:
            continue
        counts = np.atleast_1d(np.count_nonzero(dropped, axis=axes)).reshape(-1)
        yield _Counts("mask-not-independent", counts, trials, p)
        # A layer that drops the same number in every line has too many counts near the mean.
        low, high, chance = central(trials, p)
        near = np.array([np.count_nonzero((counts >= low) & (counts <= high))])
        yield _Counts("fixed-number-dropped", near, counts.size, chance, upper_only=True)
    # A layer that drops the same number in every forward: a permutation of the whole batch.
    in_all = np.count_nonzero(dropped.reshape(len(dropped), -1), axis=1)
    if len(dropped) > 1:
        equal = np.array([int((in_all == in_all[0]).all())])
        chance = coincidence(len(dropped), total // len(dropped), p)
        yield _Counts("fixed-number-dropped", equal, 1, chance, upper_only=True)
    # Pairs of elements at a distance, no element in two pairs.
    flat = dropped.reshape(-1)
    same = p * p + (1 - p) * (1 - p)
    for lag in _distances(dropped.shape):
        blocks = total // (2 * lag)
        pairs = flat[: blocks * 2 * lag].reshape(blocks, 2, lag)
        agreeing = np.array([np.count_nonzero(pairs[:, 0] == pairs[:, 1])])
        yield _Counts("mask-not-independent", agreeing, blocks * lag, same)
    magnitudes = np.abs(x)
    for chosen in (x > 0, magnitudes > magnitudes.mean()):
        counts = np.array([np.count_nonzero(dropped & chosen)])
        yield _Counts("mask-depends-on-input", counts, int(np.count_nonzero(chosen)), p)


def _lines(axes: int) -> Iterator[tuple[int, ...]]:
    """Return the axes of the lines: each alone, the first few, the last few, and all but one."""
    yield from {
        *((axis,) for axis in range(axes)),
        *(tuple(range(end)) for end in range(2, axes)),
        *(tuple(range(begin, axes)) for begin in range(1, axes - 1)),
        *(tuple(other for other in range(axes) if other != axis) for axis in range(1, axes)),
    }


def _distances(shape: tuple[int, ...]) -> Iterator[int]:
    """Return the distances of the elements that are compared, in C order."""
    strides = {math.prod(shape[axis:]) for axis in range(1, len(shape))}
    halves = {stride // 2 for stride in strides} | {2 * stride for stride in strides}
    diagonals = {stride + each for stride in strides for each in (-1, 1)}
    for lag in sorted({*_LAGS, *strides, *halves, *diagonals}):
        if 0 < lag <= math.prod(shape) // 2:
            yield lag


def _named(bug: str, dropped: Mask) -> str:
    """Return the name of a mistake, which is another one where parts of the masks are equal."""
    if not dropped.any() or dropped.all():
        return bug
    if len(dropped) > 1 and (dropped == dropped[:1]).all():
        return "mask-not-redrawn"
    if dropped.ndim > 2:
        if dropped.shape[1] > 1 and (dropped == dropped[:, :1]).all():
            return "one-mask-for-the-batch"
        rows = dropped.reshape(*dropped.shape[:2], -1)
        if rows.shape[2] > 1 and (rows == rows[:, :, :1]).all():
            return "mask-per-row"
    if dropped.ndim > 3:
        planes = dropped.reshape(*dropped.shape[:3], -1)
        if planes.shape[3] > 1 and (planes == planes[..., :1]).all():
            return "mask-per-channel"
    return bug
