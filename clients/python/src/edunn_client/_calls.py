"""The service's methods as values: what to send, how to read the answer, whether to repeat.

The sync and the asyncio client differ only in how they carry out a Call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from google.protobuf import duration_pb2, message_factory
from google.protobuf.message import Message
from numpy.typing import ArrayLike

from edunn_client._config import encode_config
from edunn_client._descriptions import (
    LayerInfo,
    LayerType,
    Limit,
    OptimizerType,
    SessionInfo,
    decode_layer,
    decode_layer_type,
    decode_limit,
    decode_optimizer_type,
    decode_session,
)
from edunn_client._layer_config import LayerConfig
from edunn_client._phase import PhaseLike, decode_phase, encode_phase
from edunn_client._stubs import (
    grading_service_pb2,
    layer_pb2,
    limits_pb2,
    optimizer_pb2,
    training_service_pb2,
)
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._tensors import Array, decode_tensors, encode_tensors
from edunn_client._wire import bytes_of

Result = TypeVar("Result")

COMPUTE = "Compute"
# From here on an event loop would notice how long a message takes to be read or written.
LARGE_BYTES = 1024 * 1024
# No two services have a method of the same name.
_SERVICES = (
    pb.DESCRIPTOR.services_by_name["LayerService"],
    training_service_pb2.DESCRIPTOR.services_by_name["TrainingService"],
    grading_service_pb2.DESCRIPTOR.services_by_name["GradingService"],
)
_METHODS = {method.name: method for service in _SERVICES for method in service.methods}


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One call of a unary method."""

    method: str
    request: Message | bytes
    decode: Callable[[Any], Result]
    repeatable: bool
    """Whether sending it a second time changes nothing, even if the first arrived."""
    recover: Callable[[float], Call[Result | None]] | None = None
    """Where the repetition of a creation says that the name exists: the call that looks whether it
    was the first attempt that made it. It is given the seconds since then."""


def methods(channel: Any) -> dict[str, Any]:
    """Return gRPC's callables for the services' methods, of a sync or an asyncio channel.

    A request may be given in bytes already, and an answer that is large stays in bytes: the asyncio
    client reads it where that does not hold up its event loop.
    """
    made: dict[str, Any] = {}
    for method in _METHODS.values():
        streams = method.client_streaming or method.server_streaming
        kind = f"{_arity(method.client_streaming)}_{_arity(method.server_streaming)}"
        answer = message_factory.GetMessageClass(method.output_type)
        made[method.name] = getattr(channel, kind)(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=bytes_of,
            response_deserializer=answer.FromString if streams else partial(_small, answer),
        )
    return made


def _arity(streaming: bool) -> str:
    return "stream" if streaming else "unary"


def _small(answer: type[Message], data: bytes) -> Message | bytes:
    return data if len(data) > LARGE_BYTES else answer.FromString(data)


def read_answer(method: str, reply: Message | bytes) -> Message:
    """Return an answer as a message."""
    if not isinstance(reply, bytes):
        return reply
    answer = message_factory.GetMessageClass(_METHODS[method].output_type)
    return answer.FromString(reply)


def list_layer_types() -> Call[tuple[LayerType, ...]]:
    def decode(reply: pb.ListLayerTypesResponse) -> tuple[LayerType, ...]:
        return tuple(decode_layer_type(layer_type) for layer_type in reply.layer_types)

    return Call("ListLayerTypes", pb.ListLayerTypesRequest(), decode, repeatable=True)


def list_optimizer_types() -> Call[tuple[OptimizerType, ...]]:
    def decode(reply: optimizer_pb2.ListOptimizerTypesResponse) -> tuple[OptimizerType, ...]:
        return tuple(map(decode_optimizer_type, reply.optimizer_types))

    request = optimizer_pb2.ListOptimizerTypesRequest()
    return Call("ListOptimizerTypes", request, decode, repeatable=True)


def get_limits() -> Call[tuple[Limit, ...]]:
    def decode(reply: limits_pb2.GetLimitsResponse) -> tuple[Limit, ...]:
        return tuple(map(decode_limit, reply.limits))

    return Call("GetLimits", limits_pb2.GetLimitsRequest(), decode, repeatable=True)


def create_session(
    seed: int | None,
    phase: PhaseLike | None,
    ttl: float | timedelta | None,
    session_id: str | None,
) -> Call[SessionInfo]:
    if seed is not None and not 0 <= seed < 2**64:
        raise ValueError(f"seed must be an integer from 0 to 2**64 - 1, not {seed}")
    request = pb.CreateSessionRequest(
        session_id=session_id or "", seed=seed, phase=encode_phase(phase), ttl=_duration(ttl)
    )
    # A repetition without a name leaves at worst an empty session, which ends with its ttl.
    return Call(
        "CreateSession",
        request,
        _session,
        repeatable=True,
        recover=lambda seconds: _find_created(request, seconds),
    )


def _find_created(request: pb.CreateSessionRequest, seconds: float) -> Call[SessionInfo | None]:
    """Return the call that finds the session of a request if that made it in the last seconds."""

    def decode(reply: pb.GetSessionResponse) -> SessionInfo | None:
        info = decode_session(reply.session)
        # Each of the three times is of the service's clock: GetSession, too, renews the expiry.
        age = info.expire_time.timestamp() - info.ttl - info.create_time.timestamp()
        same = (
            not info.layers
            and (not request.HasField("seed") or info.seed == request.seed)
            and (not request.HasField("ttl") or info.ttl == _seconds(request.ttl))
            and info.phase is decode_phase(request.phase)
        )
        return info if same and age <= seconds + _CLOCK_SECONDS else None

    return Call(
        "GetSession", pb.GetSessionRequest(session_id=request.session_id), decode, repeatable=True
    )


def get_session(session_id: str) -> Call[SessionInfo]:
    return Call("GetSession", pb.GetSessionRequest(session_id=session_id), _session, True)


def delete_session(session_id: str) -> Call[None]:
    # After a repetition NOT_FOUND means that the first attempt arrived; who closes a session
    # ignores it in any case.
    return Call("DeleteSession", pb.DeleteSessionRequest(session_id=session_id), _nothing, True)


def add_layer(
    session_id: str,
    name: str,
    layer_type: str | LayerConfig,
    config: Mapping[str, Any],
    parameters: Mapping[str, ArrayLike],
) -> Call[LayerInfo]:
    if isinstance(layer_type, LayerConfig):
        if config:
            raise TypeError(f"{layer_type} has its configuration: leave out {', '.join(config)}")
        config = layer_type.config()
        layer_type = layer_type.type
    spec = layer_pb2.LayerSpec(
        name=name,
        type=layer_type,
        config=encode_config(config),
        parameters=encode_tensors(parameters),
    )
    request = pb.AddLayerRequest(session_id=session_id, layer=spec)
    return Call(
        "AddLayer",
        request,
        lambda reply: decode_layer(reply.layer),
        repeatable=True,
        recover=lambda _seconds: _find_added(request),
    )


def _find_added(request: pb.AddLayerRequest) -> Call[LayerInfo | None]:
    """Return the call that finds the layer of a request, if the session has just such a one."""
    wanted = request.layer

    def decode(reply: pb.GetSessionResponse) -> LayerInfo | None:
        for layer in reply.session.layers:
            if layer.name == wanted.name:
                same = layer.type == wanted.type and layer.config == wanted.config
                return decode_layer(layer) if same else None
        return None

    return Call(
        "GetSession", pb.GetSessionRequest(session_id=request.session_id), decode, repeatable=True
    )


def get_parameters(session_id: str, layer: str) -> Call[dict[str, Array]]:
    request = pb.GetParametersRequest(session_id=session_id, layer=layer)
    return Call("GetParameters", request, lambda reply: decode_tensors(reply.parameters), True)


def set_parameters(session_id: str, layer: str, parameters: Mapping[str, ArrayLike]) -> Call[None]:
    request = pb.SetParametersRequest(
        session_id=session_id, layer=layer, parameters=encode_tensors(parameters)
    )
    return Call("SetParameters", request, _nothing, repeatable=True)


def _session(reply: pb.CreateSessionResponse | pb.GetSessionResponse) -> SessionInfo:
    return decode_session(reply.session)


def _nothing(_reply: Message) -> None:
    return None


def _duration(ttl: float | timedelta | None) -> duration_pb2.Duration | None:
    if ttl is None:
        return None
    seconds = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
    if not 0 < seconds <= _LONGEST_DURATION:
        raise ValueError(f"ttl must be a positive, finite number of seconds, not {ttl}")
    duration = duration_pb2.Duration()
    duration.FromTimedelta(timedelta(seconds=seconds))
    return duration


def _seconds(duration: duration_pb2.Duration) -> float:
    return duration.seconds + duration.nanos / 1e9


# What a Duration holds: ten thousand years.
_LONGEST_DURATION = 315_576_000_000
# How far apart the clocks of the service's machines may be.
_CLOCK_SECONDS = 2.0
