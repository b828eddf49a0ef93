"""The operations that are not yet sent, in each session's order and fair between sessions."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator

from edunn_serving.errors import Reason, ServiceError, deadline_exceeded
from edunn_serving.keys import SessionKey
from server.metrics import Counts
from server.operation import PendingOperation

# Requests this large are sent alone. Their work may take long and outweighs the cost of a batch.
ALONE_BYTES = 512 * 1024
# A caller that is refused with QUEUE_FULL is told to try again after this time.
FULL_QUEUE_RETRY_SECONDS = 0.5


class Lane:
    """The operations of one session, in the order in which they arrived."""

    __slots__ = ("busy", "operations", "queued", "session")

    def __init__(self, session: SessionKey) -> None:
        self.session = session
        self.operations: deque[PendingOperation] = deque()
        # Whether operations of it are with a worker. The next ones must wait for them.
        self.busy = False
        # Whether it stands in the queue of lanes that have operations to send.
        self.queued = False


class Lanes:
    """All lanes, and a queue of those that have operations to send."""

    def __init__(self, counts: Counts, *, max_operations: int, max_bytes: int) -> None:
        self._counts = counts
        self._max_operations = max_operations
        self._max_bytes = max_bytes
        self._lanes: dict[SessionKey, Lane] = {}
        self._sendable: deque[Lane] = deque()
        self.waiting = 0
        self.waiting_bytes = 0

    def append(self, operation: PendingOperation) -> None:
        """Put an operation at the end of its session's lane.

        Raises
        ------
        ServiceError
            QUEUE_FULL.
        """
        if not self.has_room(1, operation.size):
            raise queue_full()
        lane = self._lanes.get(operation.session)
        if lane is None:
            lane = self._lanes[operation.session] = Lane(operation.session)
        lane.operations.append(operation)
        if not lane.busy and not lane.queued:
            self._enqueue(lane)
        self._count(operation, 1)

    def has_room(self, operations: int, size: int) -> bool:
        """Tell whether there is room for these many operations of `size` bytes together."""
        return (
            self.waiting + operations <= self._max_operations
            and self.waiting_bytes + size <= self._max_bytes
        )

    def put_back(self, operations: Iterable[PendingOperation]) -> None:
        """Put operations that were sent and not run at the front of their lanes."""
        for operation in reversed(list(operations)):
            self._lanes[operation.session].operations.appendleft(operation)
            self._count(operation, 1)

    def release(self, sessions: Iterable[SessionKey]) -> None:
        """Note that no operation of these sessions is with a worker any more."""
        for session in sessions:
            lane = self._lanes[session]
            lane.busy = False
            if lane.operations:
                self._enqueue(lane)
            else:
                del self._lanes[session]

    def take(self, *, max_operations: int, max_bytes: int) -> list[PendingOperation]:
        """Return the operations of the next batch; none if nothing can be sent.

        A batch is answered as a whole, so an operation that may be slow or deadly travels alone.
        """
        taken: list[PendingOperation] = []
        size = 0
        while self._sendable and len(taken) < max_operations:
            lane = self._sendable[0]
            before = len(taken)
            for operation in self._wanted(lane):
                full = len(taken) >= max_operations or size + operation.size > max_bytes
                alone = _goes_alone(operation) or bool(taken and _goes_alone(taken[-1]))
                if taken and (full or alone):
                    break
                lane.operations.popleft()
                self._count(operation, -1)
                taken.append(operation)
                size += operation.size
            if len(taken) > before:
                lane.busy = True
                self._dequeue()
            elif not lane.operations:
                self._dequeue()
                del self._lanes[lane.session]
            else:
                break
        return taken

    def remove_all(self) -> list[PendingOperation]:
        """Remove all operations and return them."""
        removed: list[PendingOperation] = []
        for lane in self._lanes.values():
            removed += lane.operations
            lane.operations.clear()
        self._lanes = {session: lane for session, lane in self._lanes.items() if lane.busy}
        self._sendable.clear()
        self.waiting = self.waiting_bytes = 0
        return removed

    def drop_unwanted(self) -> None:
        """Remove the operations whose caller has gone or whose deadline has passed."""
        for lane in self._lanes.values():
            waiting = list(lane.operations)
            lane.operations.clear()
            for operation in waiting:
                if not self._let_go(operation, time.monotonic()):
                    lane.operations.append(operation)

    def _enqueue(self, lane: Lane) -> None:
        self._sendable.append(lane)
        lane.queued = True

    def _dequeue(self) -> None:
        self._sendable.popleft().queued = False

    def _wanted(self, lane: Lane) -> Iterator[PendingOperation]:
        """Yield the lane's next wanted operation, again and again, and drop the unwanted ones."""
        now = time.monotonic()
        while lane.operations:
            if self._let_go(lane.operations[0], now):
                lane.operations.popleft()
            else:
                yield lane.operations[0]

    def _let_go(self, operation: PendingOperation, now: float) -> bool:
        """Return whether nobody awaits an operation; if so, stop counting it."""
        if operation.is_late(now):
            # gRPC may have answered the caller already.
            self._counts.expired["queue"] += 1
            if operation.is_wanted():
                operation.reply.set_exception(deadline_exceeded())
        elif operation.is_wanted():
            return False
        else:
            self._counts.cancelled += 1
        self._count(operation, -1)
        return True

    def _count(self, operation: PendingOperation, number: int) -> None:
        self.waiting += number
        self.waiting_bytes += number * operation.size


def queue_full() -> ServiceError:
    """Return the error of a call for which the server has no room now."""
    return ServiceError(
        Reason.QUEUE_FULL,
        "the server's queue is full: try again shortly",
        retry_after=FULL_QUEUE_RETRY_SECONDS,
    )


def _goes_alone(operation: PendingOperation) -> bool:
    """Tell whether an operation may be slow, or a worker has died over it."""
    return operation.is_slow or operation.deaths > 0 or operation.size >= ALONE_BYTES
