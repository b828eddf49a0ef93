"""One run of a batch's operations on its sessions, in memory: it collects answers and changes."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from typing import NamedTuple

from edunn_serving.batch_message import BatchMessage, OperationHead
from edunn_serving.errors import (
    Reason,
    ServiceError,
    deadline_exceeded,
    logged_fault,
)
from edunn_serving.keys import SessionKey
from edunn_serving.replies import AGAIN, FREE_ANSWER_BYTES, RESPONSE, STATUS, Reply
from edunn_serving.requests import parse_request
from edunn_serving.rpcs import OPERATION_RPCS
from edunn_serving.settings import Settings
from worker.journal import BatchSteps
from worker.limits import (
    LONGEST_SHARED_SECONDS,
    MAX_BATCH_RESULT_BYTES,
    SECONDS_OF_WORK,
    SHARED_WORK,
)
from worker.methods import METHODS
from worker.open_session import OpenSession
from worker.overrun_guard import OverrunGuard
from worker.randomness import RepeatableGenerator
from worker.ready import ReadySession
from worker.replay import replayed
from worker.room import NoRoomError, Room
from worker.stored import Changes, StoredSession

log = logging.getLogger(__name__)

# The method whose batches may be journaled.
STEPS = "TrainStep"


class Outcome(NamedTuple):
    """A reply's kind and data, or what the operation needs before it can run."""

    kind: int
    data: bytes
    # The bytes of the answer for which there is no room yet.
    answer_bytes: int = 0
    # The units of work for which other sessions would wait too long.
    work: int = 0


class Ended(NamedTuple):
    """An operation that has ended: its number in the batch, and the seconds that passed."""

    number: int
    outcome: Outcome
    elapsed: float


class BatchRun:
    """Runs the operations of a batch, session by session and in each session's order.

    An operation that fails changes nothing. After a fault of ours, or after memory ran out, its
    session in memory is spoilt. The session must then be loaded again, and its operations run again
    without the one that failed. The other sessions are not affected.

    Once the results are as large as a batch may answer, the other operations are left to another
    batch. So are an operation whose answer needs room at the server, and those behind it; and, for
    the sake of other sessions, one with much work, and sessions that have waited for long.
    """

    def __init__(
        self,
        batch: BatchMessage,
        requests: Sequence[bytes],
        settings: Settings,
        randomness: RepeatableGenerator,
        guard: OverrunGuard,
        failures: dict[int, Outcome],
        clock_offset: float,
    ) -> None:
        self._batch = batch
        self._requests = requests
        self._settings = settings
        self._randomness = randomness
        self._guard = guard
        # The outcomes of operations that must not run again, by their numbers in the batch.
        self._failures = failures
        # Redis's clock minus this machine's monotonic one, in seconds.
        self._clock_offset = clock_offset
        self._numbers: dict[SessionKey, list[int]] = {}
        for number, head in enumerate(batch.heads):
            self._numbers.setdefault(head.session, []).append(number)
        self._pending = list(self._numbers)
        # The units of work for which other sessions of the batch wait.
        self._work_room = SHARED_WORK if len(self._numbers) > 1 else math.inf
        # Whether the sessions that have not begun are left to another batch.
        self._is_over = False
        # The operations that have changed their session, since it was opened.
        self._changing: dict[SessionKey, list[int]] = {}
        self.sessions: dict[SessionKey, OpenSession] = {}
        # The bytes of the answers and of the values to store.
        self._result_bytes = 0
        self.replies: list[Reply] = [Reply(STATUS, b"")] * len(batch.heads)

    def open(
        self, key: SessionKey, stored: StoredSession | None, ready: ReadySession | None
    ) -> None:
        """Open a session, given its stored state and the state that the worker has."""
        now_ms = int((time.monotonic() + self._clock_offset) * 1000)
        self._changing[key] = []
        if stored and stored.steps:
            stored, ready = replayed(key, stored, ready, self._randomness, self._settings, now_ms)
        self.sessions[key] = OpenSession(key, stored, ready, self._randomness, now_ms)

    def run_all(self) -> SessionKey | None:
        """Run the operations that have not been run.

        Returns
        -------
        SessionKey or None
            A session that is spoilt. The caller opens it again and then calls this again.
        """
        ended: list[Ended] = []
        began = time.thread_time()
        end = time.monotonic() + LONGEST_SHARED_SECONDS
        try:
            while self._pending:
                key = self._pending[-1]
                self._is_over = bool(ended) and time.monotonic() > end
                if not self._run_session(key, ended):
                    return key
                self._pending.pop()
            return None
        finally:
            self._guard.end()
            self._reply(ended, time.thread_time() - began)

    def changes(self) -> list[Changes]:
        """Return the changes of every session."""
        steps = self._steps()
        return [each for session in self.sessions.values() if (each := session.changes(steps))]

    def _steps(self) -> BatchSteps | None:
        """Return the batch, if it has nothing but steps of one layer with one loss."""
        heads = self._batch.heads
        session, layer, loss = heads[0].session, heads[0].layer, heads[0].loss
        if layer is None or loss is None or len(self._numbers) > 1:
            return None
        if any((each.method, each.layer, each.loss) != (STEPS, layer, loss) for each in heads):
            return None
        return BatchSteps(
            self._batch.batch_id,
            layer,
            loss,
            self._changing[session],
            self._requests,
            self._batch.marks,
            self._batch.requests is None,
            sum(reply.seconds for reply in self.replies),
        )

    def _reply(self, ended: Sequence[Ended], seconds: float) -> None:
        """Note the replies of operations, for which the thread has taken these seconds.

        The thread's own time does not count other work on the machine. The system takes longer to
        tell it than many operations take, so it is asked once and shared out.
        """
        elapsed = sum(each.elapsed for each in ended)
        for number, (kind, data, answer_bytes, work), own in ended:
            share = seconds * own / elapsed if elapsed else 0.0
            if kind == AGAIN:
                share = work * SECONDS_OF_WORK
            self.replies[number] = Reply(kind, data, share, answer_bytes=answer_bytes)

    def _run_session(self, key: SessionKey, ended: list[Ended]) -> bool:
        """Run a session's operations and note them; False as soon as the session is spoilt."""
        session = self.sessions[key]
        began = time.monotonic()
        is_held_up = False
        for number in self._numbers[key]:
            outcome = self._failures.get(number)
            if is_held_up or self._is_over or self._result_bytes > MAX_BATCH_RESULT_BYTES:
                outcome = Outcome(AGAIN, b"")
            if outcome is None:
                session.changed = False
                stored = session.stored_bytes
                outcome, clean = self._run_operation(session, number)
                if not clean:
                    self._failures[number] = outcome
                    return False
                if session.changed and outcome.kind == RESPONSE:
                    self._changing[key].append(number)
                self._result_bytes += len(outcome.data) + session.stored_bytes - stored
                is_held_up = outcome.kind == AGAIN
            now = time.monotonic()
            ended.append(Ended(number, outcome, now - began))
            began = now
        return True

    def _run_operation(self, session: OpenSession, number: int) -> tuple[Outcome, bool]:
        """Run an operation; return its outcome, and whether its session is not spoilt."""
        head = self._batch.heads[number]
        try:
            deadline = self._deadline_of(head)
            self._guard.begin(self._batch.batch_id, number, deadline, head.request_id)
            session.room = Room(head.answer_room or FREE_ANSWER_BYTES, self._work_room)
            method = METHODS[head.method]
            request = parse_request(OPERATION_RPCS[head.method], self._requests[number])
            response = method.run(session, request, self._settings)
            return Outcome(RESPONSE, response.SerializeToString()), True
        except NoRoomError as error:
            return Outcome(AGAIN, b"", error.answer_bytes, error.work), True
        except ServiceError as error:
            log.info("%s %s %s", head.request_id, head.method, error.reason.name)
            # A late error, such as one of encoding, may have left changes behind.
            return failed(error), not session.changed
        except MemoryError:
            return failed(out_of_memory()), False
        except Exception:
            # One operation's fault must not fail the rest of its batch.
            return failed(logged_fault(f"{head.method} {head.request_id}")), False

    def _deadline_of(self, head: OperationHead) -> float:
        """Return an operation's deadline by the monotonic clock.

        Raises
        ------
        ServiceError
            DEADLINE_EXCEEDED: it has passed.
        """
        if not head.deadline_ms:
            return math.inf
        deadline = head.deadline_ms / 1000 - self._clock_offset
        if deadline <= time.monotonic():
            raise deadline_exceeded()
        return deadline


def failed(error: ServiceError) -> Outcome:
    """Return an error as an operation's outcome."""
    return Outcome(STATUS, error.to_status().SerializeToString())


def out_of_memory() -> ServiceError:
    """Return the error of an operation for which the worker has no memory."""
    return ServiceError(Reason.TOO_LARGE, "the operation needs more memory than there is")
