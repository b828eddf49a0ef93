"""The room that an operation has: for its answer at the server, and in the time of others."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edunn_serving.replies import FREE_ANSWER_BYTES
from edunn_serving.settings import Settings
from worker.limits import Charge, check


class NoRoomError(Exception):
    """An operation must be sent again, with room for its answer or alone. Nothing is changed."""

    def __init__(self, *, answer_bytes: int = 0, work: int = 0) -> None:
        super().__init__(f"{answer_bytes} bytes of answer or {work} units of work are too much now")
        # The bytes of an answer for which the server has not reserved room; 0 if it has.
        self.answer_bytes = answer_bytes
        # The work for which the other sessions of the batch would wait too long; 0 if it is little.
        self.work = work


@dataclass(slots=True)
class Room:
    """The room of one operation."""

    # The bytes that its answer may take.
    answer: int = FREE_ANSWER_BYTES
    # The units of work for which the other sessions of the batch may wait.
    work: float = math.inf
    # The units of work that it has done.
    done: int = 0

    def work_left(self) -> float:
        """Return the units of work that the operation may still do."""
        return self.work - self.done

    def admit(self, charge: Charge, settings: Settings) -> None:
        """Check that an operation may do what it is about to do, and that there is room for it.

        Raises
        ------
        ServiceError
            TOO_LARGE: it may never.
        NoRoomError
        """
        check(charge, settings)
        self.need(charge)

    def need(self, charge: Charge) -> None:
        """Check that there is room for what the operation is about to do.

        Nothing must have been changed before.

        Raises
        ------
        NoRoomError
        """
        needs_answer = charge.answer > self.answer
        needs_time = charge.work > self.work_left()
        if needs_answer or needs_time:
            raise NoRoomError(
                answer_bytes=charge.answer if needs_answer else 0,
                work=self.done + charge.work if needs_time else 0,
            )
