"""Reads from a request's bytes what the server must know: the session, layer and forward it names.

A tensor of many MiB between these strings is skipped. It is neither parsed nor copied.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection

from edunn_serving.batch_message import OperationHead
from edunn_serving.errors import Reason, ServiceError, invalid_argument
from edunn_serving.rpcs import LAYER_RPCS, Rpc
from edunn_serving.wire_format import TooManyPartsError, fields, walk

# The longest name, in characters. The worker checks the other rules of names.
MAX_NAME = 64
MAX_FORWARD_ID = 128
# The most parts of a request. A layer's configuration has up to 10 000 values of four parts each.
MAX_PARTS = 100_000
# A request of this size cannot have enough parts to do harm.
UNCOUNTED_BYTES = 64 * 1024
# After this time of counting the other calls have a turn of the event loop.
TURN_SECONDS = 0.005


def head_of(method: str, caller: str, deadline_ms: int, request: bytes) -> OperationHead:
    """Return the head of an operation, given its request.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT: the request names no session or is no message.
    """
    rpc = LAYER_RPCS[method]
    try:
        found = _strings(request, (rpc.session_field, rpc.layer_field, rpc.forward_field))
    except (ValueError, IndexError) as error:
        raise invalid_argument("request", f"not a message of the method's type: {error}") from error
    session_id = found.get(rpc.session_field)
    if not session_id:
        raise invalid_argument("session_id", "expected the id of a session, got none")
    _check_length("session_id", session_id, MAX_NAME)
    layer = found.get(rpc.layer_field, "") if rpc.layer_field else None
    forward_id = found.get(rpc.forward_field, "") if rpc.forward_field else None
    _check_length("layer", layer or "", MAX_NAME)
    _check_length("forward_id", forward_id or "", MAX_FORWARD_ID)
    return OperationHead(method, caller, session_id, deadline_ms, layer, forward_id)


async def check_parts(rpc: Rpc, request: bytes) -> None:
    """Count what a request consists of before anything parses it. Other calls have their turns.

    An empty message within a request takes two bytes of it, and a hundred or more once parsed.

    Raises
    ------
    ServiceError
        TOO_LARGE: it has too many parts. INVALID_ARGUMENT: it is no message.
    """
    if len(request) <= UNCOUNTED_BYTES:
        return
    turn = time.monotonic()
    try:
        for _ in walk(request, rpc.request_descriptor, MAX_PARTS):
            if time.monotonic() - turn > TURN_SECONDS:
                await asyncio.sleep(0)
                turn = time.monotonic()
    except TooManyPartsError as error:
        raise ServiceError(
            Reason.TOO_LARGE,
            f"the request has more than {MAX_PARTS} fields and numbers outside of tensors' data",
            metadata={"what": "parts of a request", "limit": str(MAX_PARTS)},
        ) from error
    except (ValueError, IndexError) as error:
        raise invalid_argument("request", f"not a message of the method's type: {error}") from error


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
