"""Configurations of layers and optimizers as plain values."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.struct_pb2 import Struct, Value

from edunn_serving.errors import invalid_argument
from edunn_serving.internal.v1.state_pb2 import SessionRecord
from edunn_serving.requests import MAX_CONFIG_DEPTH
from edunn_serving.settings import Settings
from edunn_serving.v1.layer_pb2 import Layer, LayerSpec
from edunn_serving.v1.optimizer_pb2 import OptimizerSpec
from worker.limits import too_large

# The number of messages that an object and a list put around each of their values.
OBJECT_DEPTH, LIST_DEPTH = 3, 2


# The most characters of a text. Every type, field and choice of the library is shorter. Names of
# layers within others are part of the names of their parameters and of their arrays in a context.
MAX_TEXT = 64
_SIZE = "bytes of names and configurations"


class TooDeepError(ValueError):
    """A configuration has more levels than clients can read in an answer."""


def plain_config(config: Struct) -> dict[str, object]:
    """Return a configuration as plain values.

    Unlike `json_format` it accepts NaN. The check of the field's bounds refuses it later.

    Raises
    ------
    TooDeepError
        Its messages are nested deeper than `MAX_CONFIG_DEPTH`.
    """
    return _plain_object(config, MAX_CONFIG_DEPTH)


def _plain_object(config: Struct, depth: int) -> dict[str, object]:
    return {name: _plain(value, depth - OBJECT_DEPTH) for name, value in config.fields.items()}


def _plain(value: Value, depth: int) -> object:
    if depth < 0:
        raise TooDeepError
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain_object(value.struct_value, depth)
    if kind == "list_value":
        return [_plain(each, depth - LIST_DEPTH) for each in value.list_value.values]
    if kind is None or kind == "null_value":
        return None
    plain: object = getattr(value, kind)
    return plain


def check_description(spec: LayerSpec | OptimizerSpec, field: str, settings: Settings) -> None:
    """Refuse a layer or an optimizer whose description is too large, before it is parsed further.

    Raises
    ------
    ServiceError
        TOO_LARGE, or INVALID_ARGUMENT with the field of a text that is too long.
    """
    size = spec.config.ByteSize()
    if size > settings.session_record_bytes:
        raise too_large(_SIZE, size, settings.session_record_bytes)
    _check_text(f"{field}.type", spec.type)
    walked = _walk_object(spec.config, f"{field}.config")
    for values, (path, value) in enumerate(walked, start=1):
        if values > settings.layer_config_values:
            raise too_large("values in a configuration", values, settings.layer_config_values)
        if value.HasField("string_value"):
            _check_text(path, value.string_value)


def check_record_size(record: SessionRecord, layer: Layer, settings: Settings) -> None:
    """Refuse a layer that would make the session's record too large. It is written often.

    Raises
    ------
    ServiceError
        TOO_LARGE.
    """
    size = record.ByteSize() + layer.ByteSize()
    if size > settings.session_record_bytes:
        raise too_large(_SIZE, size, settings.session_record_bytes)


def _walk_object(config: Struct, path: str) -> Iterator[tuple[str, Value]]:
    for name, value in config.fields.items():
        _check_text(path, name)
        yield from _walk(value, f"{path}.{name}")


def _walk(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    """Yield a value and every value within it, each with its path. protobuf bounds the depth."""
    yield path, value
    if value.HasField("struct_value"):
        yield from _walk_object(value.struct_value, path)
    elif value.HasField("list_value"):
        for at, each in enumerate(value.list_value.values):
            yield from _walk(each, f"{path}[{at}]")


def _check_text(field: str, text: str) -> None:
    if len(text) > MAX_TEXT:
        raise invalid_argument(field, f"expected at most {MAX_TEXT} characters, got {len(text)}")
