"""Initializers: constants by value, random ones by what holds for every generator."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edunn import initializers as known
from edunn.initializers import Initializer, fans
from edunn.layers.gelu import normal_cdf
from edunn_serving.assignments import Check
from worker.judging.binomial import acceptance
from worker.judging.challenges import Answer, Challenge, Floats, Forward
from worker.judging.comparison import UNITS, Fault, as_answered
from worker.judging.draws import Draws
from worker.judging.dropout import FALSE_ALARMS, find_alarm
from worker.judging.parts import OUTPUT, Part, answered, form_fault, judged
from worker.judging.rounding import rounded
from worker.judging.scripts import Script
from worker.judging.values import step_dtype

# Rows and columns differ, so that inputs and outputs cannot be exchanged.
_SHAPES = ((40, 150), (160, 60))
# Parts of equal probability in which values are counted.
_CELLS = 16
# Arrays of so many numbers, whose variance is so near to what it should be, are no chance.
_FEWEST_ARRAYS, _MANY, _NEAR = 2, 6000, 1.5e-7


@dataclass(frozen=True, slots=True)
class Distribution:
    """A uniform distribution of (-scale, scale), or a normal one of deviation scale."""

    is_normal: bool
    scale: float

    def cdf(self, x: Floats) -> Floats:
        if self.is_normal:
            return normal_cdf(x / self.scale).astype(np.float64)
        return np.clip(x / self.scale / 2 + 0.5, 0, 1)


def draw_initializer(check: Check, draws: Draws) -> Challenge:
    """Draw the challenge of an initializer: arrays to fill, each with one number everywhere."""
    script = Script(draws, check.dtypes[0])
    dtypes = itertools.cycle(check.dtypes)
    shapes = check.shapes or _SHAPES
    for shape, _ in itertools.product(shapes, range(max(2, check.repetitions))):
        script.dtype = next(dtypes)
        # Not zero, so that one who writes nothing, or adds, is seen also where zeros are right.
        script.forward(np.full(shape, draws.number(0.5, 2.0)))
    return Challenge(check.kind, check.type, check.config, {}, tuple(script.steps))


def judge_initializer(
    check: Check, initializer: Initializer, challenge: Challenge, answer: Answer
) -> list[Part]:
    """Return the parts of an answer: each array, and what they are together."""
    parts: list[Part] = []
    drawn: dict[tuple[int, ...], list[Floats]] = {}
    for step in challenge.steps:
        if not isinstance(step, Forward):
            continue
        shape = step.inputs[0].shape
        given = answered(answer, step, OUTPUT)
        if isinstance(initializer, known.Constant):
            value = rounded(float(initializer.c)).broadcast_to(shape)
            fault = judged(given, value, (step_dtype(step),), check.tolerance)
            bug = "initializer-constant-wrong" if fault and fault.bug == "wrong-values" else ""
            if fault is not None and _is_untouched(given, step):
                bug = "initializer-does-nothing"
            bug = bug or _shape_bug(fault)
            parts.append(Part(step.step_id, OUTPUT, fault, bug))
            continue
        fault = form_fault(given, shape, step_dtype(step), check.tolerance)
        if fault is None and _is_untouched(given, step):
            fault = Fault("initializer-does-nothing")
            parts.append(Part(step.step_id, OUTPUT, fault, fault.bug))
            continue
        parts.append(Part(step.step_id, OUTPUT, fault, _shape_bug(fault)))
        if fault is None or fault.bug == "wrong-dtype":
            drawn.setdefault(shape, []).append(np.asarray(given, np.float64))
    for shape, arrays in drawn.items():
        parts.append(_together(initializer, shape, np.stack(arrays), len(drawn)))
    return parts


def _is_untouched(given: Any, step: Forward) -> bool:
    """Tell whether an array is as it was given."""
    array = None if isinstance(given, Fault) else as_answered(given)
    return array is not None and np.array_equal(array, step.inputs[0])


def _shape_bug(fault: Fault | None) -> str:
    return "initializer-shape-wrong" if fault is not None and fault.bug == "wrong-shape" else ""


def _together(initializer: Any, shape: tuple[int, ...], x: Floats, groups: int) -> Part:
    right = distribution_of(initializer, shape)
    # The rest is for numbers that are standardized by chance.
    alarms = 0.9 * FALSE_ALARMS / groups
    if right.scale == 0:
        fault = None if not x.any() else Fault("wrong-scale")
        return Part("", "values", fault, "wrong-scale" if fault else "")
    if right.is_normal and _is_standardized(x, right.scale):
        bug = "initializer-standardized"
        return Part("", "values", Fault(bug), bug)
    bug = _independence_bug(x, alarms / 2) or (
        "" if fits(x, right, alarms / 2) else _scale_bug(x, initializer, shape)
    )
    got = f"{math.sqrt(np.mean(x * x)):.3g}"
    expected = f"{right.scale if right.is_normal else right.scale / math.sqrt(3):.3g}"
    return Part("", "values", Fault(bug, got, expected) if bug else None, bug)


def distribution_of(initializer: Any, shape: tuple[int, ...]) -> Distribution:
    """Return what an initializer of the catalogue draws from."""
    inputs, outputs = fans(shape)
    match initializer:
        case known.RandomUniform():
            return Distribution(False, initializer.a)
        case known.RandomNormal():
            return Distribution(True, initializer.std)
        case known.XavierUniform():
            return Distribution(False, math.sqrt(6 / (inputs + outputs)))
        case known.XavierNormal():
            return Distribution(True, math.sqrt(2 / (inputs + outputs)))
        case known.KaimingUniform():
            return Distribution(False, math.sqrt(6 / inputs))
        case known.KaimingNormal():
            return Distribution(True, math.sqrt(2 / inputs))
    raise KeyError(type(initializer).__name__)


def fits(x: Floats, distribution: Distribution, alarms: float) -> bool:
    """Tell whether numbers may be independent draws of a distribution.

    They are said not to be with a probability of at most `alarms` if they are. The sum of
    squares of normal numbers is bounded as in Laurent and Massart, Adaptive estimation of a
    quadratic functional by model selection, Annals of Statistics 28 (2000), lemma 1.
    """
    share = alarms / (_CELLS + 2)
    cells = np.minimum((distribution.cdf(x) * _CELLS).astype(int), _CELLS - 1)
    low, high = acceptance(x.size, 1 / _CELLS, share)
    counts = np.bincount(cells.reshape(-1), minlength=_CELLS)
    if counts.min() < low or counts.max() > high:
        return False
    if not distribution.is_normal:
        # A little more than the bound, for one that was rounded to float32.
        largest = float(np.abs(x).max()) / distribution.scale
        return math.exp(math.log(share) / x.size) <= largest <= 1 + 8 * UNITS["float32"]
    excess = float(np.sum(np.square(x / distribution.scale))) - x.size
    t = -math.log(share)
    return -2 * math.sqrt(x.size * t) <= excess <= 2 * math.sqrt(x.size * t) + 2 * t


def _independence_bug(x: Floats, alarms: float) -> str:
    """Return the bug of numbers whose signs are not independent and of equal probability."""
    if not x.any():
        return "initializer-does-nothing"
    if (x == x.reshape(-1)[0]).all():
        return "initializer-constant"
    if (x >= 0).all() or (x <= 0).all():
        return "initializer-one-sided"
    # With the magnitudes as what the signs must not depend on.
    magnitudes = np.abs(x)
    alarm = find_alarm(x > 0, magnitudes - float(np.median(magnitudes)), 0.5, alarms)
    if alarm is None:
        return ""
    if alarm.bug == "wrong-rate":
        return "initializer-not-centred"
    if alarm.bug == "mask-not-redrawn":
        return "initializer-not-redrawn"
    return "initializer-not-independent"


def _is_standardized(x: Floats, scale: float) -> bool:
    """Tell whether every array has the deviation itself, to more digits than chance gives.

    Of 6000 normal numbers or more the variance is so near less than once in 100,000 arrays.
    """
    if len(x) < _FEWEST_ARRAYS or x[0].size < _MANY:
        return False
    variances = x.reshape(len(x), -1).var(axis=1) / scale**2
    return bool((np.abs(variances - 1) < _NEAR).all())


def _scale_bug(x: Floats, initializer: Any, shape: tuple[int, ...]) -> str:
    for bug, other in _mistaken(initializer, shape):
        if fits(x, other, 1e-4):
            return bug
    return "wrong-scale"


def _mistaken(initializer: Any, shape: tuple[int, ...]) -> Iterator[tuple[str, Distribution]]:
    """Yield what mistaken initializers draw from."""
    right, (inputs, outputs) = distribution_of(initializer, shape), fans(shape)
    deviation = right.scale if right.is_normal else right.scale / math.sqrt(3)
    unit = 1.0 if right.is_normal else math.sqrt(3)
    window = math.prod(shape[2:])
    if right.is_normal:
        yield "uniform-for-normal", Distribution(False, deviation * math.sqrt(3))
        yield "uniform-for-normal", Distribution(False, deviation)
        yield "variance-for-deviation", Distribution(True, deviation**2)
        yield "deviation-for-variance", Distribution(True, math.sqrt(deviation))
    else:
        yield "normal-for-uniform", Distribution(True, deviation)
        yield "normal-for-uniform", Distribution(True, right.scale)
        yield "range-halved", Distribution(False, right.scale / 2)
        yield "bound-is-deviation", Distribution(False, deviation)
        yield "bound-not-rooted", Distribution(False, right.scale**2)
    for normal in (right.is_normal, not right.is_normal):
        yield "scale-ignored", Distribution(normal, 1.0)
    for bug, variance in (
        ("fan-wrong", 2 / outputs),
        ("fan-wrong", 2 / inputs),
        ("fan-wrong", 2 / (inputs + outputs)),
        ("fan-wrong", 1 / (inputs + outputs)),
        ("fan-wrong", 2 / (inputs * outputs)),
        ("fan-wrong", 2 * window / inputs),
        ("gain-wrong", 1 / inputs),
        ("gain-wrong", 1 / outputs),
        ("gain-wrong", 6 / inputs),
        ("gain-wrong", 6 / (inputs + outputs)),
        ("gain-wrong", 4 / (inputs + outputs)),
    ):
        yield bug, Distribution(right.is_normal, unit * math.sqrt(variance))
