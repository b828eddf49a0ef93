"""What the server reads of a request before it hands the request's bytes to a worker.

Only the few strings that say what the request is about. A tensor of many MiB between them is
stepped over, neither parsed nor copied.
"""

from __future__ import annotations

from collections.abc import Collection

from edunn_serving.batch_message import OperationHead
from edunn_serving.errors import invalid_argument

# The fields of the LayerService's requests that matter here, the same in all that have them.
SESSION_ID = 1
LAYER = 2
# Where a Forward or a Backward names a forward.
FORWARD_ID = {"Forward": 5, "Backward": 3}
# Methods whose requests name a layer.
OF_A_LAYER = {"Forward", "Backward", "GetParameters", "SetParameters"}

# What a name may be long; the worker looks at the rest of their rules.
MAX_NAME = 64
MAX_FORWARD_ID = 128
# Reading the fields holds up everybody else.
MAX_FIELDS = 10_000

# Wire types, https://protobuf.dev/programming-guides/encoding/#structure.
VARINT, EIGHT_BYTES, LENGTH_DELIMITED, FOUR_BYTES = 0, 1, 2, 5


def head_of(method: str, caller: str, deadline_unix_ms: int, request: bytes) -> OperationHead:
    """Return what a worker should know of a request before it has it.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT where the request names no session or is no message.
    """
    forward_field = FORWARD_ID.get(method, 0)
    about_layer = method in OF_A_LAYER
    wanted = (SESSION_ID, LAYER, forward_field) if about_layer else (SESSION_ID,)
    try:
        found = _strings(request, wanted)
    except (ValueError, IndexError) as error:
        raise invalid_argument("request", f"not a message of the method's type: {error}") from error
    session_id = found.get(SESSION_ID)
    if not session_id:
        raise invalid_argument("session_id", "expected the id of a session, got none")
    _check_length("session_id", session_id, MAX_NAME)
    if not about_layer:
        return OperationHead(method, caller, session_id, deadline_unix_ms, None, None)
    # A forward without an id is a new one; a backward without one means the latest.
    default = "" if method == "Backward" else None
    layer, forward_id = found.get(LAYER, ""), found.get(forward_field) or default
    _check_length("layer", layer, MAX_NAME)
    _check_length("forward_id", forward_id or "", MAX_FORWARD_ID)
    return OperationHead(method, caller, session_id, deadline_unix_ms, layer, forward_id)


def _check_length(field: str, name: str, limit: int) -> None:
    if len(name) > limit:
        raise invalid_argument(field, f"expected at most {limit} characters, got {len(name)}")


def _strings(message: bytes, wanted: Collection[int]) -> dict[int, str]:
    """Return the wanted fields of a message, which are strings. Of repeated ones the last counts.

    Raises
    ------
    ValueError, IndexError
        The bytes are no message.
    """
    found: dict[int, str] = {}
    at, end = 0, len(message)
    fields = 0
    while at < end:
        fields += 1
        if fields > MAX_FIELDS:
            raise ValueError(f"it has more than {MAX_FIELDS} fields")
        tag, at = _varint(message, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == LENGTH_DELIMITED:
            size, at = _varint(message, at)
            if number in wanted:
                found[number] = message[at : at + size].decode()
            at += size
        elif wire_type == VARINT:
            _, at = _varint(message, at)
        elif wire_type == EIGHT_BYTES:
            at += 8
        elif wire_type == FOUR_BYTES:
            at += 4
        else:
            raise ValueError(f"unknown wire type {wire_type}")
    if at != end:
        raise ValueError("it ends in the middle of a field")
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place behind it."""
    byte = message[at]
    number = byte & 0x7F
    shift = 7
    while byte > 0x7F:
        at += 1
        byte = message[at]
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 70:
            raise ValueError("a number is too long")
    return number, at + 1
