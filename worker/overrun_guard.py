"""Watches the operation that the worker computes.

It notes the worker as the holder of a batch that takes long, and keeps the batch in Redis. It ends
the worker if an operation computes for too long, or although nobody awaits it: NumPy cannot be
interrupted, so the process ends with the operation. The server sends the rest of the batch again,
to another worker.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import threading
import time
from typing import NamedTuple

import redis

from edunn_serving import keys
from edunn_serving.pools import Pool
from edunn_serving.redis_connections import connect
from edunn_serving.replies import BATCH_TTL_MS
from edunn_serving.settings import Settings

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
# An operation may compute this long after its end, in seconds.
GRACE_SECONDS = 1.0
# The kernel ends the worker this much later. A computation may hold Python's lock, so that this
# thread cannot run.
LAST_RESORT_SECONDS = 2.0
# While a batch is computed, its time to live in Redis is renewed each time this long has passed.
KEEP_SECONDS = BATCH_TTL_MS / 1000 / 4
# The worker waits this long for Redis before it ends.
REDIS_SECONDS = 1.0


class _Running(NamedTuple):
    """The operation that is computed. Times are of the monotonic clock."""

    batch_id: str
    # Its place in the batch.
    number: int
    began: float
    # The time at which it must end.
    end: float
    # The id of the call.
    request_id: str


class OverrunGuard(threading.Thread):
    """Watches the operation that the main thread computes."""

    def __init__(self, settings: Settings, pool: Pool, worker_id: str) -> None:
        super().__init__(name="overrun guard", daemon=True)
        self._pool = pool
        self._worker_id = worker_id
        self._longest = settings.operation_seconds
        self._client = connect(settings.redis_url, answer_seconds=REDIS_SECONDS)
        self._running: _Running | None = None
        self._stopped = threading.Event()

    def begin(self, batch_id: str, number: int, deadline: float, request_id: str = "") -> None:
        """Watch an operation. The deadline is of the monotonic clock; infinity for none."""
        now = time.monotonic()
        end = min(deadline, now + self._longest)
        self._running = _Running(batch_id, number, now, end, request_id)
        signal.setitimer(signal.ITIMER_REAL, end - now + GRACE_SECONDS + LAST_RESORT_SECONDS)

    def end(self) -> None:
        """Note that no operation is computed any more."""
        self._running = None
        signal.setitimer(signal.ITIMER_REAL, 0)

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped.set()

    def run(self) -> None:
        """Look at the computed operation again and again."""
        abandoned: _Running | None = None
        end = math.inf
        kept, kept_at = "", 0.0
        is_noted = False
        while not self._stopped.wait(LOOK_SECONDS):
            running = self._running
            if running is None:
                continue
            now = time.monotonic()
            if running.batch_id != kept:
                kept, kept_at, is_noted = running.batch_id, now, False
            elif not is_noted:
                is_noted = self._note_holder(running.batch_id)
            elif now - kept_at > KEEP_SECONDS:
                kept_at = now
                self._keep_batch(running.batch_id)
            if running is not abandoned:
                end = running.end
                if now - running.began > GRACE_SECONDS and self._is_abandoned(running):
                    abandoned, end = running, min(end, now)
            if now > end + GRACE_SECONDS and self._running is running:
                self._end_worker(running, now)

    def _note_holder(self, batch_id: str) -> bool:
        """Note this worker as the batch's holder; False if Redis is away.

        A batch that is run on sessions at hand has no holder yet. Its server would take it for lost
        after a while.
        """
        try:
            self._client.set(keys.holder(batch_id), self._worker_id, px=BATCH_TTL_MS)
        except redis.RedisError as error:
            log.warning("cannot note the holder of batch %s: %s", batch_id, error)
            return False
        return True

    def _keep_batch(self, batch_id: str) -> None:
        """Let Redis keep a long batch for longer. The server would send an expired one again."""
        try:
            apart = int(self._client.lindex(keys.batch(batch_id), 0) or 0)
            requests = [keys.request(batch_id, number) for number in range(apart)]
            pipeline = self._client.pipeline(transaction=False)
            for key in (keys.batch(batch_id), keys.holder(batch_id), *requests):
                pipeline.pexpire(key, BATCH_TTL_MS)
            pipeline.execute()
        except redis.RedisError as error:
            log.warning("cannot keep batch %s for longer: %s", batch_id, error)

    def _is_abandoned(self, running: _Running) -> bool:
        """Tell whether the server has noted that nobody awaits the operation any more."""
        try:
            found = self._client.sismember(keys.abandoned(running.batch_id), str(running.number))
            return bool(found)
        except redis.RedisError as error:
            log.debug("cannot ask who awaits an operation: %s", error)
            return False

    def _end_worker(self, running: _Running, now: float) -> None:
        """Write the operation into the batch's holder, and end the process."""
        log.error(
            "%s, operation %d of batch %s, has computed for %.1f s, beyond its deadline or the "
            "limit of %g s: the worker ends",
            running.request_id, running.number, running.batch_id, now - running.began,
            self._longest,
        )  # fmt: skip
        try:
            pipeline = self._client.pipeline(transaction=False)
            overrun = keys.overrun_holder(self._worker_id, running.number)
            pipeline.set(keys.holder(running.batch_id), overrun, px=BATCH_TTL_MS)
            pipeline.zrem(self._pool.signs_of_life, self._worker_id)
            pipeline.execute()
        except redis.RedisError as error:
            log.warning("cannot write the batch's holder: %s", error)
        os.kill(os.getpid(), signal.SIGKILL)
