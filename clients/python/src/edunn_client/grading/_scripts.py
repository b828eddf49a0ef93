"""Runs the steps of a challenge in their order, and collects the answers."""

from __future__ import annotations

from collections.abc import Callable

from edunn_client.grading._challenges import (
    Challenge,
    Failure,
    ParametersStep,
    PhaseStep,
    Step,
    StepAnswer,
)


def run_script(
    challenge: Challenge, run: Callable[[Step], StepAnswer | None]
) -> dict[str, StepAnswer]:
    """Return the answers by step id.

    A step that only sets something has no answer. If it fails, the forwards and backwards after it
    fail with its words, until a step of that kind succeeds.
    """
    answers: dict[str, StepAnswer] = {}
    not_set: dict[type[Step], Failure] = {}
    for step in challenge.steps:
        if isinstance(step, PhaseStep | ParametersStep):
            answer = run(step)
            if isinstance(answer, Failure):
                not_set[type(step)] = answer
            else:
                not_set.pop(type(step), None)
            continue
        answer = next(iter(not_set.values()), None) or run(step)
        if answer is not None:
            answers[step.step_id] = answer
    return answers


def failed_challenge(challenge: Challenge, failure: Failure) -> dict[str, StepAnswer]:
    """Return one failure as the answer to every forward and backward."""
    return run_script(challenge, lambda step: failure)
