"""Runs a batch: load its sessions, run its operations in order, commit, reply.

A worker keeps the sessions that it has run. If the server says that it ran a batch's sessions last,
it runs the batch on them, and the commit verifies that they are as Redis has them. This saves the
round trip that loads them.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis

from edunn_serving.batch_message import BatchMessage, OperationHead, check_requests
from edunn_serving.errors import ServiceError, logged_fault, unavailable
from edunn_serving.exchange import Exchange
from edunn_serving.keys import SessionKey
from edunn_serving.redis_connections import RedisRefuses
from edunn_serving.replies import STATUS, Answer, Reply
from edunn_serving.scripts import Command
from edunn_serving.settings import Settings
from worker.batch_run import BatchRun, Outcome, failed, out_of_memory
from worker.limits import cache_limit
from worker.needs import needs_of
from worker.overrun_guard import OverrunGuard
from worker.randomness import RepeatableGenerator
from worker.ready import ReadySessions
from worker.recall import recall
from worker.recent_contexts import RecentContexts
from worker.reply_exchange import ReplyExchange
from worker.store import Committed, Store
from worker.stored import Changes, StoredSession

log = logging.getLogger(__name__)

# Two servers that use one session at once make each other's commits fail. After this many conflicts
# a batch insists on its turn. The others wait for it, but no longer than the time below.
PATIENT_CONFLICTS = 3
LONGEST_WAIT_SECONDS = 30.0
WAIT_SECONDS = 0.02
# This many conflicts in a row are not chance but a fault.
MAX_CONFLICTS = 100
REDIS_RETRY_SECONDS = 0.2
# Redis's clock is read again after this time.
CLOCK_SECONDS = 60.0
# This part of the memory for ready sessions is for recent contexts.
RECENT_SHARE = 8
# A batch is not run again after Redis has given it and refused its answer this many times.
MAX_REFUSALS = 5


class Engine:
    """Runs batches one after the other, and keeps layers ready between them."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        worker_id: str,
        guard: OverrunGuard,
        *,
        is_stopping: Callable[[], bool] = lambda: False,
        commit_quickly: Callable[[Command], Any] | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._seal = settings.seal()
        self._exchange = ReplyExchange(Exchange(settings.exchange_folder), self._seal)
        self._worker_id = worker_id
        self._guard = guard
        self._is_stopping = is_stopping
        # Whether Redis has given the batch in the latest try.
        self._has_taken = False
        self._randomness = RepeatableGenerator()
        # Runs the script that commits a batch on sessions at hand.
        self._commit_quickly = commit_quickly
        # The processor time of the latest batch's operations, and what the batch took besides.
        self._operation_seconds = 0.0
        self._fixed_seconds = 0.0
        # Redis's clock minus this machine's monotonic one, in seconds, and when it was measured.
        self._clock_offset = 0.0
        self._clock_read = -math.inf
        recent_budget = cache_limit(settings) // RECENT_SHARE
        self._ready = ReadySessions(cache_limit(settings) - recent_budget)
        self._recent = RecentContexts(recent_budget)

    def run(self, batch: BatchMessage) -> None:
        """Run a batch and answer it, unless it is answered already.

        While Redis is away the batch is tried again. This is safe, because only one commit of a
        batch counts. If Redis gives the batch again and again but refuses its answer, the callers
        get an error that says so. A worker that is to stop does not wait for Redis, because the
        server sends the batch again.
        """
        began = time.thread_time()
        try:
            self._run_until_answered(batch)
        finally:
            taken = time.thread_time() - began
            self._fixed_seconds = max(0.0, taken - self._operation_seconds)

    def _run_until_answered(self, batch: BatchMessage) -> None:
        refusals = 0
        trouble = ""
        while True:
            self._has_taken = False
            try:
                if refusals < MAX_REFUSALS:
                    self._run(batch)
                else:
                    self._answer_all(batch, unavailable("the store takes no answer"))
                return
            except redis.RedisError as error:
                if self._is_stopping():
                    log.warning("batch %s is left to another worker: %s", batch.batch_id, error)
                    return
                refusals += self._has_taken
                if str(error) != trouble:
                    trouble = str(error)
                    log.warning("batch %s waits for Redis: %s", batch.batch_id, trouble)
                time.sleep(REDIS_RETRY_SECONDS)

    def _run(self, batch: BatchMessage) -> None:
        conflicts, waited = 0, 0.0
        # Operations whose failure has spoilt their session in memory.
        failures: dict[int, Outcome] = {}
        try:
            if self._run_on_ready(batch):
                return
            while conflicts < MAX_CONFLICTS:
                insist = conflicts >= PATIENT_CONFLICTS or waited >= LONGEST_WAIT_SECONDS
                committed = self._try(batch, failures, insist=insist)
                if committed is Committed.CONFLICT:
                    conflicts += 1
                elif committed is Committed.WAIT:
                    time.sleep(WAIT_SECONDS)
                    waited += WAIT_SECONDS
                else:
                    return
            raise RuntimeError(f"{MAX_CONFLICTS} conflicts in a row")
        except RedisRefuses:
            # Redis may still take an answer without changes, so that the callers get an error.
            self._answer_all(batch, unavailable("the store takes no changes"))
        except (redis.ConnectionError, redis.TimeoutError):
            raise
        except Exception:
            # Nothing has been stored. Without this the callers would wait until their deadlines.
            calls = " ".join(head.request_id for head in batch.heads)
            self._answer_all(batch, logged_fault(f"batch {batch.batch_id} of calls {calls}"))

    def _answer_all(self, batch: BatchMessage, error: ServiceError) -> None:
        replies = [Reply(STATUS, failed(error).data)] * len(batch.heads)
        self._commit(batch, replies, ())

    def _commit(
        self,
        batch: BatchMessage,
        replies: Sequence[Reply],
        changes: Sequence[Changes],
        *,
        insist: bool = False,
        run: Callable[[Command], Any] | None = None,
    ) -> Committed:
        with self._exchange.placing(batch.presence, replies) as placed:
            answer = Answer(batch.batch_id, placed.replies, self._worker_id, self._fixed_seconds)
            committed = self._store.commit(
                batch.reply_stream, answer, changes, insist=insist, run=run
            )
            placed.are_wanted = committed is Committed.DONE
        return committed

    def _run_on_ready(self, batch: BatchMessage) -> bool:
        """Run a batch on the sessions as this worker left them; False if it must load them.

        Nothing is stored if they are not as Redis has them, or if anything else goes wrong.
        """
        is_clock_known = time.monotonic() - self._clock_read < CLOCK_SECONDS
        is_wanted = batch.wanted_worker == self._worker_id
        if not (is_wanted and is_clock_known):
            return False
        recalled = recall(batch.heads, self._ready, self._recent)
        requests = None if recalled is None else self._requests_of(batch)
        if recalled is None or requests is None:
            return False
        run = self._begin(batch, requests, {})
        for key, session in recalled.items():
            run.open(key, session, self._ready.get(key))
        committed = Committed.CONFLICT
        try:
            if run.run_all() is None:
                committed = self._commit(
                    batch,
                    run.replies,
                    run.changes(),
                    # A worker that is to stop reads no further batch.
                    run=None if self._is_stopping() else self._commit_quickly,
                )
        except (redis.RedisError, MemoryError) as error:
            # If Redis has stored it all the same, the next run finds the batch answered.
            log.debug("batch %s is run again: %s", batch.batch_id, error)
        finally:
            self._settle(batch, run, committed)
        return committed in (Committed.DONE, Committed.ANSWERED)

    def _requests_of(self, batch: BatchMessage) -> Sequence[bytes] | None:
        """Return a batch's requests; None if they lie apart and cannot be had."""
        if batch.requests is not None:
            return batch.requests
        try:
            requests = self._store.requests(batch.batch_id, len(batch.heads))
        except redis.RedisError as error:
            log.debug("batch %s is taken: %s", batch.batch_id, error)
            return None
        if requests is None:
            return None
        self._check_requests(batch, requests)
        return requests

    def _begin(
        self, batch: BatchMessage, requests: Sequence[bytes], failures: dict[int, Outcome]
    ) -> BatchRun:
        return BatchRun(
            batch, requests, self._settings, self._randomness, self._guard, failures,
            self._clock_offset,
        )  # fmt: skip

    def _try(self, batch: BatchMessage, failures: dict[int, Outcome], *, insist: bool) -> Committed:
        """Run a batch on the present sessions, and commit its changes.

        If memory runs out while the answer is put together, its largest part becomes an error.
        """
        while True:
            run = self._run_operations(batch, failures)
            if run is None:
                log.info("batch %s is answered already or has expired", batch.batch_id)
                return Committed.ANSWERED
            committed = Committed.CONFLICT
            try:
                committed = self._commit(batch, run.replies, run.changes(), insist=insist)
                return committed
            except MemoryError:
                largest = max(range(len(run.replies)), key=lambda at: len(run.replies[at].data))
                if largest in failures:
                    raise
                failures[largest] = failed(out_of_memory())
            finally:
                self._settle(batch, run, committed)

    def _run_operations(self, batch: BatchMessage, failures: dict[int, Outcome]) -> BatchRun | None:
        """Run a batch's operations; None if it is answered already."""
        requests, stored = self._take(batch, batch.heads)
        if requests is None:
            return None
        run = self._begin(batch, requests, failures)
        for key, session in stored.items():
            run.open(key, session, self._ready.get(key))
        while (spoilt := run.run_all()) is not None:
            # Only Redis has the session's state from before the operation.
            self._ready.drop([spoilt])
            heads = [head for head in batch.heads if head.session == spoilt]
            requests, stored = self._take(batch, heads)
            if requests is None:
                return None
            run.open(spoilt, stored[spoilt], None)
        return run

    def _take(
        self, batch: BatchMessage, heads: Sequence[OperationHead]
    ) -> tuple[Sequence[bytes] | None, dict[SessionKey, StoredSession | None]]:
        """Load what some operations of a batch need; no requests if it is answered already."""
        exists, requests, stored, now_ms = self._store.take(
            batch.batch_id,
            self._worker_id,
            needs_of(heads, self._ready),
            requests_apart=len(batch.heads) if batch.requests is None else 0,
        )
        self._has_taken = True
        if exists and batch.requests is None:
            self._check_requests(batch, requests)
        self._clock_read = time.monotonic()
        self._clock_offset = now_ms / 1000 - self._clock_read
        return (batch.requests or requests) if exists else None, stored

    def _check_requests(self, batch: BatchMessage, requests: Sequence[bytes]) -> None:
        numbers = range(len(batch.heads))
        check_requests(self._seal, batch.batch_id, batch.marks, requests, numbers)

    def _settle(self, batch: BatchMessage, run: BatchRun, committed: Committed) -> None:
        """Keep the sessions of a run whose changes are stored, and forget those of others."""
        self._operation_seconds = sum(reply.seconds for reply in run.replies)
        if committed is not Committed.DONE:
            # The sessions in memory have changes that are not stored.
            self._ready.drop(run.sessions)
            return
        for key, session in run.sessions.items():
            if session.ready is None:
                self._ready.drop([key])
            else:
                session.settle(batch.batch_id, self._recent)
                self._ready.keep(key, session.ready)
