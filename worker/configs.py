"""Configurations of layers as plain values."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.struct_pb2 import Struct, Value

from edunn_serving.errors import invalid_argument
from edunn_serving.internal.v1.state_pb2 import SessionRecord
from edunn_serving.requests import MAX_CONFIG_DEPTH
from edunn_serving.settings import Settings
from edunn_serving.v1.layer_pb2 import Layer, LayerSpec
from worker.limits import too_large

# How many messages an object and a list put around each of their values.
OBJECT_DEPTH, LIST_DEPTH = 3, 2


# No type, no field and no choice of the library's is longer. Names of layers within others are part
# of the names of their parameters and of all that a context keeps.
MAX_TEXT = 64
_SIZE = "bytes of names and configurations"


class TooDeepError(ValueError):
    """A configuration has more levels than any client could read in an answer."""


def plain_config(config: Struct) -> dict[str, object]:
    """Return a configuration as plain values.

    Unlike `json_format` it lets NaN pass, to be refused where the field's bounds are known.

    Raises
    ------
    TooDeepError
        Its messages lie deeper within each other than `MAX_CONFIG_DEPTH`.
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


def check_description(spec: LayerSpec, field: str, settings: Settings) -> None:
    """Refuse a layer whose description is too large, before anything is made of it.

    Raises
    ------
    ServiceError
        TOO_LARGE, or INVALID_ARGUMENT naming a text that is too long.
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
    """Refuse a layer with which the session's record would be too large to be written often.

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
    """Go through a value and all that is within it; protobuf bounds how deep that is."""
    yield path, value
    if value.HasField("struct_value"):
        yield from _walk_object(value.struct_value, path)
    elif value.HasField("list_value"):
        for at, each in enumerate(value.list_value.values):
            yield from _walk(each, f"{path}[{at}]")


def _check_text(field: str, text: str) -> None:
    if len(text) > MAX_TEXT:
        raise invalid_argument(field, f"expected at most {MAX_TEXT} characters, got {len(text)}")
