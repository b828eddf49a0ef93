"""Answers of students whose layers have one mistake of the registry."""

from __future__ import annotations

import numpy as np

from worker.judging import Answer, Backward, Challenge, Failure, Forward, Gradients, Output
from worker.judging.challenges import Array, StepAnswer
from worker.judging.formulas import Formula
from worker.judging.parts import INPUT_GRADIENT, OUTPUT, PARAMETER
from worker.judging.rounding import Rounded
from worker.judging.values import expected_of, step_dtype


def answer_by(formula: Formula, challenge: Challenge, rng: np.random.Generator) -> Answer:
    """Answer a challenge by a formula, rounded as a program in the dtype of the steps would."""
    answers: dict[str, StepAnswer] = {}
    for step in challenge.steps:
        try:
            with np.errstate(all="ignore"):
                parts = expected_of(formula, step)
        except Exception as error:
            parts = {}
            answers[step.step_id] = Failure(str(error))
        if not isinstance(step, Forward | Backward) or not parts:
            continue
        arrays = {name: _rounded(part, step_dtype(step), rng) for name, part in parts.items()}
        if isinstance(step, Forward):
            answers[step.step_id] = Output(arrays[OUTPUT])
        else:
            of_input = arrays.pop(INPUT_GRADIENT)
            named = {name.removeprefix(PARAMETER): array for name, array in arrays.items()}
            answers[step.step_id] = Gradients(of_input, named)
    return Answer(answers)


def _rounded(part: Rounded, dtype: str, rng: np.random.Generator) -> Array:
    """Return values with an error of some units in the last place."""
    # What cannot be rounded is not.
    units = rng.uniform(-1.0, 1.0, part.shape) * np.finfo(dtype).epsneg * (part.error > 0)
    with np.errstate(all="ignore"):
        return np.asarray(part.value * (1 + units), dtype=dtype)
