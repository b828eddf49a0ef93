"""Reads from a request's bytes what the server must know: the session, layer and forward it names.

A small request is parsed for this. In a large one a tensor of many MiB between these strings is
skipped. It is neither parsed nor copied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from google.protobuf.message import DecodeError

from edunn_serving.batch_message import OperationHead
from edunn_serving.errors import invalid_argument
from edunn_serving.rpcs import OPERATION_RPCS, Rpc
from edunn_serving.wire_format import MAX_FIELDS, fields

# The longest name, in characters. The worker checks the other rules of names.
MAX_NAME = 64
MAX_ID = 128
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
    session_id = found.get(rpc.session_field)
    if not session_id:
        raise invalid_argument("session_id", "expected the id of a session, got none")
    _check_length("session_id", session_id, MAX_NAME)
    layer = found.get(rpc.layer_field, "") if rpc.layer_field else None
    forward_id = found.get(rpc.forward_field, "") if rpc.forward_field else None
    loss = found.get(rpc.loss_field, "") if rpc.loss_field else None
    repeat_id = found.get(rpc.repeat_field, "") if rpc.repeat_field else None
    _check_length("layer", layer or "", MAX_NAME)
    _check_length("forward_id", forward_id or "", MAX_ID)
    _check_length("loss", loss or "", MAX_NAME)
    _check_length(rpc.repeat_name, repeat_id or "", MAX_ID)
    return OperationHead(
        method, caller, session_id, deadline_ms, layer, forward_id, loss, repeat_id, request_id
    )


def _check_length(field: str, name: str, limit: int) -> None:
    if len(name) > limit:
        raise invalid_argument(field, f"expected at most {limit} characters, got {len(name)}")


def largest_field(message: bytes) -> int:
    """Return the number of the field that takes the most bytes; 0 if there is none."""
    sizes: Counter[int] = Counter()
    try:
        for number, begin, end in fields(message):
            sizes[number] += end - begin
    except (ValueError, IndexError):
        return 0
    return sizes.most_common(1)[0][0] if sizes else 0


def _names(rpc: Rpc, request: bytes) -> dict[int, str]:
    """Return the fields of a request that name something.

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
        return {number: getattr(message, name) for number, name in rpc.name_fields.items()}
    return _strings(request, rpc.name_fields)


def _strings(message: bytes, wanted: Collection[int]) -> dict[int, str]:
    """Return the wanted fields of a message, all strings. The last of repeated ones counts.

    Raises
    ------
    ValueError, IndexError
        The bytes are no message.
    """
    return {
        number: message[begin:end].decode()
        for number, begin, end in fields(message)
        if number in wanted
    }
