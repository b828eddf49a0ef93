"""What the service tells about layer types, layers and sessions, as plain objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edunn_client._config import decode_config, decode_value
from edunn_client._phase import Phase, decode_phase
from edunn_client._stubs import layer_pb2, limits_pb2, optimizer_pb2, session_pb2, tensor_pb2

_PREFIX = "DATA_TYPE_"
_DATA_TYPES = tensor_pb2.DESCRIPTOR.enum_types_by_name["DataType"]


@dataclass(frozen=True)
class ConfigField:
    """One field of a layer type's configuration."""

    name: str
    type: str
    required: bool
    default: Any
    summary: str
    bounds: str


@dataclass(frozen=True)
class ParameterType:
    """A parameter of a layer type, its shape in terms of the configuration."""

    name: str
    shape: str


@dataclass(frozen=True)
class LayerType:
    """One entry of the catalogue."""

    type: str
    summary: str
    config_fields: tuple[ConfigField, ...]
    inputs: tuple[str, ...]
    parameters: tuple[ParameterType, ...]
    buffers: tuple[ParameterType, ...]


@dataclass(frozen=True)
class OptimizerType:
    """One entry of the catalogue of optimizers."""

    type: str
    summary: str
    config_fields: tuple[ConfigField, ...]


@dataclass(frozen=True)
class Limit:
    """A limit of the caller's. `used` is None where it does not add up."""

    name: str
    value: float
    used: float | None


@dataclass(frozen=True)
class ParameterInfo:
    """A parameter or buffer of a layer in a session, without its values."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class LayerInfo:
    """A layer as it stands in a session."""

    name: str
    type: str
    config: dict[str, Any]
    parameters: tuple[ParameterInfo, ...]


@dataclass(frozen=True)
class SessionInfo:
    """A session as it stands: `ttl` in seconds since its last use, `expire_time` if left alone."""

    session_id: str
    phase: Phase
    seed: int
    layers: tuple[LayerInfo, ...]
    ttl: float
    create_time: datetime
    expire_time: datetime


def decode_layer_type(message: layer_pb2.LayerType) -> LayerType:
    return LayerType(
        type=message.type,
        summary=message.summary,
        config_fields=_config_fields(message.config_fields),
        inputs=tuple(message.inputs),
        parameters=_parameter_types(message.parameters),
        buffers=_parameter_types(message.buffers),
    )


def decode_optimizer_type(message: optimizer_pb2.OptimizerType) -> OptimizerType:
    return OptimizerType(message.type, message.summary, _config_fields(message.config_fields))


def decode_limit(message: limits_pb2.Limit) -> Limit:
    used = message.used if message.HasField("used") else None
    return Limit(message.name, message.value, used)


def _config_fields(messages: Iterable[layer_pb2.ConfigField]) -> tuple[ConfigField, ...]:
    return tuple(
        ConfigField(
            name=field.name,
            type=field.type,
            required=field.required,
            default=decode_value(field.default_value) if not field.required else None,
            summary=field.summary,
            bounds=field.bounds,
        )
        for field in messages
    )


def _parameter_types(messages: Iterable[layer_pb2.ParameterType]) -> tuple[ParameterType, ...]:
    return tuple(ParameterType(message.name, message.shape) for message in messages)


def decode_layer(message: layer_pb2.Layer) -> LayerInfo:
    return LayerInfo(
        name=message.name,
        type=message.type,
        config=decode_config(message.config),
        parameters=tuple(
            ParameterInfo(
                parameter.name,
                _DATA_TYPES.values_by_number[parameter.data_type]
                .name.removeprefix(_PREFIX)
                .lower(),
                tuple(parameter.shape),
            )
            for parameter in message.parameters
        ),
    )


def decode_session(message: session_pb2.Session) -> SessionInfo:
    return SessionInfo(
        session_id=message.session_id,
        phase=decode_phase(message.phase),
        seed=message.seed,
        layers=tuple(decode_layer(layer) for layer in message.layers),
        ttl=message.ttl.seconds + message.ttl.nanos / 1e9,
        create_time=message.create_time.ToDatetime(UTC),
        expire_time=message.expire_time.ToDatetime(UTC),
    )
