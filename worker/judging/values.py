"""Checks that are judged by values: a layer, loss or optimizer with a formula."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edunn.model import Model
from edunn_serving.assignments import Check
from worker.judging import inputs
from worker.judging.challenges import (
    Answer,
    Array,
    Backward,
    Challenge,
    ChallengeError,
    Forward,
    SetPhase,
    Step,
)
from worker.judging.comparison import UNITS, Fault, as_answered, name_of
from worker.judging.draws import Draws
from worker.judging.formulas import Formula, formula_of
from worker.judging.parts import (
    INPUT_GRADIENT,
    OUTPUT,
    PARAMETER,
    Part,
    answered,
    judged,
)
from worker.judging.rounding import Rounded, exact
from worker.judging.scripts import Script
from worker.judging.shapes import Shape, bears, default_shapes, work_of
from worker.judging.subjects import depends_on_phase, floats, has_dropout, optimizer_of

# How often inputs are drawn again, if a number within a network comes too near a kink.
_DRAWS = 20
# In units of about a nanosecond for the layer itself. The formulas take several times as long.
_MOST_WORK = 2_000_000_000
# About how many passes of each shape a script has besides the repetitions.
_OTHER_PASSES = 4
# An optimizer's gradients, from too small to count to large.
_GRADIENT_SIZES = (1.0, 1e-8, 1.0, 0.0, 1e-4, 30.0)
# How large they are from step to step. After a small one the running square has become smaller,
# which an optimizer that keeps the largest does not see.
_GRADIENTS_BY_STEP = (1.0, 0.01, 1.0, 0.003)
# At least this many, so that the state that a step leaves shows in the next.
_STEPS = 4


def draw_layer(check: Check, model: Model, draws: Draws) -> Challenge:
    """Draw the challenge of a layer or a loss."""
    # Numbers that both dtypes hold, in the wider one.
    narrow, wide = min(check.dtypes), max(check.dtypes)
    parameters = {
        name: floats(floats(value, narrow), wide)
        for name, value in inputs.parameters_of(model, draws).items()
    }
    model.set_parameters(parameters)
    shapes = check.shapes or default_shapes(model)
    for shape in shapes:
        if not bears(model, shape):
            raise ChallengeError(f"{check.type} takes no input of the shape {shape}")
    passes = check.repetitions + _OTHER_PASSES
    if passes * sum(work_of(model, shape) for shape in shapes) > _MOST_WORK:
        raise ChallengeError(
            "the challenge would take too long to compute: ask for smaller shapes or fewer "
            "repetitions"
        )
    script = Script(draws, check.dtypes[0], check.backward)
    writer = _Writer(script, model, formula_of(model))
    dtypes = itertools.cycle(check.dtypes)
    phases = ["test"] if has_dropout(model) else list(check.phases)
    if "training" in phases:
        script.set_phase("training")
        for repetition, shape in itertools.product(range(check.repetitions), shapes):
            script.dtype = next(dtypes)
            writer.ordinary(shape, twice=repetition == 0 and shape == shapes[-1])
        for dtype in check.dtypes:
            script.dtype = dtype
            writer.hard(shapes[0])
    if "test" in phases:
        script.set_phase("test")
        for dtype, shape in itertools.product(check.dtypes, shapes):
            script.dtype = dtype
            writer.ordinary(shape)
        if "training" not in phases:
            writer.hard(shapes[0])
    if len(phases) == 2 and depends_on_phase(model):
        # The phase goes back and forth.
        for phase in ("training", "test"):
            script.set_phase(phase)
            writer.ordinary(shapes[0])
    return Challenge(check.kind, check.type, check.config, parameters, tuple(script.steps))


class _Writer:
    """Writes passes, with a formula that tells the shape of the output and of kinks."""

    def __init__(self, script: Script, model: Model, formula: Formula) -> None:
        self.script, self.model, self.formula = script, model, formula

    def ordinary(self, shape: Shape, twice: bool = False) -> None:
        """Write a forward and a backward; twice is two forwards before it."""
        for _ in range(1 + twice):
            given, output = self._drawn(shape)
            self.script.forward(*given)
        self.script.backward(self.script.draws.signed(output))

    def hard(self, shape: Shape) -> None:
        for given in inputs.hard(self.model, self.script.draws, shape):
            self.script.forward(*given)
            self.script.backward(self.script.draws.signed(self._output(given).shape))

    def _drawn(self, shape: Shape) -> tuple[tuple[Array, ...], Shape]:
        for _ in range(_DRAWS):
            given = inputs.ordinary(self.model, self.script.draws, shape)
            output = self._output(given)
            if not self.formula.kinks:
                break
        return given, output.shape

    def _output(self, given: tuple[Array, ...]) -> Rounded:
        self.formula.compute_in(UNITS[self.script.dtype])
        return self.formula.forward(*map(exact, given))


def draw_optimizer(check: Check, draws: Draws) -> Challenge:
    """Draw the challenge of an optimizer: some steps, each with a parameter of its own.

    All steps are in the first of the check's dtypes, because one state goes through them.
    """
    lr = optimizer_of(check).lr  # type: ignore[attr-defined]
    # One shape, because the state is of one parameter.
    shape = check.shapes[0] if check.shapes else (5, 3)
    script = Script(draws, check.dtypes[0])
    # An element keeps the size of its gradients, so that a zero is one in every step.
    kinds = draws.order(math.prod(shape)).reshape(shape) % len(_GRADIENT_SIZES)
    sizes = np.array(_GRADIENT_SIZES)[kinds]
    for step in range(max(_STEPS, check.repetitions)):
        size = _GRADIENTS_BY_STEP[step % len(_GRADIENTS_BY_STEP)]
        # Small parameters show small steps.
        p = draws.signed(shape) * np.where(draws.uniform(shape) < 0.5, 1.0, max(lr, 1e-6))
        script.forward(p, draws.signed(shape) * sizes * size)
    return Challenge(check.kind, check.type, check.config, {}, tuple(script.steps))


Expected = dict[str, Rounded]
# A step's id, and the category of a part.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Computed:
    """A step that a formula has run, in a phase, and what the parts of an answer to it are."""

    step: Forward | Backward
    phase: str
    expected: Expected

    def place(self, name: str) -> Place:
        """Return the place of a part, by its name."""
        return self.step.step_id, f"{self.phase} {name}".strip()


def expected_of(formula: Formula, step: Step, numbers: type[Rounded] = Rounded) -> Expected:
    """Run a formula's next step on a kind of numbers, and return what the parts are."""
    if isinstance(step, SetPhase):
        formula.set_phase(step.phase)
    if not isinstance(step, Forward | Backward):
        return {}
    formula.compute_in(UNITS[step_dtype(step)])
    if isinstance(step, Forward):
        return {OUTPUT: formula.forward(*map(numbers, step.inputs))}
    of_input, of_parameters = formula.backward(numbers(step.output_gradient))
    named = {f"{PARAMETER}{name}": gradient for name, gradient in of_parameters.items()}
    return {INPUT_GRADIENT: of_input, **named}


def computed(
    formula: Formula,
    challenge: Challenge,
    *,
    may_raise: bool = False,
    answer: Answer | None = None,
    numbers: type[Rounded] = Rounded,
) -> Iterator[Computed]:
    """Run a formula, and yield each step that has an answer with what its parts are.

    A step of a formula that `may_raise` has no parts if it does: a mistaken formula does not fit
    every shape, as a mistaken program would not. It may learn from an answer.
    """
    phase = ""
    for step in challenge.steps:
        if isinstance(step, SetPhase):
            phase = step.phase
        try:
            if answer is not None and isinstance(step, Forward):
                _learn(formula, step, answered(answer, step, OUTPUT))
            expected = expected_of(formula, step, numbers)
        except Exception:
            if not may_raise:
                raise
            expected = {}
        if isinstance(step, Forward | Backward):
            yield Computed(step, phase, expected)


def _is_alone(step: Forward | Backward) -> bool:
    array = step.inputs[-1] if isinstance(step, Forward) else step.output_gradient
    return array.shape[:1] == (1,)


def _learn(formula: Formula, step: Forward, given: Any) -> None:
    array = None if isinstance(given, Fault) else as_answered(given)
    if array is not None and np.isfinite(array).all():
        formula.learn(tuple(map(exact, step.inputs)), array.astype(np.float64))


def step_dtype(step: Forward | Backward) -> str:
    """Return the dtype in which a step is computed: that of its last input."""
    array = step.inputs[-1] if isinstance(step, Forward) else step.output_gradient
    return name_of(array.dtype)


def judge_values(
    check: Check, formula: Formula, challenge: Challenge, answer: Answer
) -> list[Part]:
    """Return the parts of an answer, each compared with the formula."""
    parts = []
    wider = {str(value.dtype) for value in challenge.parameters.values()}
    for each in computed(formula, challenge):
        step = each.step
        # A product with wider parameters is as wide as they are, and one with integers widest.
        if isinstance(step, Forward) and any(x.dtype.kind == "i" for x in step.inputs):
            wider.add("float64")
        dtypes = [step_dtype(step), *wider]
        for name, value in each.expected.items():
            given, bug = answered(answer, step, name), ""
            fault = judged(given, value, dtypes, check.tolerance)
            if fault is None and name == INPUT_GRADIENT and isinstance(step, Backward):
                bug = formula.rejects(np.asarray(given, np.float64), exact(step.output_gradient))
                fault = Fault(bug) if bug else None
            parts.append(Part(*each.place(name), fault, bug, _is_alone(step)))
    return parts
