"""Counts what a request consists of before anything parses it."""

from __future__ import annotations

import asyncio
import time

from edunn_serving.errors import Reason, ServiceError, invalid_argument
from edunn_serving.rpcs import Rpc
from edunn_serving.setting_types import MEBIBYTE
from edunn_serving.wire_format import TooManyPartsError, TooMuchTextError, walk

# The most parts of a request. A layer's configuration has up to 10 000 values of four parts each.
MAX_PARTS = 100_000
# The most bytes of names and other text. What a session may have of them is far less. More would
# keep a worker busy that refuses them.
MAX_TEXT_BYTES = 8 * MEBIBYTE
# A request of this size cannot have enough parts to do harm.
UNCOUNTED_BYTES = 64 * 1024
# After this time of counting the other calls have a turn of the event loop.
TURN_SECONDS = 0.005


async def check_parts(rpc: Rpc, request: bytes) -> None:
    """Count what a request consists of before anything parses it. Other calls have their turns.

    An empty message within a request takes two bytes of it, and a hundred or more once parsed.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT: it has too many parts, or is no message. TOO_LARGE: it has too much text.
    """
    if len(request) <= UNCOUNTED_BYTES:
        return
    turn = time.monotonic()
    try:
        for _ in walk(request, rpc.request_descriptor, MAX_PARTS, MAX_TEXT_BYTES):
            if time.monotonic() - turn > TURN_SECONDS:
                await asyncio.sleep(0)
                turn = time.monotonic()
    except TooManyPartsError as error:
        raise invalid_argument(
            "request",
            f"expected at most {MAX_PARTS} fields and numbers outside of tensors' data, got more",
        ) from error
    except TooMuchTextError as error:
        raise ServiceError(
            Reason.TOO_LARGE,
            f"the request has more than {MAX_TEXT_BYTES} bytes of names and other text: send less",
            metadata={"limit": str(MAX_TEXT_BYTES)},
        ) from error
    except (ValueError, IndexError) as error:
        raise invalid_argument("request", f"not a message of the method's type: {error}") from error
