"""The service's methods as values: what to send, how to read the answer, whether to repeat.

The sync and the asyncio client differ only in how they carry out a Call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from google.protobuf import duration_pb2, message_factory
from google.protobuf.message import Message
from numpy.typing import ArrayLike

from edunn_client._stubs import layer_pb2
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client.config import encode_config
from edunn_client.descriptions import (
    LayerInfo,
    LayerType,
    SessionInfo,
    decode_layer,
    decode_layer_type,
    decode_session,
)
from edunn_client.phase import PhaseLike, encode_phase
from edunn_client.tensors import Array, decode_tensors, encode_tensors

Result = TypeVar("Result")

_SERVICE = pb.DESCRIPTOR.services_by_name["LayerService"]


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One call of a unary method."""

    method: str
    request: Message
    decode: Callable[[Any], Result]
    repeatable: bool
    """Whether sending it a second time changes nothing, even if the first arrived."""


def methods(channel: Any) -> dict[str, Any]:
    """Return gRPC's callables for the service's methods, of a sync or an asyncio channel."""
    made: dict[str, Any] = {}
    for method in _SERVICE.methods:
        make = channel.stream_stream if method.client_streaming else channel.unary_unary
        made[method.name] = make(
            f"/{_SERVICE.full_name}/{method.name}",
            request_serializer=message_factory.GetMessageClass(method.input_type).SerializeToString,
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
        )
    return made


def list_layer_types() -> Call[tuple[LayerType, ...]]:
    def decode(reply: pb.ListLayerTypesResponse) -> tuple[LayerType, ...]:
        return tuple(decode_layer_type(layer_type) for layer_type in reply.layer_types)

    return Call("ListLayerTypes", pb.ListLayerTypesRequest(), decode, repeatable=True)


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
    # A repetition without a name leaves at worst an empty session, which ends with its ttl. With a
    # name it could fail with SESSION_EXISTS because of the first attempt.
    return Call("CreateSession", request, _session, repeatable=not session_id)


def get_session(session_id: str) -> Call[SessionInfo]:
    return Call("GetSession", pb.GetSessionRequest(session_id=session_id), _session, True)


def delete_session(session_id: str) -> Call[None]:
    # After a repetition NOT_FOUND means that the first attempt arrived; who closes a session
    # ignores it in any case.
    return Call("DeleteSession", pb.DeleteSessionRequest(session_id=session_id), _nothing, True)


def add_layer(
    session_id: str,
    name: str,
    layer_type: str,
    config: Mapping[str, Any],
    parameters: Mapping[str, ArrayLike],
) -> Call[LayerInfo]:
    spec = layer_pb2.LayerSpec(
        name=name,
        type=layer_type,
        config=encode_config(config),
        parameters=encode_tensors(parameters),
    )
    request = pb.AddLayerRequest(session_id=session_id, layer=spec)
    # Not repeatable: the repetition could fail with LAYER_EXISTS because of the first attempt.
    return Call("AddLayer", request, lambda reply: decode_layer(reply.layer), repeatable=False)


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
    duration = duration_pb2.Duration()
    duration.FromTimedelta(ttl if isinstance(ttl, timedelta) else timedelta(seconds=ttl))
    return duration
