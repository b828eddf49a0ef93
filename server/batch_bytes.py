"""A batch as bytes, the callers' requests spliced in as they are.

Setting a request of 64 MiB as a field of a message, that message as a field of another, and then
serialising both would copy it three times; this way it is copied once.
"""

from __future__ import annotations

from collections.abc import Iterable

from edunn_serving.internal.v1.batch_pb2 import Batch, Operation
from server.operation import PendingOperation

LENGTH_DELIMITED = 2


def _tag(number: int) -> bytes:
    return _varint(number << 3 | LENGTH_DELIMITED)


def _varint(number: int) -> bytes:
    """Return a number in protobuf's encoding: seven bits a byte, the lowest first."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


OPERATIONS_TAG = _tag(Batch.OPERATIONS_FIELD_NUMBER)
REQUEST_TAG = _tag(Operation.REQUEST_FIELD_NUMBER)


def encode_batch(operations: Iterable[PendingOperation]) -> bytes:
    """Return the bytes of a `Batch` of operations."""
    parts: list[bytes] = []
    for operation in operations:
        head = Operation(
            method=operation.method,  # type: ignore[arg-type]  # an enum's value
            session_id=operation.session.session_id,
            caller=operation.session.caller,
            deadline_unix_ms=operation.deadline_unix_ms,
        ).SerializeToString()
        size = _varint(operation.size)
        whole = len(head) + len(REQUEST_TAG) + len(size) + operation.size
        parts += (OPERATIONS_TAG, _varint(whole), head, REQUEST_TAG, size, operation.request)
    return b"".join(parts)
