"""Requests with large arrays, which are copied once: into the request's bytes.

protobuf copies an array's bytes when the message is filled, and twice more when it is encoded, each
time into new memory. A message is its fields' encodings one after another:
https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from google.protobuf.message import Message

from edunn_client._stubs import tensor_pb2
from edunn_client._tensors import Array, data_type_of, fill_tensor, on_the_wire

# For fewer bytes protobuf is quicker.
_LARGE_BYTES = 64 * 1024
_DATA = tensor_pb2.Tensor.DESCRIPTOR.fields_by_name["data"].number
_LENGTH_DELIMITED = 2

Piece = bytes | memoryview


def with_tensors(message: Message, tensors: Sequence[tuple[str, Array]]) -> Message | bytes:
    """Return a request with tensors: the message, or its bytes if they are large.

    Each tensor has its field's name. Those of one repeated field stay in their order. The message
    has none of these fields yet, and the arrays may change afterwards.
    """
    if sum(array.nbytes for _, array in tensors) < _LARGE_BYTES:
        for name, array in tensors:
            field: Any = getattr(message, name)
            fill_tensor(field.add() if hasattr(field, "add") else field, array)
        return message
    fields = message.DESCRIPTOR.fields_by_name
    pieces: list[Piece] = [message.SerializeToString()]
    for name, array in tensors:
        pieces += nested(fields[name].number, _tensor_pieces(array))
    return b"".join(pieces)


def bytes_of(request: Message | bytes) -> bytes:
    """Return a request in bytes."""
    return request if isinstance(request, bytes) else request.SerializeToString()


def size_of(request: Message | bytes) -> int:
    """Return how many bytes a request takes."""
    return len(request) if isinstance(request, bytes) else request.ByteSize()


def nested(field: int, pieces: Iterable[Piece]) -> list[Piece]:
    """Return a field that holds these pieces: a message, a string or bytes."""
    pieces = list(pieces)
    size = sum(map(len, pieces))
    return [_varint(field << 3 | _LENGTH_DELIMITED) + _varint(size), *pieces]


def _tensor_pieces(array: Array) -> list[Piece]:
    head = tensor_pb2.Tensor(data_type=data_type_of(array), shape=array.shape)
    data = np.ascontiguousarray(on_the_wire(array)).reshape(-1).view(np.uint8).data
    return [head.SerializeToString(), *nested(_DATA, [data])]


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
