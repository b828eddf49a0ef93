"""Whether answers fit their challenges, before they are accepted, and their digest."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edunn_serving.errors import Reason, ServiceError, invalid_arguments, quoted
from edunn_serving.grading.v1.challenge_pb2 import Answer, Attempt, StepAnswer
from edunn_serving.grading.v1.grading_service_pb2 import SubmitAnswersRequest
from edunn_serving.v1 import tensor_pb2
from edunn_serving.v1.tensor_pb2 import Tensor

# Answers may take this many times the bytes of the challenges, and some more.
TIMES_CHALLENGES = 8
SPARE_BYTES = 1024 * 1024
MAX_AXES = 32
MAX_FAILURE_CHARACTERS = 2000
MAX_GRADIENTS = 1000
ITEM_BYTES = {
    tensor_pb2.DATA_TYPE_BOOL: 1,
    tensor_pb2.DATA_TYPE_INT32: 4,
    tensor_pb2.DATA_TYPE_INT64: 8,
    tensor_pb2.DATA_TYPE_FLOAT16: 2,
    tensor_pb2.DATA_TYPE_FLOAT32: 4,
    tensor_pb2.DATA_TYPE_FLOAT64: 8,
}

Violations = list[tuple[str, str]]


def check_answers(attempt: Attempt, answers: Sequence[Answer]) -> None:
    """Check that answers are of this attempt, and that each tensor has the bytes of its shape.

    A value, a dtype or a shape that is wrong for the challenge is no error here: it is judged.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT with each field at fault; TOO_LARGE.
    """
    size = sum(each.ByteSize() for each in answers)
    limit = SPARE_BYTES + TIMES_CHALLENGES * attempt.ByteSize()
    if size > limit:
        raise ServiceError(
            Reason.TOO_LARGE,
            f"the answers take {size} bytes, and {limit} are allowed for these challenges",
            violations=[("answers", f"expected at most {limit} bytes, got {size}")],
            metadata={"bytes": str(size), "limit": str(limit)},
        )
    steps = {
        challenge.challenge_id: {step.step_id: step.WhichOneof("step") for step in challenge.steps}
        for challenge in attempt.challenges
    }
    violations: Violations = []
    answered: set[str] = set()
    for number, answer in enumerate(answers):
        field = f"answers[{number}]"
        known = steps.get(answer.challenge_id)
        if known is None:
            text = f"the attempt has no challenge {quoted(answer.challenge_id)}"
            violations.append((f"{field}.challenge_id", text))
            continue
        if answer.challenge_id in answered:
            violations.append((f"{field}.challenge_id", "the challenge is answered twice"))
        answered.add(answer.challenge_id)
        _check_steps(answer, known, field, violations)
    if violations:
        raise invalid_arguments(violations)


class KeptAnswers(NamedTuple):
    """Answers as the database keeps them, and their digest."""

    # A serialized SubmitAnswersRequest that has nothing else.
    data: bytes
    digest: str


def kept_form(answers: Iterable[Answer]) -> KeptAnswers:
    """Return answers in the order of challenges and steps, whatever order they came in."""
    kept = SubmitAnswersRequest()
    for answer in sorted(answers, key=lambda each: each.challenge_id):
        entry = kept.answers.add(challenge_id=answer.challenge_id)
        entry.steps.extend(sorted(answer.steps, key=lambda each: each.step_id))
    data = kept.SerializeToString(deterministic=True)
    return KeptAnswers(data, hashlib.sha256(data).hexdigest())


def _check_steps(
    answer: Answer, known: dict[str, str | None], field: str, violations: Violations
) -> None:
    if answer.steps and not any(step.step_id in known for step in answer.steps):
        text = "this attempt has none of these steps: they answer another attempt"
        violations.append((f"{field}.steps", text))
        return
    answered: set[str] = set()
    for number, step in enumerate(answer.steps):
        place = f"{field}.steps[{number}]"
        kind = known.get(step.step_id)
        if kind not in ("forward", "backward"):
            text = f"the challenge asks no answer for a step {quoted(step.step_id)}"
            violations.append((f"{place}.step_id", text))
            continue
        if step.step_id in answered:
            violations.append((f"{place}.step_id", "the step is answered twice"))
        answered.add(step.step_id)
        _check_step(step, kind, place, violations)


def _check_step(step: StepAnswer, kind: str, place: str, violations: Violations) -> None:
    given = step.WhichOneof("answer")
    if given is None:
        violations.append((place, "expected an output, gradients or a failure"))
    elif given == "failure":
        if len(step.failure) > MAX_FAILURE_CHARACTERS:
            text = f"expected at most {MAX_FAILURE_CHARACTERS} characters, got {len(step.failure)}"
            violations.append((f"{place}.failure", text))
    elif given != {"forward": "output", "backward": "gradients"}[kind]:
        violations.append((place, f"{given} is no answer to a {kind}"))
    elif given == "output":
        _check_tensor(step.output, f"{place}.output", violations)
    else:
        gradients = step.gradients
        if gradients.HasField("input_gradient"):
            _check_tensor(gradients.input_gradient, f"{place}.input_gradient", violations)
        if len(gradients.parameter_gradients) > MAX_GRADIENTS:
            violations.append((f"{place}.parameter_gradients", "too many gradients"))
            return
        for name, tensor in gradients.parameter_gradients.items():
            _check_tensor(tensor, f"{place}.parameter_gradients[{name}]", violations)


def _check_tensor(tensor: Tensor, field: str, violations: Violations) -> None:
    item = ITEM_BYTES.get(tensor.data_type)
    if item is None:
        violations.append((f"{field}.data_type", "expected a data type"))
    elif len(tensor.shape) > MAX_AXES or any(size < 0 for size in tensor.shape):
        violations.append((f"{field}.shape", f"expected up to {MAX_AXES} sizes, none negative"))
    elif (wanted := math.prod(tensor.shape) * item) != len(tensor.data):
        text = f"expected {wanted} bytes for this shape and type, got {len(tensor.data)}"
        violations.append((f"{field}.data", text))
    elif math.prod(filter(None, tensor.shape)) > 2**40:
        violations.append((f"{field}.shape", "the sizes are too large"))
