"""Encodes messages with arrays. A large array is copied once: into the encoded message.

protobuf copies an array's bytes when the message is filled, and twice more when it is encoded. A
message is its fields' encodings one after another, so protobuf reads the pieces put together here:
https://protobuf.dev/programming-guides/encoding/. For small arrays protobuf is quicker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf.message import Message

from edunn_serving.v1.tensor_pb2 import Tensor
from worker.tensors import fill_tensor, type_of

# From this size on protobuf's copies take longer than the encoding here, as measured.
LARGE_BYTES = 64 * 1024

Piece = bytes | memoryview

LENGTH_DELIMITED = 2
# The fields of an entry of any map.
KEY, VALUE = 1, 2


class ArrayMessage:
    """A message whose arrays are added when it is encoded."""

    def __init__(self, message: Message) -> None:
        self._message: Any = message
        self._pieces: list[Piece] = []

    def add_tensor(self, name: str, array: np.ndarray) -> None:
        """Put an array into a field, as a tensor."""
        if array.nbytes < LARGE_BYTES:
            fill_tensor(getattr(self._message, name), array)
        else:
            self._pieces += nested(self._number(name), tensor_pieces(array))

    def add_tensors(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Put arrays into a map of tensors, by name."""
        for key, array in arrays.items():
            if array.nbytes < LARGE_BYTES:
                fill_tensor(getattr(self._message, name)[key], array)
            else:
                self.add_entry(name, key, tensor_pieces(array))

    def add_entry(self, name: str, key: str, value: list[Piece]) -> None:
        """Put an encoded message into a map."""
        parts = [*nested(KEY, [key.encode()]), *nested(VALUE, value)]
        self._pieces += nested(self._number(name), parts)

    def add_encoded(self, fields: bytes) -> None:
        """Add fields that are encoded already."""
        if fields:
            self._pieces.append(fields)

    def _number(self, name: str) -> int:
        number: int = self._message.DESCRIPTOR.fields_by_name[name].number
        return number

    def SerializeToString(self) -> bytes:  # noqa: N802  # as protobuf's messages call it
        """Return the message's encoding."""
        encoded: bytes = self._message.SerializeToString()
        return b"".join([encoded, *self._pieces]) if self._pieces else encoded

    def pieces(self) -> list[Piece]:
        """Return the message's encoding as pieces of it. They refer to the arrays."""
        return [self._message.SerializeToString(), *self._pieces]


def tensor_pieces(array: np.ndarray) -> list[Piece]:
    """Return the encoding of an array as a tensor."""
    head = Tensor(data_type=type_of(array.dtype), shape=array.shape).SerializeToString()
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return [head, *nested(Tensor.DATA_FIELD_NUMBER, [bytes_of(little)])]


def bytes_of(array: np.ndarray) -> memoryview:
    """Return the bytes of an array's elements in C order, without a copy if they are in it."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def nested(field: int, pieces: list[Piece]) -> list[Piece]:
    """Return a field that holds these pieces: bytes, a string or a message."""
    size = sum(map(len, pieces))
    return [_varint(field << 3 | LENGTH_DELIMITED) + _varint(size), *pieces]


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
