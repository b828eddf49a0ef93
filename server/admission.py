"""Refuses calls that the queue has no room for before their requests are read.

gRPC reads a whole request before its handler sees it. A full queue alone would therefore not bound
the memory: each caller's request would be in memory, only to be refused.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, NoReturn

from edunn_serving.errors import ServiceError, invalid_argument
from server.call import EOF, Read
from server.lanes import Lanes, queue_full

# gRPC says nothing of a call whose caller goes away while its request is read. Such a call counts
# as arriving for this long at most.
ARRIVAL_SECONDS = 10.0
# gRPC may read this many calls at a time. It costs less than reading them here.
FREE_ARRIVALS = 32
# The weight of the newest request in the expected size of the next.
SIZE_WEIGHT = 0.05

UnaryHandler = Callable[[bytes, Any], Awaitable[bytes]]
Refuse = Callable[[Any, ServiceError], Coroutine[Any, Any, NoReturn]]


class Admission:
    """Counts the calls that arrive and decides which requests may be read."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        # The start of each call that gRPC reads. Only their number and age matter.
        self._arriving: deque[float] = deque()
        # The number of calls that are read here.
        self._reading = 0
        self._expected_size = 0.0

    def admit(self) -> bool:
        """Let gRPC read the next call and count it as arriving; False if there is no room."""
        now = time.monotonic()
        arriving = self._arriving
        while arriving and arriving[0] < now - ARRIVAL_SECONDS:
            arriving.popleft()
        if len(arriving) >= FREE_ARRIVALS or not self._has_room(len(arriving) + 1):
            return False
        arriving.append(now)
        return True

    async def read(self, read: Read) -> bytes:
        """Read a call's request, if the queue has room for it.

        Raises
        ------
        ServiceError
            QUEUE_FULL: the request is not read. INVALID_ARGUMENT: the call has no request.
        """
        # One request is always read, because its size is not known before.
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


def carefully(handler: UnaryHandler, admission: Admission, refuse: Refuse) -> Any:
    """Return a unary handler as a stream's handler, which reads its request if there is room.

    `refuse` ends a call with an error.
    """

    async def handle(_: AsyncIterator[bytes], context: Any) -> bytes:
        try:
            request = await admission.read(context.read)
        except ServiceError as error:
            await refuse(context, error)
        return await handler(request, context)

    return handle
