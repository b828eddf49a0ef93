"""A layer's configuration to and from protobuf's Struct, which is JSON with all numbers doubles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf import json_format, struct_pb2

# Above this a double no longer holds every integer.
_LARGEST_INTEGER = 2**53
# As the contract says: each such layer adds eight messages that lie within each other, an object
# three of them and a list two.
NESTED_LAYERS = 10
_DEPTH, _OBJECT_DEPTH, _LIST_DEPTH = 8 * NESTED_LAYERS + 4, 3, 2


def encode_config(config: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return `config` as a Struct; NumPy numbers and arrays and tuples are taken as JSON's.

    Raises
    ------
    TypeError
        A value is nothing that JSON has.
    ValueError
        An integer does not fit into a double, or layers lie too deep within each other.
    """
    struct = struct_pb2.Struct()
    struct.update(
        {name: _plain(value, name, _DEPTH - _OBJECT_DEPTH) for name, value in config.items()}
    )
    return struct


def too_deep(where: str) -> ValueError:
    """Return the error of a configuration in which layers lie deeper than the service takes."""
    return ValueError(
        f"layers lie at most {NESTED_LAYERS} deep within each other, and {where} holds deeper ones"
    )


def decode_config(struct: struct_pb2.Struct) -> dict[str, Any]:
    decoded: dict[str, Any] = json_format.MessageToDict(struct)
    return {name: _integers(value) for name, value in decoded.items()}


def decode_value(value: struct_pb2.Value) -> Any:
    return _integers(json_format.MessageToDict(value))


def _plain(value: Any, where: str, depth: int) -> Any:
    if depth < 0:
        raise too_deep(where.partition(".")[0])
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        if abs(value) > _LARGEST_INTEGER:
            raise ValueError(f"{where} = {value} is too large: the service would round it")
        return value
    if isinstance(value, Mapping):
        return {
            str(name): _plain(item, f"{where}.{name}", depth - _OBJECT_DEPTH)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{i}]", depth - _LIST_DEPTH) for i, item in enumerate(value)]
    raise TypeError(
        f"{where} cannot be a {type(value).__name__}: "
        "use numbers, strings, booleans, None, lists and dictionaries"
    )


def _integers(value: Any) -> Any:
    """Turn 4.0 back into 4: Struct has no integers, and the layers' sizes are integers."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST_INTEGER:
        return int(value)
    if isinstance(value, dict):
        return {name: _integers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_integers(item) for item in value]
    return value
