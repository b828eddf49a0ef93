"""A layer that only the student has: its backward against differences of its own forward.

There is no reference. At each of several inputs x the script asks for the gradient, and for the
forward at x + h d and x - h d along some directions d with three lengths h. Where the differences
converge as those of a smooth function do, what they converge to is the slope that the gradient
must have along d. Where they do not, there is a kink nearby, and the direction tells nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edunn_serving.assignments import Check
from worker.judging.challenges import (
    Answer,
    Backward,
    Challenge,
    Floats,
    Forward,
    SetPhase,
    Step,
)
from worker.judging.comparison import UNITS, Fault
from worker.judging.draws import Draws
from worker.judging.parts import INPUT_GRADIENT, OUTPUT, Part, answered, form_fault
from worker.judging.scripts import Script
from worker.judging.values import step_dtype

_SHAPES = ((5, 4), (2, 4))
# Inputs of each shape, at least.
_POINTS = 3
_DIRECTIONS = 3
# The longest step is the fifth root of the unit roundoff, where the errors of rounding and of
# extrapolation are alike. Each of the others is half of the one before.
_LENGTHS = 3
# Roundings that a forward is taken to make, relative to its output.
_ROUNDINGS = 64
# What a wrong slope differs by, at least, as a share of what the slope is made of.
_LEAST = {"float32": 3e-3, "float64": 1e-6}


def draw_own(check: Check, draws: Draws) -> Challenge:
    """Draw the challenge of a layer of the student's own.

    Of each input there are: the forward twice, the backward, and the forwards along directions.
    The output has the shape of the input, unless the check says which it has.
    """
    script = Script(draws, check.dtypes[0])
    script.set_phase("training" if "training" in check.phases else "test")
    dtypes = itertools.cycle(check.dtypes)
    shapes = check.shapes or _SHAPES
    pairs = list(zip(shapes, check.output_shapes or shapes, strict=True))
    for (shape, output), _ in itertools.product(pairs, range(max(_POINTS, check.repetitions))):
        script.dtype = dtype = next(dtypes)
        x = draws.signed(shape).astype(dtype)
        script.forward(x)
        script.forward(x)
        script.backward(draws.signed(output))
        for _ in range(_DIRECTIONS):
            direction = draws.signed(shape, 0.2, 1.0)
            for length in _lengths(dtype):
                script.forward(x + length * direction)
                script.forward(x - length * direction)
    return Challenge(check.kind, check.type, check.config, {}, tuple(script.steps))


def _lengths(dtype: str) -> list[float]:
    return [0.5**halvings * UNITS[dtype] ** 0.2 for halvings in range(_LENGTHS)]


def judge_own(check: Check, challenge: Challenge, answer: Answer) -> list[Part]:
    """Return the parts of an answer: the outputs, and the gradient at each input."""
    parts: list[Part] = []
    for point in _points(challenge.steps):
        parts.extend(_judged_point(check, point, answer))
    wrong = sum(part.bug == "gradient-not-of-forward" for part in parts)
    told = wrong + sum(part.category == INPUT_GRADIENT and part.fault is None for part in parts)
    # A kink right at an input can hide from all lengths, but not at half of the inputs.
    if wrong < told / 2:
        return [part for part in parts if part.bug != "gradient-not-of-forward"]
    return parts


@dataclass(frozen=True, slots=True)
class _Point:
    """The steps about one input."""

    forward: Forward
    again: Forward
    backward: Backward
    # Pairs of forwards at x + h d and x - h d, direction by direction, from the longest h on.
    pairs: tuple[tuple[Forward, Forward], ...]


def _points(steps: tuple[Step, ...]) -> Iterator[_Point]:
    about = [step for step in steps if not isinstance(step, SetPhase)]
    size = 3 + 2 * _DIRECTIONS * _LENGTHS
    for start in range(0, len(about), size):
        match about[start : start + size]:
            case [Forward() as forward, Forward() as again, Backward() as backward, *rest]:
                forwards = [step for step in rest if isinstance(step, Forward)]
                pairs = tuple(zip(forwards[::2], forwards[1::2], strict=True))
                yield _Point(forward, again, backward, pairs)
            case _:
                raise ValueError("these are not the steps of a layer of one's own")


def _judged_point(check: Check, point: _Point, answer: Answer) -> Iterator[Part]:
    shape = point.backward.output_gradient.shape
    outputs: dict[str, Floats] = {}
    for step in (point.forward, point.again, *itertools.chain(*point.pairs)):
        given = answered(answer, step, OUTPUT)
        fault = form_fault(given, shape, step_dtype(step), check.tolerance)
        yield Part(step.step_id, OUTPUT, fault)
        if fault is None or fault.bug == "wrong-dtype":
            outputs[step.step_id] = np.asarray(given, np.float64)
    given = answered(answer, point.backward, INPUT_GRADIENT)
    fault = form_fault(
        given, point.forward.inputs[0].shape, step_dtype(point.backward), check.tolerance
    )
    whole = fault is None or fault.bug == "wrong-dtype"
    if fault is not None:
        yield Part(point.backward.step_id, INPUT_GRADIENT, fault)
    first, again = outputs.get(point.forward.step_id), outputs.get(point.again.step_id)
    if first is None or again is None:
        return
    unit = UNITS[step_dtype(point.forward)]
    if not (np.abs(first - again) <= 8 * unit * np.abs(first)).all():
        fault = Fault("forward-not-repeatable", error_size=float(np.abs(first - again).max()))
        yield Part(point.again.step_id, OUTPUT, fault, fault.bug)
        # Of an output that is never the same there is no gradient.
        yield Part(point.backward.step_id, INPUT_GRADIENT, fault, fault.bug)
    elif whole:
        yield from _slopes(check, point, outputs, np.asarray(given, np.float64))


def _slopes(
    check: Check, point: _Point, outputs: dict[str, Floats], gradient: Floats
) -> Iterator[Part]:
    """Compare the gradient with the slopes along the directions."""
    dtype = step_dtype(point.backward)
    g = point.backward.output_gradient.astype(np.float64)
    x = point.forward.inputs[0].astype(np.float64)
    size = float(np.sum(np.abs(g) * np.abs(outputs[point.forward.step_id])))
    for start in range(0, len(point.pairs), _LENGTHS):
        pairs = point.pairs[start : start + _LENGTHS]
        if not all(step.step_id in outputs for step in itertools.chain(*pairs)):
            continue
        # As the inputs were rounded, they are not quite x + h d and x - h d.
        steps = [_difference(pair) for pair in pairs]
        direction = steps[0] / _lengths(dtype)[0] / 2
        changes = [outputs[up.step_id] - outputs[down.step_id] for up, down in pairs]
        slopes = [
            float(np.sum(g * change)) / (2 * length)
            for change, length in zip(changes, _lengths(dtype), strict=True)
        ]
        noise = _ROUNDINGS * UNITS[dtype] * (size + float(np.sum(np.abs(g) * np.abs(x).max())))
        limit, doubt = _limit(slopes, noise / _lengths(dtype)[-1])
        if limit is None:
            continue
        said = float(np.sum(gradient * direction))
        scale = float(np.sum(np.abs(gradient * direction))) + abs(limit)
        allowed = check.tolerance.factor * (doubt + _LEAST[dtype] * scale)
        wrong = abs(said - limit) > allowed + check.tolerance.absolute
        fault = Fault(
            "gradient-not-of-forward",
            error_size=abs(said - limit),
            excess=abs(said - limit) / allowed if allowed else np.inf,
            answered_value=said,
            expected_value=limit,
        )
        found = fault if wrong else None
        yield Part(point.backward.step_id, INPUT_GRADIENT, found, fault.bug if wrong else "")


def _difference(pair: tuple[Forward, Forward]) -> Floats:
    up, down = pair
    return up.inputs[0].astype(np.float64) - down.inputs[0].astype(np.float64)


def _limit(slopes: list[float], noise: float) -> tuple[float | None, float]:
    """Return what differences converge to, and how sure that is; None if they do not converge.

    The error of a central difference falls to a quarter with half the length. Two lengths give
    an extrapolated slope, and three give two, which must agree.
    """
    long, middle, short = slopes
    first, second = (4 * middle - long) / 3, (4 * short - middle) / 3
    doubt = 4 * noise + abs(second - first)
    # Two differences of a smooth function are nearer to each other than the two before.
    if abs(short - middle) > 0.4 * abs(middle - long) + 4 * noise:
        return None, doubt
    return second, doubt
