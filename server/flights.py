"""The batches that are under way."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from edunn_serving.errors import ServiceError
from edunn_serving.keys import SessionKey
from server.answers import AnswerRoom
from server.lanes import Lanes
from server.operation import PendingOperation

# The server is not healthy if all workers are busy and no batch has come back for this time.
STUCK_SECONDS = 10.0

# A batch's id is that of the server's process, and a number.
_SERVER = secrets.token_hex(8)
_numbers = count()


@dataclass(slots=True, eq=False)
class Flight:
    """A batch on its way, as its server sees it."""

    operations: list[PendingOperation]
    batch_id: str = field(default_factory=lambda: f"{_SERVER}-{next(_numbers):x}")
    # By the monotonic clock.
    sent: float = field(default_factory=time.monotonic)
    # When Redis had it or might have had it; None while it is on its way there.
    stored: float | None = None
    # The batch's message in the queue.
    message: bytes = b""
    # The worker that has its sessions at hand and should run it; empty if any may.
    wanted_worker: str = ""
    # Whether any other worker may take it too by now.
    is_for_any: bool = False
    # Since when it has been found neither in a queue nor with a worker, by the monotonic clock.
    unseen_since: float | None = None
    # The account and the bytes of the room that is reserved for its answer.
    reserved: tuple[str, int] = ("", 0)

    @property
    def is_slow(self) -> bool:
        """Whether it is expected to keep its worker for long. A slow operation travels alone."""
        return self.operations[0].is_slow

    def sessions(self) -> set[SessionKey]:
        return {operation.session for operation in self.operations}

    def refuse(self, error: ServiceError) -> None:
        """Give the error to every caller that still waits."""
        for operation in self.operations:
            if operation.is_wanted():
                operation.reply.set_exception(error)


class Flights:
    """All flights. Until they are back, the lanes of their sessions are busy, and the room of their
    large answers is reserved.
    """

    def __init__(self, lanes: Lanes, answers: AnswerRoom, on_end: Callable[[str], None]) -> None:
        self._lanes = lanes
        # Called with the id of a batch that is under way no longer.
        self._on_end = on_end
        self._answers = answers
        self._flights: dict[str, Flight] = {}
        # The time at which a flight last came back.
        self._last_back = time.monotonic()

    def __len__(self) -> int:
        return len(self._flights)

    def __iter__(self) -> Iterator[Flight]:
        # A copy, because a thread reads metrics and a loop over the flights may remove some.
        return iter(list(self._flights.values()))

    def __contains__(self, flight: Flight) -> bool:
        return flight.batch_id in self._flights

    def begin(self, operations: list[PendingOperation], wanted_worker: str) -> Flight:
        """Add a batch that leaves."""
        flight = Flight(operations, wanted_worker=wanted_worker)
        # An operation with a large answer is alone.
        if size := operations[0].head.answer_room:
            flight.reserved = (operations[0].account, size)
            self._answers.hold(*flight.reserved)
        self._flights[flight.batch_id] = flight
        return flight

    def back(self, batch_id: str) -> Flight | None:
        """Remove an answered batch and return it; None if it has been given up."""
        self._last_back = time.monotonic()
        return self.give_up(batch_id)

    def give_up(self, batch_id: str) -> Flight | None:
        """Remove a batch and return it; None if it is not under way. Its lanes stay busy."""
        flight = self._flights.pop(batch_id, None)
        self._on_end(batch_id)
        if flight is not None and flight.reserved[1]:
            self._answers.release(*flight.reserved)
        return flight

    def fail(self, flight: Flight, error: ServiceError) -> bool:
        """Refuse a batch; False if it is not under way any more."""
        if self.give_up(flight.batch_id) is None:
            return False
        flight.refuse(error)
        self._lanes.release(flight.sessions())
        return True

    def leave_free(self, worker_id: str) -> bool:
        """Tell whether no flight can be with a worker. Any worker may have one that wants none."""
        return all(
            flight.wanted_worker not in ("", worker_id) and not flight.is_for_any
            for flight in self._flights.values()
        )

    def busy_workers(self, workers: int) -> set[str]:
        """Return the workers that have been sent as many batches of their own as they may have.

        While all workers may have a batch, each may have a second one, which it finds at once.
        """
        if not self._flights:
            return set()
        most = 1 if len(self._flights) < workers else 2
        own = Counter(
            flight.wanted_worker for flight in self._flights.values() if not flight.is_for_any
        )
        return {worker for worker, batches in own.items() if worker and batches >= most}

    def has_wanted(self) -> bool:
        """Tell whether any caller waits for an operation under way."""
        return any(each.is_wanted() for flight in self for each in flight.operations)

    def oldest_sent(self) -> float:
        """Return when the oldest batch was sent, by the monotonic clock; 0 if there is none."""
        # They stand in the order in which they were sent.
        return next(iter(self._flights.values())).sent if self._flights else 0.0

    def oldest_seconds(self) -> float:
        """Return the seconds since the oldest batch was sent; 0 if there is none."""
        now = time.monotonic()
        return max((now - flight.sent for flight in self), default=0.0)

    def are_stuck(self, workers: int) -> bool:
        """Tell whether all of these workers are busy and no batch has come back for long."""
        old = time.monotonic() - STUCK_SECONDS
        return (
            len(self._flights) >= workers > 0
            and self._last_back < old
            and all(flight.sent < old for flight in self)
        )
