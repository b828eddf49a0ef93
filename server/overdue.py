"""Ends what takes too long, with one timer for all: a timer for each call would cost more."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from edunn_serving.errors import ServiceError

# To end a call takes about a millisecond. After this many the other calls have a turn of the event
# loop.
ENDS_A_TURN = 8


class Overdue(Protocol):
    """What `Limits` watches."""

    # By the monotonic clock.
    until: float

    def end(self) -> bool:
        """End it because its time is over; False if it is watched on."""


class Limit:
    """Bounds the time of a `with` block in a task. When it is over, the block raises an error."""

    __slots__ = ("_limits", "_refusal", "_task", "until")

    def __init__(self, limits: Limits, seconds: float) -> None:
        self._limits = limits
        self._refusal: ServiceError | None = None
        self._task: asyncio.Task[object] | None = None
        # By the monotonic clock.
        self.until = time.monotonic() + seconds

    def __enter__(self) -> Limit:
        self._task = asyncio.current_task()
        self._limits.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._limits.discard(self)
        if self._refusal is None or self._task is None:
            return
        # Without another cancellation than that of `end`, the block raises its own error.
        if self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise self._refusal from None

    def on_over(self) -> ServiceError | float:
        """Return the error that ends the block, or the seconds that it gets besides."""
        raise NotImplementedError

    def end(self) -> bool:
        """End the block because its time is over; False if it gets more time."""
        outcome = self.on_over()
        if not isinstance(outcome, ServiceError):
            self.until = time.monotonic() + outcome
            return False
        self._refusal = outcome
        if self._task is not None:
            self._task.cancel()
        return True


class AskingLimit(Limit):
    """A limit that asks what to do when its time is over."""

    __slots__ = ("_ask",)

    def __init__(
        self, limits: Limits, seconds: float, ask: Callable[[], ServiceError | float]
    ) -> None:
        super().__init__(limits, seconds)
        self._ask = ask

    def on_over(self) -> ServiceError | float:
        """Ask."""
        return self._ask()


class Limits:
    """The limits of time that are running. Each ends up to `precision` seconds too late."""

    def __init__(self, precision: float) -> None:
        self._precision = precision
        self._running: set[Overdue] = set()
        self._is_looking = False
        # When it will be looked at them, by the monotonic clock.
        self._next_look = 0.0

    def start(self, seconds: float, ask: Callable[[], ServiceError | float]) -> Limit:
        """Return a limit for a `with` block.

        `ask` is called when its time is over. It returns the error that ends the block, or the
        seconds that it gets besides.
        """
        return AskingLimit(self, seconds, ask)

    def add(self, limit: Overdue) -> None:
        """Watch a limit from now on."""
        self._running.add(limit)
        if not self._is_looking:
            self._look_later()

    def discard(self, limit: Overdue) -> None:
        """Watch a limit no longer."""
        self._running.discard(limit)

    def _look_later(self) -> None:
        self._is_looking = True
        self._next_look = time.monotonic() + self._precision
        asyncio.get_running_loop().call_later(self._precision, self._look)

    def _look(self) -> None:
        now = time.monotonic()
        # While the event loop stands still nothing can arrive, so that time does not count.
        late = now - self._next_look
        if late > self._precision:
            for limit in self._running:
                limit.until += late
        self._end(deque(each for each in self._running if each.until <= now))

    def _end(self, overdue: deque[Overdue]) -> None:
        """End some of those whose time is over, and the others in the next turns."""
        for _ in range(min(ENDS_A_TURN, len(overdue))):
            limit = overdue.popleft()
            if limit in self._running and limit.end():
                self.discard(limit)
        if overdue:
            asyncio.get_running_loop().call_soon(self._end, overdue)
            return
        self._is_looking = False
        if self._running:
            self._look_later()
