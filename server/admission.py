"""Refuses calls that the queue has no room for before their requests are read.

gRPC reads a request whole before its handler sees it, so that a queue that is full would bound
nothing: as many requests as there are callers would lie in memory, each to be refused.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from edunn_serving.errors import ServiceError, invalid_argument
from server.abort import abort
from server.call import EOF, Read
from server.lanes import Lanes, queue_full

# A call whose caller goes away while gRPC reads its request is never heard of again. It counts as
# arriving for no longer than this.
ARRIVAL_SECONDS = 10.0
# While no more calls than this arrive, gRPC may read them; it costs less than reading them here.
FREE_ARRIVALS = 32
# How much one request weighs in what is expected of the next.
SIZE_WEIGHT = 0.05

UnaryHandler = Callable[[bytes, Any], Awaitable[bytes]]


class Admission:
    """Knows what arrives and what may still be read."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        # When each call began that gRPC reads. It does not matter which is which.
        self._arriving: deque[float] = deque()
        # How many calls are read here.
        self._reading = 0
        self._expected_size = 0.0

    def admit(self) -> bool:
        """Let gRPC read the next call, which then counts as arriving; False where it may not."""
        now = time.monotonic()
        arriving = self._arriving
        while arriving and arriving[0] < now - ARRIVAL_SECONDS:
            arriving.popleft()
        if len(arriving) >= FREE_ARRIVALS or not self._has_room(len(arriving) + 1):
            return False
        arriving.append(now)
        return True

    async def read(self, read: Read) -> bytes:
        """Read a call's request, if what waits and what is being read leave room for it.

        Raises
        ------
        ServiceError
            QUEUE_FULL; the request is not read then. INVALID_ARGUMENT where there is none.
        """
        # One is always read: its size cannot be known before.
        if self._reading and not self._has_room(self._reading + 1):
            raise queue_full()
        self._reading += 1
        try:
            request = await read()
        finally:
            self._reading -= 1
        if request is EOF:
            raise invalid_argument("request", "expected a message, got none")
        return bytes(request)

    def note_read(self, size: int) -> None:
        """Note a request that has been read."""
        if self._arriving:
            self._arriving.popleft()
        self._expected_size += SIZE_WEIGHT * (size - self._expected_size)

    def _has_room(self, count: int) -> bool:
        return self._lanes.has_room(count, int(count * self._expected_size))


def carefully(handler: UnaryHandler, admission: Admission) -> Any:
    """Return a unary handler as one of a stream, which reads its request if there is room."""

    async def handle(_: AsyncIterator[bytes], context: Any) -> bytes:
        try:
            request = await admission.read(context.read)
        except ServiceError as error:
            await abort(context, error)
        return await handler(request, context)

    return handle
