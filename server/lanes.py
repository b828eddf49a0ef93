"""The operations that are not yet sent: in each session's order, and fair between accounts.

An account is a caller or, if nobody is asked who calls, the address of a caller.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable

from edunn_serving.errors import Reason, ServiceError, deadline_exceeded
from edunn_serving.keys import SessionKey
from server.metrics import Counts
from server.operation import PendingOperation
from server.turns import Clocks, Turns, cost_of

# Requests this large are sent alone. Their work may take long and outweighs the cost of a batch.
ALONE_BYTES = 512 * 1024
# A caller that is refused with QUEUE_FULL is told to try again after this time.
FULL_QUEUE_RETRY_SECONDS = 0.5
# The server counts as shared until its operations have come from one account alone for this long.
SHARED_SECONDS = 1.0

# While the server is shared, a batch with more work than this would keep others waiting.
SHARED_BATCH_SECONDS = 0.01

# While one batch is put together, this many lanes are passed over for a worker of theirs.
MOST_ASIDE = 64


class Lane:
    """The operations of one session, in the order in which they arrived."""

    __slots__ = ("busy", "operations", "queued", "session")

    def __init__(self, session: SessionKey) -> None:
        self.session = session
        self.operations: deque[PendingOperation] = deque()
        # Whether operations of it are with a worker. The next ones must wait for them.
        self.busy = False
        # Whether it stands in a queue of lanes that have operations to send.
        self.queued = False


class Lanes:
    """All lanes, and the queues of those that have operations to send."""

    def __init__(
        self,
        counts: Counts,
        *,
        max_operations: int,
        max_bytes: int,
        has_answer_room: Callable[[str, int], bool] = lambda account, size: True,
    ) -> None:
        self._counts = counts
        # Whether an account has read enough of its answers to get more, of this many bytes.
        self._has_answer_room = has_answer_room
        self._max_operations = max_operations
        self._max_bytes = max_bytes
        self._lanes: dict[SessionKey, Lane] = {}
        self._clocks = Clocks()
        # Lanes whose next operation may be slow have a queue of their own. It may be held back.
        self._quick: Turns[Lane] = Turns(self._clocks)
        self._slow: Turns[Lane] = Turns(self._clocks)
        # The lanes of accounts that do not read their answers.
        self._parked: list[Lane] = []
        self.waiting = 0
        self.waiting_bytes = 0
        # The part of the queue that each account has, of its number and its bytes together.
        self._parts: dict[str, int] = {}
        # None until the first operation has come.
        self._last_account: str | None = None
        # When an operation last came from another account than the one before it.
        self._alternated = -SHARED_SECONDS
        # Whether the latest batch was a slow operation.
        self._slow_left_last = False
        # When an operation last came that is not expected to be slow.
        self._last_quick = -SHARED_SECONDS

    def append(self, operation: PendingOperation) -> bool:
        """Put an operation at the end of its session's lane; True if it must wait there.

        It must while operations of its session are with a worker.

        If the queue is full, an account with more than its share makes room for one with less.

        Raises
        ------
        ServiceError
            QUEUE_FULL.
        """
        if not self.has_room(1, operation.size) and not self._make_room(operation):
            raise queue_full()
        if operation.account != self._last_account:
            if self._last_account is not None:
                self._alternated = time.monotonic()
            self._last_account = operation.account
        if not operation.is_slow:
            self._last_quick = time.monotonic()
        lane = self._lanes.get(operation.session)
        if lane is None:
            lane = self._lanes[operation.session] = Lane(operation.session)
        lane.operations.append(operation)
        if not lane.busy and not lane.queued:
            self._enqueue(lane)
        self._count(operation, 1)
        return lane.busy

    def has_room(self, operations: int, size: int) -> bool:
        """Tell whether there is room for these many operations of `size` bytes together."""
        return (
            self.waiting + operations <= self._max_operations
            and self.waiting_bytes + size <= self._max_bytes
        )

    def has_room_for(self, account: str, operations: int, size: int) -> bool:
        """Tell whether there is room, or other accounts would make room for this one."""
        return self.has_room(operations, size) or self._is_within_share(account, size)

    def is_shared(self) -> bool:
        """Tell whether operations have come from several accounts lately."""
        return time.monotonic() - self._alternated < SHARED_SECONDS

    def expects_quick(self) -> bool:
        """Tell whether quick operations have come lately."""
        return time.monotonic() - self._last_quick < SHARED_SECONDS

    def note_cost(self, operation: PendingOperation, seconds: float) -> None:
        """Note how long an operation was computed, while the server is shared."""
        self._clocks.charge(operation.account, seconds - operation.expected_seconds)

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

    def take(
        self,
        *,
        max_operations: int,
        max_bytes: int,
        may_be_slow: bool = True,
        choose: Callable[[SessionKey], bool] = lambda session: True,
    ) -> list[PendingOperation]:
        """Return the operations of the next batch; none if nothing can be sent.

        A batch is answered as a whole, so an operation that may be slow or deadly travels alone.
        Lanes that begin with such a one are left out if `may_be_slow` is false. `choose` tells
        whether a session comes into the batch. If it chooses none, all of them may come.
        """
        taken: list[PendingOperation] = []
        aside: list[tuple[Turns[Lane], Lane]] = []
        size, seconds = 0, 0.0
        shared = self.is_shared()
        now = time.monotonic()
        # A slow operation travels alone, so none joins a batch that has begun.
        while len(taken) < max_operations and (
            turns := self._next_turns(slow=may_be_slow and not taken)
        ):
            lane = turns.peek()
            first = lane.operations[0] if lane.operations else None
            if first and not self._has_answer_room(first.account, first.head.answer_room):
                self._parked.append(turns.pop())
                continue
            if first and not choose(lane.session) and len(aside) < MOST_ASIDE:
                aside.append((turns, turns.set_aside()))
                continue
            before = len(taken)
            while (operation := self._first_wanted(lane, now)) is not None:
                if taken and (
                    len(taken) >= max_operations
                    or size + operation.size > max_bytes
                    or (shared and seconds + operation.expected_seconds > SHARED_BATCH_SECONDS)
                    or _goes_alone(operation)
                    or _goes_alone(taken[-1])
                ):
                    break
                lane.operations.popleft()
                self._count(operation, -1)
                taken.append(operation)
                size += operation.size
                seconds += operation.expected_seconds
            if len(taken) > before:
                lane.busy = True
                self._dequeue(turns)
                if shared:
                    self._charge(taken[before:])
            elif not lane.operations:
                self._dequeue(turns)
                del self._lanes[lane.session]
            else:
                break
        if taken:
            self._slow_left_last = taken[0].is_slow
        for turns, lane in reversed(aside):
            turns.put_back(lane.operations[0].account, lane)
        if aside and not taken:
            return self.take(
                max_operations=max_operations, max_bytes=max_bytes, may_be_slow=may_be_slow
            )
        return taken

    def note_answer_room(self) -> None:
        """Note that accounts may have room for answers again."""
        parked, self._parked = self._parked, []
        for lane in parked:
            if lane.operations:
                self._enqueue(lane)
            else:
                del self._lanes[lane.session]

    def remove_all(self) -> list[PendingOperation]:
        """Remove all operations and return them."""
        removed: list[PendingOperation] = []
        for lane in self._lanes.values():
            removed += lane.operations
            lane.operations.clear()
            lane.queued = False
        self._lanes = {session: lane for session, lane in self._lanes.items() if lane.busy}
        self._quick.clear()
        self._slow.clear()
        self._parked.clear()
        self.waiting = self.waiting_bytes = 0
        self._parts.clear()
        return removed

    def drop_unwanted(self) -> None:
        """Remove the operations whose caller has gone or whose deadline has passed."""
        for lane in self._lanes.values():
            waiting = list(lane.operations)
            lane.operations.clear()
            for operation in waiting:
                if not self._let_go(operation, time.monotonic()):
                    lane.operations.append(operation)

    def _charge(self, operations: Iterable[PendingOperation]) -> None:
        """Charge operations that are sent. What one costs is known only later."""
        for operation in operations:
            cost = cost_of(operation.expected_seconds, operation.size)
            self._clocks.charge(operation.account, cost)

    def _next_turns(self, *, slow: bool) -> Turns[Lane] | None:
        """Return the queue whose first lane is next; None if there is none.

        The quick and the slow operations of one account leave in turn. Otherwise a quick one would
        wait for all slow ones that came before it.
        """
        if not (slow and self._slow):
            return self._quick or None
        if not self._quick:
            return self._slow
        slow_clock, quick_clock = self._slow.clock(), self._quick.clock()
        if slow_clock == quick_clock:
            return self._quick if self._slow_left_last else self._slow
        return self._slow if slow_clock < quick_clock else self._quick

    def _enqueue(self, lane: Lane) -> None:
        first = lane.operations[0]
        (self._slow if first.is_slow else self._quick).append(first.account, lane)
        lane.queued = True

    def _dequeue(self, turns: Turns[Lane]) -> None:
        turns.pop().queued = False

    def _make_room(self, operation: PendingOperation) -> bool:
        """Refuse operations of accounts with more than their share; False if that is not fair."""
        if not self._is_within_share(operation.account, operation.size):
            return False
        worst = max(self._parts, key=self._parts.__getitem__)
        for lane in reversed(list(self._lanes.values())):
            while lane.operations and lane.operations[-1].account == worst:
                if self.has_room(1, operation.size):
                    return True
                newest = lane.operations.pop()
                self._count(newest, -1)
                if newest.is_wanted():
                    newest.reply.set_exception(queue_full())
        return self.has_room(1, operation.size)

    def _is_within_share(self, account: str, size: int) -> bool:
        """Tell whether an account would have less than an equal part of what is taken."""
        accounts = len(self._parts) + (account not in self._parts)
        own = self._parts.get(account, 0) + self._part_of(size)
        return accounts > 1 and own * accounts <= sum(self._parts.values())

    def _part_of(self, size: int) -> int:
        """Return the part of the queue that an operation takes."""
        return self._max_bytes + size * self._max_operations

    def _first_wanted(self, lane: Lane, now: float) -> PendingOperation | None:
        """Return the lane's first wanted operation. The unwanted ones before it are dropped."""
        operations = lane.operations
        while operations:
            if not self._let_go(operations[0], now):
                return operations[0]
            operations.popleft()
        return None

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
        account = operation.account
        part = self._parts.get(account, 0) + number * self._part_of(operation.size)
        if part:
            self._parts[account] = part
        else:
            del self._parts[account]


def queue_full() -> ServiceError:
    """Return the error of a call for which the server has no room now."""
    return ServiceError(
        Reason.QUEUE_FULL,
        "the server's queue is full: try again shortly",
        retry_after=FULL_QUEUE_RETRY_SECONDS,
    )


def _goes_alone(operation: PendingOperation) -> bool:
    """Tell whether an operation may be slow or has a large answer, or a worker has died over it."""
    return (
        operation.is_slow
        or operation.deaths > 0
        or operation.size >= ALONE_BYTES
        or operation.head.answer_room > 0
    )
