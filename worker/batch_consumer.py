"""Reads batches off the queue and runs them. Celery starts and stops it as its consumer.

Celery's own consumer wraps each message into objects that are not needed here. They took more than
half of a lone call's time in the worker. kombu's errors over an odd message, URL or Redis also
ended the worker.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import redis
from celery.worker import state

from edunn_serving.batch_message import BatchMessage
from edunn_serving.errors import quoted
from edunn_serving.redis_connections import RedisRefuses
from edunn_serving.seal import Seal
from worker.batch_queue import BatchQueue
from worker.engine import Engine

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.2
# A worker that Redis has refused batches for this long stops giving signs of life.
REFUSED_SECONDS = 1.0


class BatchConsumer:
    """Runs batches one after the other until Celery stops it.

    Celery's signal handlers read the attributes that are not used here.
    """

    connection = None
    task_consumer = None

    def __init__(
        self,
        queue: BatchQueue,
        engine: Engine,
        *,
        announce: Callable[[BatchConsumer], None],
        on_refusal: Callable[[], None],
        pool: Any,
        seal: Seal,
    ) -> None:
        self.pool = pool
        self._seal = seal
        # Tells Celery that the worker is ready.
        self._announce = announce
        # Called again and again while Redis answers but refuses to give batches.
        self._on_refusal = on_refusal
        self._queue = queue
        self._engine = engine
        self._reachable = True
        # The time of Redis's first refusal, by the monotonic clock; None while it does not refuse.
        self._refused_since: float | None = None

    def start(self) -> None:
        """Run batches.

        Raises
        ------
        celery.exceptions.WorkerShutdown, WorkerTerminate
            The worker is told to stop.
        """
        self._announce(self)
        while True:
            # A read that is under way may bring a batch.
            if not self._queue.is_reading:
                state.maybe_shutdown()
            message = self._next_message()
            if message is not None:
                self._run(message)

    def _next_message(self) -> bytes | None:
        """Return the next batch's message; None if none has come in time."""
        try:
            message = self._queue.next()
        except redis.RedisError as error:
            # Redis is away or refuses commands that write. Either may end at any time.
            if self._reachable:
                log.warning("no batches can be read: %s", error)
            self._reachable = False
            self._note_refusal(error)
            time.sleep(RETRY_SECONDS)
            return None
        if not self._reachable:
            log.info("batches can be read again")
            self._reachable = True
            self._refused_since = None
        return message

    def _note_refusal(self, error: redis.RedisError) -> None:
        """Call `on_refusal` if Redis refuses for long. A starting Redis refuses for a moment."""
        now = time.monotonic()
        if not isinstance(error, RedisRefuses):
            self._refused_since = None
        elif self._refused_since is None:
            self._refused_since = now
        elif now - self._refused_since > REFUSED_SECONDS:
            self._on_refusal()

    def _run(self, data: bytes) -> None:
        try:
            message = BatchMessage.decode(self._seal.open("batch", data))
        except (ValueError, RecursionError) as error:
            log.warning("dropped a message that is no batch: %s: %s", error, quoted(data[:100]))
            return
        self._engine.run(message)

    def stop(self) -> None:
        """Leave the queues, as the worker's last step. It gives no more signs of life."""
        try:
            self._queue.leave()
        except redis.RedisError as error:
            log.warning("batches may be left in the worker's queue: %s", error)
        self._queue.close()

    # Celery calls each of these in some kind of stop. `state.maybe_shutdown` ends the loop.
    def close(self) -> None:
        """Do nothing: the batch under way is finished first."""

    def shutdown(self) -> None:
        """Do nothing: nothing is left."""

    def cancel_active_requests(self) -> None:
        """Do nothing: a server sends an interrupted batch again."""


def is_stopping() -> bool:
    """Tell whether the worker is told to stop."""
    # It is an exit code once the worker is told to stop. 0 is one of them.
    return state.should_stop is not None and state.should_stop is not False
