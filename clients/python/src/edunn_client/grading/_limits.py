"""Replaces answers that are so large that the service would refuse all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edunn_client._tensors import Array
from edunn_client.grading._challenges import (
    Attempt,
    BackwardStep,
    Challenge,
    ChallengeAnswer,
    Failure,
    ForwardStep,
    ParametersStep,
    StepAnswer,
)

# As the service has it: this many times the bytes of the challenges, and some more.
_TIMES_CHALLENGES = 8
_SPARE_BYTES = 1024 * 1024
# What a step takes besides its arrays.
_STEP_BYTES = 256


def within_limits(
    attempt: Attempt, answers: Mapping[str, ChallengeAnswer]
) -> dict[str, ChallengeAnswer]:
    """Return answers that the service accepts: a step that is too large is a failure."""
    limit = _SPARE_BYTES + _TIMES_CHALLENGES * sum(
        array.nbytes for challenge in attempt.challenges for array in _arrays_of(challenge)
    )
    left = limit
    fitting: dict[str, ChallengeAnswer] = {}
    for challenge_id, steps in answers.items():
        kept: dict[str, StepAnswer] = {}
        fitting[challenge_id] = kept
        for step_id, answer in steps.items():
            size = _STEP_BYTES + sum(array.nbytes for array in _arrays_in(answer))
            if size > left:
                shapes = ", ".join(str(array.shape) for array in _arrays_in(answer))
                text = f"an answer of the shape {shapes} is too large: {limit} bytes are allowed"
                kept[step_id] = Failure(f"{text} for all steps together")
            else:
                kept[step_id] = answer
                left -= size
    return fitting


def _arrays_of(challenge: Challenge) -> Iterator[Array]:
    yield from challenge.parameters.values()
    for step in challenge.steps:
        match step:
            case ForwardStep():
                yield from step.inputs
            case BackwardStep():
                yield step.output_gradient
            case ParametersStep():
                yield from step.parameters.values()


def _arrays_in(answer: StepAnswer) -> Iterator[Array]:
    if isinstance(answer, Failure):
        return
    if isinstance(answer, tuple):
        input_gradient, parameter_gradients = answer
        if input_gradient is not None:
            yield input_gradient
        yield from parameter_gradients.values()
    else:
        yield answer
