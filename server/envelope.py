"""Reads from a request's bytes what the server must know: the session, layer and forward it names.

A small request is parsed for this. In a large one a tensor of many MiB between these strings is
skipped. It is neither parsed nor copied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from google.protobuf.message import DecodeError

from edunn_serving.batch_message import OperationHead
from edunn_serving.errors import Reason, ServiceError, invalid_argument
from edunn_serving.rpcs import OPERATION_RPCS, Rpc
from edunn_serving.wire_format import MAX_FIELDS, fields

# The longest names and ids, in characters. The worker checks the other rules of names.
MAX_ID = 128
MAX_CHARACTERS = {"session_id": 64, "layer": 64, "loss": 64}
# Requests up to this size are parsed, which is quicker. They have no more than `MAX_FIELDS` fields.
PARSED_BYTES = 2 * MAX_FIELDS


def head_of(
    method: str, caller: str, deadline_ms: int, request: bytes, request_id: str = ""
) -> OperationHead:
    """Return the head of an operation, given its request.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT: the request names no session or is no message.
    """
    rpc = OPERATION_RPCS[method]
    try:
        found = _names(rpc, request)
    except (ValueError, IndexError) as error:
        raise invalid_argument("request", f"not a message of the method's type: {error}") from error
    session_id = found.get("session_id")
    if not session_id:
        raise invalid_argument("session_id", "expected the id of a session, got none")
    for field, name in found.items():
        limit = MAX_CHARACTERS.get(field, MAX_ID)
        if len(name) > limit:
            raise invalid_argument(field, f"expected at most {limit} characters, got {len(name)}")
    return OperationHead(
        method,
        caller,
        session_id,
        deadline_ms,
        found.get("layer"),
        found.get("forward_id"),
        found.get("loss"),
        found.get(rpc.repeat_name),
        request_id,
    )


def largest_field(message: bytes) -> int:
    """Return the number of the field that takes the most bytes; 0 if there is none."""
    sizes: Counter[int] = Counter()
    try:
        for number, begin, end in fields(message):
            sizes[number] += end - begin
    except (ValueError, IndexError):
        return 0
    return sizes.most_common(1)[0][0] if sizes else 0


def request_too_large(rpc: Rpc, request: bytes, limit: int) -> ServiceError:
    """Return the error of a request with more bytes than are allowed."""
    size = len(request)
    known = rpc.request_type.DESCRIPTOR.fields_by_number
    number = largest_field(request)
    field = known[number].name if number in known else "request"
    return ServiceError(
        Reason.TOO_LARGE,
        f"the request takes {size} bytes, {limit} are allowed, and most of them are "
        f"{field}: send a smaller batch",
        violations=[(field, f"the request may take {limit} bytes, got {size}")],
        metadata={"field": field, "bytes": str(size), "limit": str(limit)},
    )


def _names(rpc: Rpc, request: bytes) -> dict[str, str]:
    """Return the fields of a request that name something, by their names.

    Raises
    ------
    ValueError, IndexError
        The bytes are no message.
    """
    if len(request) <= PARSED_BYTES:
        try:
            message = rpc.request_type.FromString(request)
        except DecodeError:
            # It may still name a session, whose worker then says what is wrong.
            return _strings(request, rpc.name_fields)
        return {name: getattr(message, name) for name in rpc.name_fields.values()}
    return _strings(request, rpc.name_fields)


def _strings(message: bytes, wanted: Mapping[int, str]) -> dict[str, str]:
    """Return the wanted fields of a message, all strings. The last of repeated ones counts.

    Raises
    ------
    ValueError, IndexError
        The bytes are no message.
    """
    found = {name: "" for name in wanted.values()}
    for number, begin, end in fields(message):
        if number in wanted:
            found[wanted[number]] = message[begin:end].decode()
    return found
