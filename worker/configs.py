"""Configurations of layers as plain values."""

from __future__ import annotations

from google.protobuf.struct_pb2 import Struct, Value

from edunn_serving.requests import MAX_CONFIG_DEPTH

# How many messages an object and a list put around each of their values.
OBJECT_DEPTH, LIST_DEPTH = 3, 2


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
