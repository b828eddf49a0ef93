"""Why a stream of grpc.aio ended, where grpc.aio itself may say something else.

Where a write fails, grpc.aio notes INTERNAL with a sentence of its own as the call's status: over
the true one that came before it, or until that comes (https://github.com/grpc/grpc/issues/36066).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import grpc
import grpc.aio

_SENTENCE_OF_A_FAILED_WRITE = "Internal error from Core"
# A write fails because the call has ended, so its status is there or on its way.
_STATUS_SECONDS = 1.0


class Ending:
    """How a call will have ended. It must be made before anything is written."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._first: grpc.aio.AioRpcError | None = None
        call.add_done_callback(self._note)

    async def failure(self) -> grpc.aio.AioRpcError:
        """Return why the call has failed; it must have ended."""
        failure = self._first or await _status(self._call)
        until = time.monotonic() + _STATUS_SECONDS
        while failure.details() == _SENTENCE_OF_A_FAILED_WRITE:
            if time.monotonic() > until:
                return _error(grpc.StatusCode.UNAVAILABLE, "the stream broke while it was sending")
            await asyncio.sleep(0.001)
            failure = await _status(self._call)
        return failure

    def _note(self, _call: Any) -> None:
        self._first = _now(_status(self._call))


async def _status(call: Any) -> grpc.aio.AioRpcError:
    return _error(await call.code(), await call.details(), await call.trailing_metadata())


def _error(
    code: grpc.StatusCode, details: str, trailing: grpc.aio.Metadata | None = None
) -> grpc.aio.AioRpcError:
    nothing = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(code, nothing, trailing or nothing, details)


def _now(status: Coroutine[Any, Any, grpc.aio.AioRpcError]) -> grpc.aio.AioRpcError:
    """Return a status that is there and needs no waiting: one step later it may be another."""
    try:
        status.send(None)
    except StopIteration as done:
        found: grpc.aio.AioRpcError = done.value
        return found
    raise RuntimeError("grpc.aio called back before the call had a status")
