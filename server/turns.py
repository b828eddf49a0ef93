"""Whose turn it is: accounts share the workers by computed time.

This is start-time fair queueing (Goyal, Vin and Cheng, 1996). Each account has a clock that
advances by the cost of its operations, and the account whose clock is furthest behind is next. An
account that comes back after a pause begins at the present time, so a pause saves up nothing.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")

# An operation costs at least this much, in seconds, whatever it computes; and this much for each
# byte of its request, on its way through server, Redis and worker.
OPERATION_SECONDS = 50e-6
BYTE_SECONDS = 2e-9
# The accounts whose clocks are remembered. The latest are kept.
REMEMBERED = 10_000


def cost_of(seconds: float, size: int) -> float:
    """Return what an operation costs its account, in seconds."""
    return seconds + OPERATION_SECONDS + size * BYTE_SECONDS


class Clocks:
    """The clock of each account, in seconds of cost."""

    def __init__(self) -> None:
        self._clocks: OrderedDict[str, float] = OrderedDict()
        # The clock of the account that was served last. No account is before it.
        self._present = 0.0

    def of(self, account: str) -> float:
        """Return an account's clock."""
        return max(self._clocks.get(account, 0.0), self._present)

    def serve(self, account: str) -> None:
        """Note that an account is served. It becomes the present."""
        self._present = self.of(account)

    def charge(self, account: str, cost: float) -> None:
        """Advance an account's clock. A negative cost gives back what was charged too much."""
        self._clocks[account] = self.of(account) + cost
        self._clocks.move_to_end(account)
        if len(self._clocks) > REMEMBERED:
            self._clocks.popitem(last=False)


class Turns(Generic[T]):
    """A queue in which accounts take turns. Within an account the first item comes first."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._queues: dict[str, deque[T]] = {}
        # The number of each account's valid entry in the heap.
        self._entries: dict[str, int] = {}
        # (clock when it was put here, number, account). An account whose clock has advanced since
        # is put here again when it comes up.
        self._heap: list[tuple[float, int, str]] = []
        self._numbers = count()

    def __bool__(self) -> bool:
        return bool(self._queues)

    def append(self, account: str, item: T) -> None:
        """Put an item at the end of its account's queue."""
        queue = self._queues.get(account)
        if queue is None:
            queue = self._queues[account] = deque()
            heapq.heappush(self._heap, self._entry(account))
        queue.append(item)

    def put_back(self, account: str, item: T) -> None:
        """Put an item that was set aside at the front of its account's queue."""
        self.append(account, item)
        self._queues[account].rotate(1)

    def clock(self) -> float:
        """Return the clock of the account whose turn it is. There must be an item."""
        return self._clocks.of(self._next())

    def peek(self) -> T:
        """Return the item whose turn it is. There must be one."""
        return self._queues[self._next()][0]

    def pop(self) -> T:
        """Remove the item whose turn it is, and return it. Its account is served."""
        self._clocks.serve(self._next())
        return self.set_aside()

    def set_aside(self) -> T:
        """Remove the item whose turn it is, and return it. It is put back soon."""
        account = self._next()
        queue = self._queues[account]
        item = queue.popleft()
        if not queue:
            del self._queues[account], self._entries[account]
            if not self._queues:
                self._heap.clear()
        return item

    def clear(self) -> None:
        """Remove all items."""
        self._queues.clear()
        self._entries.clear()
        self._heap.clear()

    def _next(self) -> str:
        if len(self._queues) == 1:
            return next(iter(self._queues))
        while True:
            clock, number, account = self._heap[0]
            if self._entries.get(account) != number:
                heapq.heappop(self._heap)
            elif self._clocks.of(account) > clock:
                heapq.heapreplace(self._heap, self._entry(account))
            else:
                return account

    def _entry(self, account: str) -> tuple[float, int, str]:
        number = self._entries[account] = next(self._numbers)
        return self._clocks.of(account), number, account
