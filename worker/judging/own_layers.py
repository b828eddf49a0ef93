"""A layer that only the student has: its backward against differences of its own forward.

There is no reference. At each of several inputs x the script asks for the gradients, and for the
forward at x + h d and x - h d along some directions d with three lengths h. So it does with each
parameter that the check names, which it sets. Where the differences
converge as those of a smooth function do, what they converge to is the slope that the gradient
must have along d. Where they do not, there is a kink nearby, and the direction tells nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from edunn_serving.assignments import Check
from worker.judging.challenges import (
    Answer,
    Array,
    Backward,
    Challenge,
    Floats,
    Forward,
    SetParameters,
    Step,
)
from worker.judging.comparison import UNITS, Fault
from worker.judging.draws import Draws
from worker.judging.parts import INPUT_GRADIENT, OUTPUT, PARAMETER, Part, answered, form_fault
from worker.judging.scripts import Script
from worker.judging.values import step_dtype

_SHAPES = ((5, 4), (2, 4))
# Inputs of each shape, at least.
_POINTS = 3
_DIRECTIONS = 3
# Of each parameter.
_PARAMETER_DIRECTIONS = 2
# The longest step is the fifth root of the unit roundoff, where the errors of rounding and of
# extrapolation are alike. Each of the others is half of the one before.
_LENGTHS = 3
# Roundings that a forward is taken to make, relative to its output.
_ROUNDINGS = 64
# What a wrong slope differs by, at least, as a share of what the slope is made of.
_LEAST = {"float32": 3e-3, "float64": 1e-6}

_UNEXPLAINED = "gradient-not-of-forward"
_AVERAGED = "gradient-averaged"
# What a gradient is times the right one, with some mistakes.
_FACTORS = {
    "gradient-is-zero": 0.0,
    "gradient-negated": -1.0,
    "gradient-doubled": 2.0,
    "gradient-halved": 0.5,
}
# What is told by slopes, and so may be the work of a kink.
_OF_SLOPES = frozenset({_UNEXPLAINED, _AVERAGED, *_FACTORS})


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
        script.dtype = next(dtypes)
        _draw_point(check, script, shape, output)
    first = next((step for step in script.steps if isinstance(step, SetParameters)), None)
    parameters = {} if first is None else first.parameters
    return Challenge(check.kind, check.type, check.config, parameters, tuple(script.steps))


def _draw_point(
    check: Check, script: Script, shape: tuple[int, ...], output: tuple[int, ...]
) -> None:
    draws, dtype = script.draws, script.dtype
    parameters = {name: draws.signed(size).astype(dtype) for name, size in check.parameters.items()}
    if parameters:
        script.set_parameters(parameters)
    x = draws.signed(shape).astype(dtype)
    script.forward(x)
    script.forward(x)
    script.backward(draws.signed(output))
    for _ in range(_DIRECTIONS):
        direction = draws.signed(shape, 0.2, 1.0)
        for length in _lengths(dtype):
            script.forward(x + length * direction)
            script.forward(x - length * direction)
    for name, value in parameters.items():
        for _ in range(_PARAMETER_DIRECTIONS):
            direction = draws.signed(value.shape, 0.2, 1.0)
            for length in _lengths(dtype):
                for sign in (1, -1):
                    script.set_parameters({name: value + sign * length * direction})
                    script.forward(x)
        script.set_parameters({name: value})


def _lengths(dtype: str) -> list[float]:
    return [0.5**halvings * UNITS[dtype] ** 0.2 for halvings in range(_LENGTHS)]


def judge_own(check: Check, challenge: Challenge, answer: Answer) -> list[Part]:
    """Return the parts of an answer: the outputs, and the gradients at each input."""
    parts: list[Part] = []
    for point in _points(check, challenge.steps):
        parts.extend(_judged_point(check, point, answer))
    for category in {part.category for part in parts} - {OUTPUT}:
        wrong = sum(part.category == category and part.bug in _OF_SLOPES for part in parts)
        right = sum(part.category == category and part.fault is None for part in parts)
        # A kink right at an input can hide from all lengths, but not at half of the inputs.
        if wrong < right:
            parts = [p for p in parts if p.category != category or p.bug not in _OF_SLOPES]
    return parts


@dataclass(frozen=True, slots=True)
class _Pair:
    """Forwards at both ends of a step along a direction, of the length 2 h."""

    up: str
    down: str
    # What the two were computed with differs by this. As it was rounded, it is not quite 2 h d.
    difference: Floats


@dataclass(frozen=True, slots=True)
class _Line:
    """The forwards along one direction, from the longest step on."""

    # The gradient that they tell of.
    part: str
    pairs: tuple[_Pair, ...]


@dataclass(frozen=True, slots=True)
class _Point:
    """The steps about one input and the parameters with it."""

    forward: Forward
    again: Forward
    backward: Backward
    # What each gradient is of: the input, and the parameters.
    values: dict[str, Floats]
    lines: tuple[_Line, ...]


def _points(check: Check, steps: tuple[Step, ...]) -> Iterator[_Point]:
    values: dict[str, Floats] = {}
    # Each step with what the gradients of it are of.
    about: list[tuple[Forward | Backward, dict[str, Floats]]] = []
    for step in steps:
        if isinstance(step, SetParameters):
            named = {f"{PARAMETER}{name}": value for name, value in step.parameters.items()}
            values = values | {name: _wide(value) for name, value in named.items()}
        elif isinstance(step, Forward):
            about.append((step, {INPUT_GRADIENT: _wide(step.inputs[0]), **values}))
        elif isinstance(step, Backward):
            about.append((step, values))
    lined = [INPUT_GRADIENT] * _DIRECTIONS
    for name in check.parameters:
        lined += [f"{PARAMETER}{name}"] * _PARAMETER_DIRECTIONS
    size = 3 + 2 * _LENGTHS * len(lined)
    for start in range(0, len(about), size):
        (forward, at), (again, _), (backward, _), *rest = about[start : start + size]
        if not (
            isinstance(forward, Forward)
            and isinstance(again, Forward)
            and isinstance(backward, Backward)
        ):
            raise ValueError("these are not the steps of a layer of one's own")
        ends = zip(rest[::2], rest[1::2], strict=True)
        lines = tuple(
            _Line(
                part,
                tuple(
                    _Pair(up.step_id, down.step_id, above[part] - below[part])
                    for (up, above), (down, below) in itertools.islice(ends, _LENGTHS)
                ),
            )
            for part in lined
        )
        yield _Point(forward, again, backward, at, lines)


def _wide(array: Array) -> Floats:
    return array.astype(np.float64)


def _judged_point(check: Check, point: _Point, answer: Answer) -> Iterator[Part]:
    shape = point.backward.output_gradient.shape
    dtype = step_dtype(point.forward)
    outputs: dict[str, Floats] = {}
    ends = itertools.chain.from_iterable(
        (pair.up, pair.down) for line in point.lines for pair in line.pairs
    )
    for step_id in (point.forward.step_id, point.again.step_id, *ends):
        # All forwards of a point have one dtype.
        given = answered(answer, replace(point.forward, step_id=step_id), OUTPUT)
        fault = form_fault(given, shape, dtype, check.tolerance)
        yield Part(step_id, OUTPUT, fault)
        if fault is None or fault.bug == "wrong-dtype":
            outputs[step_id] = np.asarray(given, np.float64)
    gradients: dict[str, Floats] = {}
    for part, value in point.values.items():
        given = answered(answer, point.backward, part)
        fault = form_fault(given, value.shape, dtype, check.tolerance)
        if fault is not None:
            yield Part(point.backward.step_id, part, fault)
        if fault is None or fault.bug == "wrong-dtype":
            gradients[part] = np.asarray(given, np.float64)
    first, again = outputs.get(point.forward.step_id), outputs.get(point.again.step_id)
    if first is None or again is None:
        return
    if not (np.abs(first - again) <= 8 * UNITS[dtype] * np.abs(first)).all():
        fault = Fault("forward-not-repeatable", error_size=float(np.abs(first - again).max()))
        yield Part(point.again.step_id, OUTPUT, fault, fault.bug)
        # Of an output that is never the same there is no gradient.
        for part in gradients:
            yield Part(point.backward.step_id, part, fault, fault.bug)
        return
    for line in point.lines:
        if line.part in gradients:
            yield from _slopes(check, point, line, outputs, gradients[line.part])


def _slopes(
    check: Check, point: _Point, line: _Line, outputs: dict[str, Floats], gradient: Floats
) -> Iterator[Part]:
    """Compare a gradient with the slope along a direction, if the differences show one."""
    if not all(pair.up in outputs and pair.down in outputs for pair in line.pairs):
        return
    dtype = step_dtype(point.backward)
    lengths = _lengths(dtype)
    g = point.backward.output_gradient.astype(np.float64)
    size = float(np.sum(np.abs(g) * np.abs(outputs[point.forward.step_id])))
    largest = max(float(np.abs(value).max(initial=0.0)) for value in point.values.values())
    direction = line.pairs[0].difference / lengths[0] / 2
    slopes = [
        float(np.sum(g * (outputs[pair.up] - outputs[pair.down]))) / (2 * length)
        for pair, length in zip(line.pairs, lengths, strict=True)
    ]
    noise = _ROUNDINGS * UNITS[dtype] * (size + float(np.sum(np.abs(g) * largest)))
    limit, doubt = _limit(slopes, noise / lengths[-1])
    if limit is None:
        return
    said = float(np.sum(gradient * direction))
    scale = float(np.sum(np.abs(gradient * direction))) + abs(limit)
    allowed = check.tolerance.factor * (doubt + _LEAST[dtype] * scale) + check.tolerance.absolute
    if abs(said - limit) <= allowed:
        yield Part(point.backward.step_id, line.part)
        return
    bug = _bug_of(said, limit, allowed, len(point.forward.inputs[0]))
    fault = Fault(
        bug,
        error_size=abs(said - limit),
        excess=abs(said - limit) / allowed if allowed else np.inf,
        answered_value=said,
        expected_value=limit,
    )
    yield Part(point.backward.step_id, line.part, fault, bug)


def _bug_of(said: float, slope: float, allowed: float, batch: int) -> str:
    """Name what is wrong with a gradient by how many times the slope it says."""
    # Of a batch of two the mean is the half. Larger batches tell which of them it is.
    for bug, factor in ((_AVERAGED, 1 / batch), *_FACTORS.items()):
        # A gradient that is small is not zero.
        if abs(said - factor * slope) <= allowed and (factor or not said):
            return bug
    return _UNEXPLAINED


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
