"""Refuses calls that the queue has no room for before their requests are read.

gRPC reads a request whole before its handler sees it, so that a queue that is full would bound
nothing: as many requests as there are callers would lie in memory, each to be refused.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc

from server.lanes import Lanes, queue_full
from server.status import abort

# A call whose caller goes away while its request is read is never heard of again. It counts for no
# longer than this.
ARRIVAL_SECONDS = 10.0
# How much one request weighs in what is expected of the next.
SIZE_WEIGHT = 0.05


class Admission:
    """Knows how many calls have begun whose requests are still being read."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        # When each of them began. It does not matter which is which.
        self._arriving: deque[float] = deque()
        self._expected_size = 0.0

    def admit(self) -> bool:
        """Tell whether a call may be read, by what waits and what is expected to arrive."""
        now = time.monotonic()
        arriving = self._arriving
        while arriving and arriving[0] < now - ARRIVAL_SECONDS:
            arriving.popleft()
        count = len(arriving) + 1
        # One is always read: its size cannot be known before.
        if count > 1 and not self._lanes.has_room(count, int(count * self._expected_size)):
            return False
        arriving.append(now)
        return True

    def note_read(self, size: int) -> None:
        """Note that an admitted call's request has been read."""
        if self._arriving:
            self._arriving.popleft()
        self._expected_size += SIZE_WEIGHT * (size - self._expected_size)


class AdmittingHandler(grpc.GenericRpcHandler):
    """Finds the handlers of a service's methods; for `guarded` ones only while there is room."""

    def __init__(
        self,
        service: str,
        handlers: Mapping[str, Any],
        guarded: set[str],
        admission: Admission,
    ) -> None:
        self._handlers = {f"/{service}/{name}": handler for name, handler in handlers.items()}
        self._guarded = frozenset(f"/{service}/{name}" for name in guarded)
        self._admission = admission
        # A stream of requests, which need not be read before it is refused.
        self._refusal: Any = grpc.stream_unary_rpc_method_handler(_refuse)

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a call, None where there is no such method."""
        if details.method in self._guarded and not self._admission.admit():
            return self._refusal
        return self._handlers.get(details.method)


async def _refuse(
    requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext[bytes, bytes]
) -> bytes:
    await abort(context, queue_full())
