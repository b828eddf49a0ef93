"""Attempts, challenges and answers, as plain objects with NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edunn_client._config import decode_config
from edunn_client._phase import Phase, decode_phase
from edunn_client._stubs import challenge_pb2
from edunn_client._tensors import Array, decode_tensor, decode_tensors, encode_tensor

_KIND_PREFIX = "CHALLENGE_KIND_"
_KINDS = challenge_pb2.DESCRIPTOR.enum_types_by_name["ChallengeKind"]
# As the contract says.
MAX_FAILURE_CHARACTERS = 2000


@dataclass(frozen=True)
class PhaseStep:
    """The layer's phase is set. There is nothing to answer."""

    step_id: str
    phase: Phase


@dataclass(frozen=True, eq=False)
class ForwardStep:
    """A forward is run. The answer is its output, an array."""

    step_id: str
    inputs: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class BackwardStep:
    """The backward of the last forward is run.

    The answer is a pair: the gradient of the input, and those of the parameters by their names.
    """

    step_id: str
    output_gradient: Array


@dataclass(frozen=True, eq=False)
class ParametersStep:
    """Parameters of the layer are set, until they are set again. There is nothing to answer."""

    step_id: str
    parameters: Mapping[str, Array]


Step = PhaseStep | ForwardStep | BackwardStep | ParametersStep


@dataclass(frozen=True)
class Failure:
    """The answer to a step that raised an error: its words."""

    text: str


# An output, the gradients of a backward, or a failure.
StepAnswer = Array | tuple[Array | None, Mapping[str, Array]] | Failure
# The answers to a challenge by step id.
ChallengeAnswer = Mapping[str, StepAnswer]


@dataclass(frozen=True, eq=False)
class Challenge:
    """A layer with its parameters, and the steps that are run on it in their order."""

    challenge_id: str
    title: str
    points: float
    kind: str
    """`layer`, `loss`, `optimizer`, `initializer` or `own`."""
    layer_type: str
    config: dict[str, Any]
    parameters: dict[str, Array]
    """The values that the parameters and buffers start with."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Attempt:
    """One try at an assignment."""

    attempt_id: str
    course: str
    assignment: str
    version: int
    student: str
    number: int
    start_time: datetime
    expire_time: datetime
    attempts_left: int | None
    """None if there is no limit."""
    challenges: tuple[Challenge, ...]
    accept_time: datetime | None = None
    """When its answers were accepted; None if there are none yet."""


def decode_attempt(message: challenge_pb2.Attempt) -> Attempt:
    return Attempt(
        attempt_id=message.attempt_id,
        course=message.course,
        assignment=message.assignment,
        version=message.version,
        student=message.student,
        number=message.number,
        start_time=message.start_time.ToDatetime(UTC),
        expire_time=message.expire_time.ToDatetime(UTC),
        attempts_left=message.attempts_left if message.HasField("attempts_left") else None,
        challenges=tuple(_challenge(each) for each in message.challenges),
        accept_time=(
            message.accept_time.ToDatetime(UTC) if message.HasField("accept_time") else None
        ),
    )


def decode_kind(number: int) -> str:
    """Return a kind's name; of a number that is newer than this client, or left out, no name."""
    value = _KINDS.values_by_number.get(number)
    return value.name.removeprefix(_KIND_PREFIX).lower() if number and value else ""


def _challenge(message: challenge_pb2.Challenge) -> Challenge:
    kind: str = _KINDS.values_by_number[message.kind].name
    return Challenge(
        challenge_id=message.challenge_id,
        title=message.title,
        points=message.points,
        kind=kind.removeprefix(_KIND_PREFIX).lower(),
        layer_type=message.layer.type,
        config=decode_config(message.layer.config),
        parameters=decode_tensors(message.layer.parameters),
        steps=tuple(_step(each) for each in message.steps),
    )


def _step(message: challenge_pb2.ChallengeStep) -> Step:
    match message.WhichOneof("step"):
        case "set_phase":
            return PhaseStep(message.step_id, decode_phase(message.set_phase))
        case "forward":
            inputs = tuple(decode_tensor(each) for each in message.forward.inputs)
            return ForwardStep(message.step_id, inputs)
        case "backward":
            return BackwardStep(message.step_id, decode_tensor(message.backward.output_gradient))
        case "set_parameters":
            return ParametersStep(
                message.step_id, decode_tensors(message.set_parameters.parameters)
            )
    raise ValueError(f"the step {message.step_id!r} is of a newer service: update this client")


def encode_answer(challenge_id: str, answer: ChallengeAnswer) -> challenge_pb2.Answer:
    """Return a message; what no tensor can hold becomes the failure of its step."""
    message = challenge_pb2.Answer(challenge_id=challenge_id)
    for step_id, given in answer.items():
        try:
            encoded = _encode_step(step_id, given)
        except (TypeError, ValueError) as error:
            text = f"{type(error).__name__}: {error}"[:MAX_FAILURE_CHARACTERS]
            encoded = challenge_pb2.StepAnswer(step_id=step_id, failure=text)
        message.steps.append(encoded)
    return message


def _encode_step(step_id: str, given: StepAnswer) -> challenge_pb2.StepAnswer:
    message = challenge_pb2.StepAnswer(step_id=step_id)
    if isinstance(given, Failure):
        message.failure = given.text[:MAX_FAILURE_CHARACTERS] or "it failed"
    elif isinstance(given, tuple):
        input_gradient, parameter_gradients = given
        message.gradients.SetInParent()
        if input_gradient is not None:
            message.gradients.input_gradient.CopyFrom(encode_tensor(input_gradient))
        for name, gradient in parameter_gradients.items():
            message.gradients.parameter_gradients[name].CopyFrom(encode_tensor(gradient))
    else:
        message.output.CopyFrom(encode_tensor(given))
    return message
