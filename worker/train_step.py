"""Forward, loss, backward and step of a layer in one operation."""

from __future__ import annotations

import numpy as np

from edunn.answers import backward_of, forward_of
from edunn.errors import LayerError
from edunn.losses.loss import Loss
from edunn.model import Model
from edunn_serving.errors import ServiceError, invalid_argument
from edunn_serving.internal.v1.state_pb2 import ContextHeader
from edunn_serving.settings import Settings
from edunn_serving.v1 import layer_pb2
from edunn_serving.v1.step_pb2 import TrainStepRequest, TrainStepResponse
from worker.charges import charge_train_step, spec_of
from worker.gradients import sums
from worker.limits import SHARED_WORK
from worker.open_session import OpenLayer, OpenSession
from worker.passes import LAYER_PHASES, compute, copies_of, decode_inputs, input_error
from worker.repetitions import NUMBERED, STEP, digest_of, trace_of
from worker.slots import BUFFERS
from worker.steps import Step, contents_of_optimizer, step_done
from worker.tensors import decode_tensor


def run_train_step(
    session: OpenSession, request: TrainStepRequest, settings: Settings
) -> TrainStepResponse:
    """Change a layer's parameters by one step on the mean loss of some samples."""
    layer = session.layer(request.layer)
    digest = _digest_of(request) if request.step_id else b""
    done = step_done(layer, request.step_id, digest)
    if done is not None:
        return TrainStepResponse(step_id=request.step_id, loss=done.loss, steps=done.steps)
    loss_model = _loss_of(session, request)
    step = Step(session, layer, request, settings)
    inputs, target = decode_inputs(request, layer), _decode_target(request)
    _admit(session, layer, loss_model, inputs, target, step, settings)

    before = copies_of(layer.model.get_buffers())
    completed = False
    try:
        name = request.step_id or f"{NUMBERED}{layer.count + 1}"
        output = compute(session, layer, inputs, layer_pb2.PHASE_TRAINING, name)
        loss, gradients = _backpropagate(layer, loss_model, target, output)
        steps = step.apply(sums(layer.ready.gradients.arrays, gradients))
        completed = True
    finally:
        # A refused step changes nothing.
        if before and not completed:
            layer.model.set_buffers(before)
    if before:
        session.save(layer, BUFFERS)
    if request.step_id:
        header = ContextHeader(request_digest=digest, steps=steps, loss=loss)
        session.save_trace(layer, trace_of(STEP, request.step_id), header)
    else:
        session.count_forward(layer)
    return TrainStepResponse(
        step_id=request.step_id or f"{NUMBERED}{steps}", loss=loss, steps=steps
    )


def _digest_of(request: TrainStepRequest) -> bytes:
    return digest_of(
        [*request.inputs, request.target],
        "TrainStep",
        request.loss,
        contents_of_optimizer(request),
    )


def _loss_of(session: OpenSession, request: TrainStepRequest) -> Model:
    loss = session.layer(request.loss).model
    if not isinstance(loss, Loss) or request.loss == request.layer:
        raise invalid_argument(
            "loss", f"expected a loss beside the layer to train, got {type(loss).__name__}"
        )
    return loss


def _decode_target(request: TrainStepRequest) -> np.ndarray:
    if not request.HasField("target"):
        raise invalid_argument("target", "expected a tensor, got none")
    return decode_tensor(request.target, "target")


def _admit(
    session: OpenSession,
    layer: OpenLayer,
    loss: Model,
    inputs: list[np.ndarray],
    target: np.ndarray,
    step: Step,
    settings: Settings,
) -> None:
    """Refuse a step that would take too much, or inputs and targets that do not fit.

    A step for which others would wait too long is sent again.
    """
    kind = (
        "step",
        loss.name,
        type(step.rule),
        *[(each.shape, each.dtype.num) for each in (*inputs, target)],
    )
    if kind in layer.ready.admitted:
        return
    layer.model.set_phase(LAYER_PHASES[layer_pb2.PHASE_TRAINING])
    try:
        passes = layer.model.estimate(*map(spec_of, inputs))
    except LayerError as error:
        raise input_error(error, layer) from error
    try:
        errors = loss.estimate(spec_of(target), passes.output)
    except LayerError as error:
        raise _loss_error(error) from error
    sent = sum(each.nbytes for each in (*inputs, target))
    trained = layer.model.trained_parameters()
    charge = charge_train_step(passes, errors, trained, step.rule, sent)
    session.room.admit(charge, settings)
    if charge.work <= SHARED_WORK:
        layer.ready.admit(kind, b"")


def _backpropagate(
    layer: OpenLayer, loss: Model, target: np.ndarray, output: np.ndarray
) -> tuple[float, dict[str, np.ndarray]]:
    """Return the mean loss of the samples, and the gradients of the layer's parameters.

    It computes what `BatchedGradientOptimizer.backpropagation` does, so that both give the same
    bits.
    """
    try:
        errors = np.asarray(forward_of(loss, target, output))
        output_gradient, _ = backward_of(loss, 1.0 / max(1, errors.size))
    except LayerError as error:
        raise _loss_error(error) from error
    gradients = layer.model.parameter_gradients(output_gradient)
    mean = errors if errors.ndim == 0 else np.mean(errors, dtype=np.float64)
    return float(mean), gradients


def _loss_error(error: LayerError) -> ServiceError:
    # The loss calls the layer's output `y`. It may not suit the loss, as the target may not.
    return invalid_argument("target" if error.argument == "y_true" else "loss", str(error))
