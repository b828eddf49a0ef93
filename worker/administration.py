"""The operations on sessions, layers and parameters: all except forward and backward."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence

import numpy as np

from edunn.errors import ConfigError, LayerError
from edunn.parameter_memory import TooLargeError
from edunn_serving.errors import Reason, ServiceError, invalid_argument, invalid_arguments, quoted
from edunn_serving.internal.v1.state_pb2 import SessionRecord
from edunn_serving.requests import nested_too_deeply
from edunn_serving.settings import Settings
from edunn_serving.v1 import layer_pb2
from edunn_serving.v1.layer_pb2 import Layer, LayerSpec, ParameterInfo
from edunn_serving.v1.layer_service_pb2 import (
    AddLayerRequest,
    AddLayerResponse,
    CreateSessionRequest,
    CreateSessionResponse,
    DeleteSessionRequest,
    DeleteSessionResponse,
    GetParametersRequest,
    GetParametersResponse,
    GetSessionRequest,
    GetSessionResponse,
    SetParametersRequest,
    SetParametersResponse,
)
from edunn_serving.v1.session_pb2 import Session
from worker.charges import charge_answer, charge_replacement
from worker.configs import TooDeepError, check_description, check_record_size
from worker.limits import DRAWING_WORK, Charge, check, parameter_limit
from worker.open_session import OpenSession
from worker.ready import ReadyLayer, build_layer
from worker.session_memory import layer_bytes, session_too_large
from worker.slots import BUFFERS, PARAMETERS
from worker.tensors import TYPE_OF_DTYPE, decode_tensors
from worker.wire import ArrayMessage

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
NAME_RULE = "1 to 64 letters, digits, '_', '-' or '.'"


def create_session(
    session: OpenSession, request: CreateSessionRequest, settings: Settings
) -> CreateSessionResponse:
    """Create a session with its first layers."""
    if not NAME.fullmatch(request.session_id):
        raise invalid_argument(
            "session_id", f"expected {NAME_RULE}, got {quoted(request.session_id)}"
        )
    if session.exists:
        raise ServiceError(
            Reason.SESSION_EXISTS,
            f"you have a session {quoted(request.session_id)} already",
            metadata={"session_id": request.session_id},
        )
    record = SessionRecord(
        incarnation=secrets.token_hex(8),
        seed=request.seed,
        phase=request.phase or layer_pb2.PHASE_TRAINING,
    )
    if record.phase not in (layer_pb2.PHASE_TRAINING, layer_pb2.PHASE_TEST):
        raise invalid_argument(
            "phase", f"expected PHASE_TRAINING or PHASE_TEST, got {request.phase}"
        )
    record.ttl.FromMilliseconds(round(_ttl_seconds(request, settings) * 1000))
    record.create_time.FromMilliseconds(session.now_ms)
    # Every layer is built before the session is created, so a bad one leaves nothing behind.
    built: list[ReadyLayer] = []
    for at, spec in enumerate(request.layers):
        ready = build_described(session, record, spec, f"layers[{at}]", settings)
        record.layers.append(layer_of(spec, ready))
        built.append(ready)
    session.create(record)
    for spec, ready in zip(request.layers, built, strict=True):
        session.add_layer(spec.name, ready)
    return CreateSessionResponse(session=_described(session))


def get_session(
    session: OpenSession, request: GetSessionRequest, settings: Settings
) -> GetSessionResponse:
    """Describe a session."""
    return GetSessionResponse(session=_described(session))


def delete_session(
    session: OpenSession, request: DeleteSessionRequest, settings: Settings
) -> DeleteSessionResponse:
    """End a session and remove everything that it holds."""
    _ = session.record  # raises if there is no such session
    session.delete()
    return DeleteSessionResponse()


def add_layer(
    session: OpenSession, request: AddLayerRequest, settings: Settings
) -> AddLayerResponse:
    """Add a named layer to a session."""
    ready = build_described(session, session.record, request.layer, "layer", settings)
    layer = layer_of(request.layer, ready)
    session.record.layers.append(layer)
    session.add_layer(layer.name, ready)
    return AddLayerResponse(layer=layer)


def get_parameters(
    session: OpenSession, request: GetParametersRequest, settings: Settings
) -> ArrayMessage:
    """Return the parameters and buffers of a layer."""
    model = session.layer(request.layer).model
    arrays = {**model.get_parameters(), **model.get_buffers()}
    charge = charge_answer(arrays)
    session.room.admit(charge, settings)
    response = ArrayMessage(GetParametersResponse())
    response.add_tensors("parameters", arrays)
    return response


def set_parameters(
    session: OpenSession, request: SetParametersRequest, settings: Settings
) -> SetParametersResponse:
    """Replace parameters or buffers of a layer."""
    layer = session.layer(request.layer)
    given = decode_tensors(request.parameters, "parameters")
    present = {**layer.model.get_parameters(), **layer.model.get_buffers()}
    check(charge_replacement(given, present), settings)
    parameters, buffers = _apply_arrays(layer.ready, given, "parameters")
    if parameters:
        session.save(layer, PARAMETERS)
    if buffers:
        session.save(layer, BUFFERS)
    return SetParametersResponse()


def _ttl_seconds(request: CreateSessionRequest, settings: Settings) -> float:
    if not request.HasField("ttl"):
        return settings.session_ttl_seconds
    ttl = request.ttl.seconds + request.ttl.nanos / 1e9
    if not 0.001 <= ttl <= settings.max_session_ttl_seconds:
        raise invalid_argument(
            "ttl", f"expected 0.001 to {settings.max_session_ttl_seconds:g} seconds, got {ttl:g}"
        )
    return ttl


def build_described(
    session: OpenSession, record: SessionRecord, spec: LayerSpec, field: str, settings: Settings
) -> ReadyLayer:
    """Build a layer by a caller's description, with its initial parameters."""
    if not NAME.fullmatch(spec.name):
        raise invalid_argument(f"{field}.name", f"expected {NAME_RULE}, got {quoted(spec.name)}")
    if any(layer.name == spec.name for layer in record.layers):
        raise ServiceError(
            Reason.LAYER_EXISTS,
            f"the session has a layer {quoted(spec.name)} already",
            metadata={"layer": spec.name},
        )
    if len(record.layers) >= settings.session_layers:
        raise ServiceError(
            Reason.QUOTA,
            f"a session may have {settings.session_layers} layers",
            metadata={"limit": str(settings.session_layers)},
        )
    check_description(spec, field, settings)
    taken, allowed = layer_bytes(record), parameter_limit(settings)
    room = min(allowed - taken, session.room.work_left() / DRAWING_WORK)
    session.randomness.wind_to_parameters(record.seed, spec.name)
    described = Layer(name=spec.name, type=spec.type, config=spec.config)
    try:
        ready = build_layer(
            described,
            generator=session.randomness.generator,
            max_bytes=int(room),
        )
    except TooDeepError as error:
        raise nested_too_deeply(f"{field}.config") from error
    except ConfigError as error:
        raise _config_error(error, spec, field) from error
    except TooLargeError as error:
        session.room.need(Charge(work=DRAWING_WORK * error.needed))
        raise session_too_large(taken + error.needed, allowed) from error
    given = decode_tensors(spec.parameters, f"{field}.parameters")
    present = {**ready.model.get_parameters(), **ready.model.get_buffers()}
    session.room.done += DRAWING_WORK * sum(array.nbytes for array in present.values())
    check(charge_replacement(given, present), settings)
    _apply_arrays(ready, given, f"{field}.parameters")
    check_record_size(record, layer_of(spec, ready), settings)
    return ready


def _config_error(error: ConfigError, spec: LayerSpec, field: str) -> ServiceError:
    if error.argument == "type":
        return ServiceError(
            Reason.LAYER_TYPE_NOT_FOUND,
            str(error),
            violations=[(f"{field}.type", str(error))],
            metadata={"type": spec.type},
        )
    return invalid_arguments((f"{field}.config.{path}", text) for path, text in error.violations)


def _apply_arrays(
    ready: ReadyLayer, arrays: Mapping[str, np.ndarray], field: str
) -> tuple[bool, bool]:
    """Give a layer new parameters and buffers, converted to its data types.

    Returns
    -------
    tuple of bool
        Whether any parameter was given, and whether any buffer was.
    """
    model = ready.model
    parameters, buffers = model.get_parameters(), model.get_buffers()
    there_are = {**parameters, **buffers}
    for name, array in arrays.items():
        if name not in there_are:
            names = ", ".join(there_are) or "none"
            raise invalid_argument(f"{field}[{name}]", f"the layer's parameters are: {names}")
        if array.dtype.kind != "f":
            raise invalid_argument(
                f"{field}[{name}]", f"expected floating-point numbers, got {array.dtype}"
            )
        if array.shape != there_are[name].shape:
            raise invalid_argument(
                f"{field}[{name}]",
                f"expected shape {list(there_are[name].shape)}, got {list(array.shape)}",
            )
    new_parameters = _converted(arrays, parameters)
    new_buffers = _converted(arrays, buffers)
    try:
        model.set_parameters(new_parameters)
        model.set_buffers(new_buffers)
    except LayerError as error:
        raise invalid_argument(f"{field}[{error.argument}]", str(error)) from error
    return bool(new_parameters), bool(new_buffers)


def _converted(
    arrays: Mapping[str, np.ndarray], present: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    return {
        name: array.astype(present[name].dtype) for name, array in arrays.items() if name in present
    }


def layer_of(spec: LayerSpec, ready: ReadyLayer) -> Layer:
    arrays = {**ready.model.get_parameters(), **ready.model.get_buffers()}
    return Layer(
        name=spec.name,
        type=spec.type,
        config=spec.config,
        parameters=_parameter_infos(arrays),
    )


def _parameter_infos(arrays: Mapping[str, np.ndarray]) -> Sequence[ParameterInfo]:
    return [
        ParameterInfo(name=name, data_type=TYPE_OF_DTYPE[array.dtype], shape=array.shape)
        for name, array in arrays.items()
    ]


def _described(session: OpenSession) -> Session:
    record = session.record
    described = Session(
        session_id=session.key.session_id,
        phase=record.phase,
        seed=record.seed,
        layers=record.layers,
        ttl=record.ttl,
        create_time=record.create_time,
    )
    described.expire_time.FromMilliseconds(session.now_ms + session.ttl_ms)
    return described
