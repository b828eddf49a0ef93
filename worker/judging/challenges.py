"""What a student's program is given, what it answers, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class ChallengeError(ValueError):
    """A check asks for something that there can be no challenge for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which check of whose attempt a challenge is for."""

    course: str
    assignment: str
    student: str
    attempt: str
    check: str


@dataclass(frozen=True, slots=True)
class SetPhase:
    """A step that sets the phase, `training` or `test`. It has no answer."""

    step_id: str
    phase: str


@dataclass(frozen=True, slots=True, eq=False)
class Forward:
    """A step that runs a forward. Its answer is an `Output`.

    Of a loss, the inputs are the truth and the output of a model. Of an optimizer, they are a
    parameter and its gradient, and the output is the parameter after the step: the optimizer
    keeps its state from step to step, the parameter is another one in each. Of an initializer,
    the input is an array to fill, and the output has its shape.
    """

    step_id: str
    inputs: tuple[Array, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Backward:
    """A step that runs the backward of the last forward. Its answer is `Gradients`."""

    step_id: str
    output_gradient: Array


@dataclass(frozen=True, slots=True, eq=False)
class SetParameters:
    """A step that sets parameters of a layer of one's own. It has no answer."""

    step_id: str
    parameters: Mapping[str, Array]


Step = SetPhase | Forward | Backward | SetParameters


@dataclass(frozen=True, slots=True, eq=False)
class Challenge:
    """A layer with its parameters, and the steps that are run on it in their order."""

    # As in `Check`: layer, loss, optimizer, initializer or own.
    kind: str
    type: str
    config: Mapping[str, Any]
    # The parameters and buffers that the layer starts with: all, or of `own` those of the check.
    parameters: Mapping[str, Array]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """What a forward gave."""

    output: Any


@dataclass(frozen=True, slots=True, eq=False)
class Gradients:
    """What a backward gave."""

    input_gradient: Any
    parameter_gradients: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """The words of an error that a step raised."""

    text: str


StepAnswer = Output | Gradients | Failure


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The answers by step id. A step that was not run has none."""

    steps: Mapping[str, StepAnswer]


class Verdict(StrEnum):
    """What comes of a check."""

    PASSED = "passed"
    FAILED = "failed"
    # Through no fault of the student's: the attempt does not count.
    UNGRADABLE = "ungradable"


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The judgement of one check."""

    verdict: Verdict
    # The share of the points that the answer has, from 0 to 1.
    fraction: float
    # The stable name of the mistake; empty if there is none.
    bug: str = ""
    # One sentence that teaches, in the language asked for.
    message: str = ""
    # The largest error, as a difference of numbers, and where it is. None if there are no two
    # numbers to compare.
    error_size: float | None = None
    error_index: tuple[int, ...] | None = None
    # What else a report can tell, of plain values: see `judge`.
    details: Mapping[str, Any] = field(default_factory=dict)
