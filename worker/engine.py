"""Runs a batch: load its sessions, run its operations in order, commit, reply."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import redis

from edunn_serving.batch_message import BatchMessage
from edunn_serving.errors import ServiceError, logged_fault, unavailable
from edunn_serving.redis_connections import RedisRefuses
from edunn_serving.replies import Reply
from edunn_serving.settings import Settings
from worker.batch_run import BatchRun, Outcome, failed, out_of_memory
from worker.limits import cache_limit
from worker.needs import needs_of
from worker.overrun_guard import OverrunGuard
from worker.randomness import RepeatableGenerator
from worker.ready import ReadySessions
from worker.store import Committed, Store

log = logging.getLogger(__name__)

# Two servers that use one session at once make each other's commits fail. After this many conflicts
# a batch insists on its turn. The others wait for it, but no longer than the time below.
PATIENT_CONFLICTS = 3
LONGEST_WAIT_SECONDS = 30.0
WAIT_SECONDS = 0.02
# This many conflicts in a row are not chance but a fault.
MAX_CONFLICTS = 100
REDIS_RETRY_SECONDS = 0.2
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
    ) -> None:
        self._store = store
        self._settings = settings
        self._worker_id = worker_id
        self._guard = guard
        self._is_stopping = is_stopping
        # Whether Redis has given the batch in the latest try.
        self._has_taken = False
        self._randomness = RepeatableGenerator()
        self._ready = ReadySessions(cache_limit(settings))

    def run(self, batch: BatchMessage) -> None:
        """Run a batch and answer it, unless it is answered already.

        While Redis is away the batch is tried again. This is safe, because only one commit of a
        batch counts. If Redis gives the batch again and again but refuses its answer, the callers
        get an error that says so. A worker that is to stop does not wait for Redis, because the
        server sends the batch again.
        """
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
            self._answer_all(batch, logged_fault(f"batch {batch.batch_id}"))

    def _answer_all(self, batch: BatchMessage, error: ServiceError) -> None:
        answers = [Reply(*failed(error))] * len(batch.heads)
        self._store.commit(batch.batch_id, batch.reply_stream, answers, ())

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
                committed = self._store.commit(
                    batch.batch_id, batch.reply_stream, run.replies, run.changes(), insist=insist
                )
                return committed
            except MemoryError:
                largest = max(range(len(run.replies)), key=lambda at: len(run.replies[at].data))
                if largest in failures:
                    raise
                failures[largest] = failed(out_of_memory())
            finally:
                if committed is Committed.DONE:
                    self._keep_ready(run)
                else:
                    # The sessions in memory have changes that are not stored.
                    self._ready.drop(run.sessions)

    def _run_operations(self, batch: BatchMessage, failures: dict[int, Outcome]) -> BatchRun | None:
        """Run a batch's operations; None if it is answered already."""
        requests, stored, now_ms = self._store.take(
            batch.batch_id, self._worker_id, needs_of(batch.heads, self._ready)
        )
        self._has_taken = True
        if not requests:
            return None
        run = BatchRun(
            batch, requests, self._settings, self._randomness, self._guard, failures, now_ms
        )
        for key, session in stored.items():
            run.open(key, session, self._ready.get(key))
        while (spoilt := run.run_all()) is not None:
            # Only Redis has the session's state from before the operation.
            self._ready.drop([spoilt])
            heads = [head for head in batch.heads if head.session == spoilt]
            requests, stored, _ = self._store.take(
                batch.batch_id, self._worker_id, needs_of(heads, self._ready)
            )
            if not requests:
                return None
            run.open(spoilt, stored[spoilt], None)
        return run

    def _keep_ready(self, run: BatchRun) -> None:
        for key, session in run.sessions.items():
            if session.ready is None:
                self._ready.drop([key])
            else:
                self._ready.keep(key, session.ready)
