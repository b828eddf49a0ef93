"""The parameter gradients that a session keeps for a layer's next step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edunn.model import Model
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.internal.v1.state_pb2 import ContextHeader, TrainingBytes
from edunn_serving.settings import Settings
from edunn_serving.v1.layer_service_pb2 import BackwardRequest
from edunn_serving.v1.step_pb2 import ClearGradientsRequest, ClearGradientsResponse
from worker.charges import WIDEST_BYTES, charge_kept_gradients
from worker.limits import parameter_limit
from worker.open_session import OpenLayer, OpenSession
from worker.repetitions import BACKWARD, check_id, digest_of, earlier, trace_of
from worker.session_memory import layer_bytes, session_too_large
from worker.slots import GRADIENTS, KeptGradients


def clear_gradients(
    session: OpenSession, request: ClearGradientsRequest, settings: Settings
) -> ClearGradientsResponse:
    """Forget a layer's kept gradients."""
    forget(session, session.layer(request.layer))
    return ClearGradientsResponse()


def forget(session: OpenSession, layer: OpenLayer) -> None:
    """Forget a layer's kept gradients, if it has any."""
    if layer.ready.gradients.backwards:
        layer.ready.gradients = KeptGradients()
        session.save(layer, GRADIENTS)


class Accumulation:
    """What a backward adds to the kept gradients: checked before it computes, and added after."""

    def __init__(
        self, session: OpenSession, layer: OpenLayer, request: BackwardRequest, settings: Settings
    ) -> None:
        self._session = session
        self._layer = layer
        self._backward_id = request.backward_id
        self._digest = b""
        self._is_repeated = False
        if request.backward_id:
            check_id("backward_id", request.backward_id)
            self._digest = digest_of([request.output_gradient], request.forward_id)
            done = earlier(layer, BACKWARD, request.backward_id, self._digest)
            self._is_repeated = done is not None
        session.room.admit(charge_kept_gradients(layer.model.trained_parameters()), settings)
        self._reserved = reserved_for(session, layer, settings, gradients=True)

    def add(self, gradients: Mapping[str, np.ndarray]) -> None:
        """Add the gradients of a backward, unless a repetition has added them before."""
        if self._is_repeated:
            return
        ready = self._layer.ready
        kept = ready.gradients
        ready.gradients = KeptGradients(sums(kept.arrays, gradients), kept.backwards + 1)
        self._session.reserve(self._layer, self._reserved)
        self._session.save(self._layer, GRADIENTS)
        if self._backward_id:
            trace = trace_of(BACKWARD, self._backward_id)
            self._session.save_trace(self._layer, trace, ContextHeader(request_digest=self._digest))


def sums(
    kept: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the sums of gradients by parameter name. Those kept come first, as in a loop."""
    added = {
        name: kept[name] + gradient if name in kept else gradient
        for name, gradient in gradients.items()
    }
    return {**kept, **added}


def check_finite(layer: OpenLayer, gradients: Mapping[str, np.ndarray]) -> None:
    """Refuse gradients with which a step would spoil parameters.

    Raises
    ------
    ServiceError
        NOT_FINITE, with the first parameter that has a NaN or an infinity itself, or else whose
        gradient has one.
    """
    for name in layer.model.get_parameters():
        if name in gradients and not np.isfinite(gradients[name]).all():
            # Then the gradients of other parameters are not finite either.
            check_finite_parameters(layer)
            raise _not_finite(layer, name, f"the gradient of parameter {name!r}")


def check_finite_parameters(layer: OpenLayer) -> None:
    """Refuse to train a layer whose parameters no step can mend.

    Raises
    ------
    ServiceError
        NOT_FINITE, with the first parameter that has a NaN or an infinity.
    """
    for name, parameter in layer.model.get_parameters().items():
        if not np.isfinite(parameter).all():
            raise _not_finite(layer, name, f"parameter {name!r}")


def _not_finite(layer: OpenLayer, parameter: str, what: str) -> ServiceError:
    return ServiceError(
        Reason.NOT_FINITE,
        f"{what} of layer {layer.name!r} has a NaN or an infinity: nothing is changed",
        metadata={"layer": layer.name, "parameter": parameter},
    )


def reserved_for(
    session: OpenSession,
    layer: OpenLayer,
    settings: Settings,
    *,
    gradients: bool = False,
    optimizer_arrays: int | None = None,
) -> TrainingBytes:
    """Return what a layer's training may keep from now on, within the session's limit.

    Parameters
    ----------
    gradients
        Whether gradients are to be kept. They stay reserved.
    optimizer_arrays
        The arrays that the optimizer keeps for a parameter. None: as before.

    Raises
    ------
    ServiceError
        TOO_LARGE: the session's layers would take more than they may.
    """
    record = session.record
    reserved = TrainingBytes()
    present = record.training.get(layer.name)
    if present is not None:
        reserved.CopyFrom(present)
    trained = trained_bytes(layer.model)
    if gradients:
        reserved.gradients = trained
    if optimizer_arrays is not None:
        reserved.optimizer = optimizer_arrays * trained
    if present == reserved:
        return reserved
    before = present.gradients + present.optimizer if present is not None else 0
    needed = layer_bytes(record) - before + reserved.gradients + reserved.optimizer
    if needed > parameter_limit(settings):
        raise session_too_large(needed, parameter_limit(settings))
    return reserved


def trained_bytes(model: Model) -> int:
    """Return the bytes that a model's trained parameters take in float64."""
    return WIDEST_BYTES * sum(each.size for each in model.trained_parameters().values())
