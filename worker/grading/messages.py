"""Converts challenges and answers between the contract's messages and arrays."""

from __future__ import annotations

from edunn_serving.assignments import Check
from edunn_serving.grading.v1 import challenge_pb2
from edunn_serving.v1 import layer_pb2
from worker.judging import (
    Answer,
    Backward,
    Challenge,
    Failure,
    Forward,
    Gradients,
    Output,
    SetParameters,
    SetPhase,
    Step,
    StepAnswer,
)
from worker.judging.subjects import spelt_out
from worker.tensors import decode_tensor, decode_tensors, encode_tensor, fill_tensor, fill_tensors

PHASES = {"training": layer_pb2.PHASE_TRAINING, "test": layer_pb2.PHASE_TEST}
KINDS = {
    "layer": challenge_pb2.CHALLENGE_KIND_LAYER,
    "loss": challenge_pb2.CHALLENGE_KIND_LOSS,
    "optimizer": challenge_pb2.CHALLENGE_KIND_OPTIMIZER,
    "initializer": challenge_pb2.CHALLENGE_KIND_INITIALIZER,
    "own": challenge_pb2.CHALLENGE_KIND_OWN,
}
NAMES_OF_PHASES = {number: name for name, number in PHASES.items()}


def fill_challenge(message: challenge_pb2.Challenge, challenge: Challenge) -> None:
    """Fill a message with a challenge's layer and steps."""
    message.kind = KINDS[challenge.kind]
    message.layer.type = challenge.type
    message.layer.config.update(spelt_out(challenge.type, challenge.config))
    fill_tensors(message.layer.parameters, challenge.parameters)
    for step in challenge.steps:
        entry = message.steps.add(step_id=step.step_id)
        match step:
            case SetPhase():
                entry.set_phase = PHASES[step.phase]
            case Forward():
                entry.forward.inputs.extend(encode_tensor(each) for each in step.inputs)
                entry.forward.SetInParent()
            case SetParameters():
                fill_tensors(entry.set_parameters.parameters, step.parameters)
                entry.set_parameters.SetInParent()
            case Backward():
                fill_tensor(entry.backward.output_gradient, step.output_gradient)


def challenge_of(message: challenge_pb2.Challenge, check: Check) -> Challenge:
    """Return the challenge that `fill_challenge` was given."""
    return Challenge(
        kind=check.kind,
        type=message.layer.type,
        # As the grader wrote it: in a message all numbers are floats.
        config=check.config,
        parameters=decode_tensors(message.layer.parameters, "parameters"),
        steps=tuple(_step_of(step) for step in message.steps),
    )


def answer_of(message: challenge_pb2.Answer) -> Answer:
    """Return the answers of a message whose tensors have been checked."""
    return Answer({step.step_id: _step_answer_of(step) for step in message.steps})


def _step_of(message: challenge_pb2.ChallengeStep) -> Step:
    match message.WhichOneof("step"):
        case "set_phase":
            return SetPhase(message.step_id, NAMES_OF_PHASES[message.set_phase])
        case "forward":
            inputs = tuple(decode_tensor(each, "inputs") for each in message.forward.inputs)
            return Forward(message.step_id, inputs)
        case "set_parameters":
            values = decode_tensors(message.set_parameters.parameters, "parameters")
            return SetParameters(message.step_id, values)
    gradient = decode_tensor(message.backward.output_gradient, "output_gradient")
    return Backward(message.step_id, gradient)


def _step_answer_of(message: challenge_pb2.StepAnswer) -> StepAnswer:
    match message.WhichOneof("answer"):
        case "output":
            return Output(decode_tensor(message.output, "output"))
        case "gradients":
            gradients = message.gradients
            given = gradients.HasField("input_gradient")
            return Gradients(
                decode_tensor(gradients.input_gradient, "input_gradient") if given else None,
                decode_tensors(gradients.parameter_gradients, "parameter_gradients"),
            )
    return Failure(message.failure)
