"""The forward and the backward pass of a layer in a session."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import numpy as np

from edunn.errors import LayerError
from edunn.model import Phase as LayerPhase
from edunn_serving import keys
from edunn_serving.errors import Reason, ServiceError, invalid_argument
from edunn_serving.internal.v1.state_pb2 import Context
from edunn_serving.replies import FREE_ANSWER_BYTES
from edunn_serving.settings import Settings
from edunn_serving.v1 import layer_pb2
from edunn_serving.v1.layer_pb2 import Phase
from edunn_serving.v1.layer_service_pb2 import (
    BackwardRequest,
    BackwardResponse,
    ForwardRequest,
    ForwardResponse,
)
from edunn_serving.v1.step_pb2 import TrainStepRequest
from worker.charges import charge_backward, charge_backward_of, charge_forward
from worker.contexts import decode_cache, encode_charge, encode_context, is_evicted
from worker.gradients import Accumulation
from worker.limits import SHARED_WORK, check, is_small
from worker.open_session import OpenLayer, OpenSession
from worker.repetitions import NUMBERED, check_id, digest_of
from worker.slots import BUFFERS, PARAMETERS
from worker.stored import context_cost
from worker.tensors import decode_tensor
from worker.wire import ArrayMessage

# Bytes of a float64, the widest number.
LARGEST_ITEMSIZE = 8

LAYER_PHASES = {
    layer_pb2.PHASE_TRAINING: LayerPhase.Training,
    layer_pb2.PHASE_TEST: LayerPhase.Test,
}


def run_forward(session: OpenSession, request: ForwardRequest, settings: Settings) -> ArrayMessage:
    """Compute a layer's output and store the context."""
    layer = session.layer(request.layer)
    phase = _phase_of(request, session)
    inputs = decode_inputs(request, layer)
    forward_id = _forward_id_of(request, layer, phase)
    repeated = request.forward_id and not request.untracked
    digest = digest_of(request.inputs, phase) if repeated else b""
    repetition = _repetition_of(layer, forward_id, digest) if digest else Repetition.NONE
    known = repetition is not Repetition.NONE
    backward = _admit_forward(
        session, layer, inputs, phase, settings, tracked=not request.untracked
    )

    # Training changes buffers as it computes.
    training = phase == layer_pb2.PHASE_TRAINING
    before = copies_of(layer.model.get_buffers()) if training else {}
    completed = False
    try:
        output = compute(session, layer, inputs, phase, forward_id)
        context = b""
        if not request.untracked and repetition is not Repetition.KEPT:
            context = _context_of_forward(layer, phase, digest, output, backward)
            _check_budget(layer, forward_id, context, settings.session_context_bytes)
        response = ArrayMessage(ForwardResponse(forward_id=forward_id, phase=phase))
        response.add_tensor("output", output)
        completed = True
    finally:
        # A refused forward and a repeated one change nothing.
        if before and (known or not completed):
            layer.model.set_buffers(before)
    if before and not known:
        session.save(layer, BUFFERS)
    if forward_id.startswith(NUMBERED):
        session.count_forward(layer)
    if context:
        session.save_context(layer, forward_id, context)
    return response


def _admit_forward(
    session: OpenSession,
    layer: OpenLayer,
    inputs: list[np.ndarray],
    phase: Phase,
    settings: Settings,
    *,
    tracked: bool,
) -> bytes:
    """Refuse a forward whose charge is too large, or for whose answer the server has no room yet.

    Returns the backward's charge as a part of a context. It is empty if the charge is small.
    """
    forward = (phase, tracked, *[(each.shape, each.dtype.num) for each in inputs])
    admitted = layer.ready.admitted.get(forward)
    if admitted is not None:
        return admitted
    layer.model.set_phase(LAYER_PHASES[phase])
    try:
        charge = charge_forward(layer.model, inputs, tracked=tracked)
    except LayerError as error:
        raise input_error(error, layer) from error
    check(charge, settings)
    if charge.stored > settings.session_context_bytes:
        raise _context_too_large(charge.stored, settings.session_context_bytes)
    estimate = charge_backward_of(layer.model, inputs)
    # Most backwards need no second check, whatever the dtype of their output gradient.
    is_small_backward = is_small(charge_backward(estimate, LARGEST_ITEMSIZE), settings)
    backward = b"" if is_small_backward else encode_charge(estimate)
    session.room.need(charge)
    # An operation that needs room needs it each time.
    if charge.answer <= FREE_ANSWER_BYTES and charge.work <= SHARED_WORK:
        layer.ready.admit(forward, backward)
    return backward


def _context_of_forward(
    layer: OpenLayer, phase: Phase, digest: bytes, output: np.ndarray, backward: bytes
) -> bytes:
    in_test = phase == layer_pb2.PHASE_TEST
    return encode_context(
        layer.model.get_cache(),
        parameters_version=layer.ready.versions[PARAMETERS.name],
        # In training the output does not depend on the buffers. The forward changes them.
        buffers_version=layer.ready.versions[BUFFERS.name] if in_test else 0,
        phase=phase,
        request_digest=digest,
        output_shape=output.shape,
        backward=backward,
    )


def run_backward(
    session: OpenSession, request: BackwardRequest, settings: Settings
) -> ArrayMessage:
    """Compute the gradients of an earlier forward."""
    layer = session.layer(request.layer)
    forward_id = request.forward_id or layer.latest
    if not forward_id:
        raise ServiceError(
            Reason.NO_FORWARD,
            f"layer {layer.name!r} has had no tracked forward yet: call Forward before Backward",
            metadata={"layer": layer.name},
        )
    context = _context_of(session, layer, forward_id)
    if context.header.parameters_version != layer.ready.versions[PARAMETERS.name]:
        raise _forward_stale(layer, forward_id)
    if not request.HasField("output_gradient"):
        raise invalid_argument("output_gradient", "expected a tensor, got none")
    output_gradient = decode_tensor(request.output_gradient, "output_gradient")
    if output_gradient.dtype.kind != "f":
        raise invalid_argument(
            "output_gradient", f"expected floating-point numbers, got {output_gradient.dtype}"
        )
    if output_gradient.shape != tuple(context.output_shape):
        raise invalid_argument(
            "output_gradient",
            f"expected the shape of the forward's output, {list(context.output_shape)}, "
            f"got {list(output_gradient.shape)}",
        )
    if context.HasField("backward"):
        charge = charge_backward(context.backward, output_gradient.itemsize)
        session.room.admit(charge, settings)
    accumulation = Accumulation(session, layer, request, settings) if request.accumulate else None
    layer.model.set_phase(LAYER_PHASES[context.phase])
    layer.model.set_cache(decode_cache(context))
    try:
        input_gradient, parameter_gradients = layer.model.backward(output_gradient)
    except LayerError as error:
        raise invalid_argument("output_gradient", str(error)) from error
    if accumulation:
        accumulation.add(parameter_gradients)
        parameter_gradients = {}
    response = ArrayMessage(BackwardResponse())
    response.add_tensor("input_gradient", np.asarray(input_gradient))
    response.add_tensors("parameter_gradients", parameter_gradients)
    return response


def _phase_of(request: ForwardRequest, session: OpenSession) -> Phase:
    phase = request.phase or session.record.phase
    if phase not in LAYER_PHASES:
        raise invalid_argument("phase", f"expected PHASE_TRAINING or PHASE_TEST, got {phase}")
    return phase


def decode_inputs(request: ForwardRequest | TrainStepRequest, layer: OpenLayer) -> list[np.ndarray]:
    """Return the inputs of a request, as many as the layer takes."""
    if len(request.inputs) != len(layer.inputs):
        raise invalid_argument(
            "inputs",
            f"expected {len(layer.inputs)} ({', '.join(layer.inputs)}), got {len(request.inputs)}",
        )
    return [decode_tensor(tensor, f"inputs[{at}]") for at, tensor in enumerate(request.inputs)]


def _forward_id_of(request: ForwardRequest, layer: OpenLayer, phase: Phase) -> str:
    """Return the caller's id, or the next number. It is empty if no id is needed."""
    if request.forward_id:
        check_id("forward_id", request.forward_id)
        return request.forward_id
    if request.untracked and phase == layer_pb2.PHASE_TEST:
        return ""
    return f"{NUMBERED}{layer.count + 1}"


class Repetition(Enum):
    """Whether a forward has been computed before with its id."""

    NONE = "it is new"
    KEPT = "it has, and its context is kept"
    EVICTED = "it has, and its context must be computed again"


def _repetition_of(layer: OpenLayer, forward_id: str, digest: bytes) -> Repetition:
    """Return whether the same forward has been computed before with this id.

    Raises
    ------
    ServiceError
        FORWARD_EXISTS: another forward has the id. FORWARD_STALE: this forward has the id, but its
        answer would differ, because the parameters have changed since.
    """
    stored = layer.contexts.get(forward_id)
    if stored is None:
        return Repetition.NONE
    context = Context.FromString(stored)
    if context.header.request_digest != digest:
        raise ServiceError(
            Reason.FORWARD_EXISTS,
            f"layer {layer.name!r} has a forward {forward_id!r} with other inputs or another "
            "phase: choose another forward_id",
            metadata={"layer": layer.name, "forward_id": forward_id},
        )
    versions = layer.ready.versions
    other_buffers = context.header.buffers_version not in (0, versions[BUFFERS.name])
    if context.header.parameters_version != versions[PARAMETERS.name] or other_buffers:
        raise _forward_stale(layer, forward_id)
    return Repetition.EVICTED if is_evicted(context) else Repetition.KEPT


def copies_of(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return copies of arrays, to be set again if an operation does not end cleanly."""
    return {name: array.copy() for name, array in arrays.items()}


def compute(
    session: OpenSession, layer: OpenLayer, inputs: list[np.ndarray], phase: Phase, forward_id: str
) -> np.ndarray:
    """Return the layer's output, with the random stream of this forward."""
    model = layer.model
    if phase == layer_pb2.PHASE_TRAINING:
        session.randomness.wind_to_forward(session.record.seed, layer.name, forward_id)
    model.set_phase(LAYER_PHASES[phase])
    try:
        return np.asarray(model.forward(*inputs))
    except LayerError as error:
        raise input_error(error, layer) from error


def input_error(error: LayerError, layer: OpenLayer) -> ServiceError:
    """Return the error of inputs that the layer refuses."""
    if error.argument in layer.inputs:
        field = f"inputs[{layer.inputs.index(error.argument)}]"
    else:
        field = "inputs"
    return invalid_argument(field, str(error))


def _check_budget(layer: OpenLayer, forward_id: str, context: bytes, context_budget: int) -> None:
    cost = context_cost(keys.context(layer.name, forward_id), context)
    if cost > context_budget:
        raise _context_too_large(cost, context_budget)


def _context_too_large(cost: int, limit: int) -> ServiceError:
    return ServiceError(
        Reason.TOO_LARGE,
        f"the forward's context takes {cost} bytes, a session may keep "
        f"{limit}: send a smaller batch, or set untracked",
        metadata={"bytes": str(cost), "limit": str(limit)},
    )


def _context_of(session: OpenSession, layer: OpenLayer, forward_id: str) -> Context:
    stored = layer.contexts.get(forward_id)
    if stored is not None:
        context = Context.FromString(stored)
        if not is_evicted(context):
            return context
    metadata = {"layer": layer.name, "forward_id": forward_id}
    number = forward_id.removeprefix(NUMBERED)
    was_numbered = forward_id != number and number.isdecimal() and int(number) <= layer.count
    # The context may be one of the evicted ones that the session has forgotten.
    may_be_forgotten = session.has_forgotten and forward_id == number
    if stored is not None or was_numbered or may_be_forgotten:
        raise ServiceError(
            Reason.CONTEXT_EVICTED,
            f"forward {forward_id!r} of layer {layer.name!r} was evicted, or was untracked: "
            "send the forward again",
            metadata=metadata,
        )
    raise ServiceError(
        Reason.FORWARD_NOT_FOUND,
        f"layer {layer.name!r} has had no forward {forward_id!r}",
        metadata=metadata,
    )


def _forward_stale(layer: OpenLayer, forward_id: str) -> ServiceError:
    return ServiceError(
        Reason.FORWARD_STALE,
        f"the parameters or buffers of layer {layer.name!r} changed after forward {forward_id!r}: "
        "send the forward again",
        metadata={"layer": layer.name, "forward_id": forward_id},
    )
