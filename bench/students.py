"""Runs the script of a challenge on a layer, as a student's program does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import edunn as nn
from edunn.catalogue import build
from edunn.model import Phase
from edunn_serving.assignments import Check
from worker.judging import (
    Answer,
    Challenge,
    Failure,
    Forward,
    Gradients,
    Output,
    SetParameters,
    SetPhase,
)
from worker.judging.challenges import StepAnswer
from worker.judging.subjects import initializer_of, optimizer_of


def run_layer(layer: Any, challenge: Challenge) -> Answer:
    """Answer a challenge with a layer that has edunn's conventions."""
    answers: dict[str, StepAnswer] = {}
    for step in challenge.steps:
        try:
            if isinstance(step, SetPhase):
                layer.set_phase(Phase(step.phase))
            elif isinstance(step, SetParameters):
                for name, value in step.parameters.items():
                    setattr(layer, name, np.array(value))
            elif isinstance(step, Forward):
                # A layer may write to what it is given.
                output = layer.forward(*(np.array(x) for x in step.inputs))
                answers[step.step_id] = Output(np.array(output))
            else:
                of_input, of_parameters = layer.backward(np.array(step.output_gradient))
                named = {name: np.array(gradient) for name, gradient in of_parameters.items()}
                answers[step.step_id] = Gradients(np.array(of_input), named)
        except Exception as error:
            answers[step.step_id] = Failure(f"{type(error).__name__}: {error}")
    return Answer(answers)


def run_optimizer(step_of: Callable[..., tuple[Any, Any]], challenge: Challenge) -> Answer:
    """Answer a challenge with an optimizer's step: (p, g, state) -> (p, state)."""
    answers: dict[str, StepAnswer] = {}
    state: Any = {}
    for step in challenge.steps:
        if isinstance(step, Forward):
            p, g = step.inputs
            after, state = step_of(p, g, state)
            answers[step.step_id] = Output(after)
    return Answer(answers)


def run_initializer(initializer: Any, challenge: Challenge) -> Answer:
    """Answer a challenge with an initializer, which fills an array in place."""
    answers: dict[str, StepAnswer] = {}
    for step in challenge.steps:
        if isinstance(step, Forward):
            p = np.array(step.inputs[0])
            initializer.initialize(p)
            answers[step.step_id] = Output(p)
    return Answer(answers)


def right_answer(check: Check, challenge: Challenge, rng: np.random.Generator) -> Answer:
    """Answer a challenge with what edunn has of that type."""
    if check.kind == "optimizer":
        return run_optimizer(optimizer_of(check).step, challenge)
    if check.kind == "initializer":
        initializer = initializer_of(check)
        initializer.rng = rng
        return run_initializer(initializer, challenge)
    layer: nn.Model = build(check.type, dict(check.config), rng=rng)
    layer.set_parameters(challenge.parameters)
    return run_layer(layer, challenge)
