"""Reads batches off the queue and runs them: what Celery starts and stops as its consumer.

Celery's own consumer carries a batch's message through kombu's envelope, a request and a trace,
for which nobody looks here. It took more than half of a lone call's time in the worker, and what
kombu makes of an odd message, an odd URL or an odd Redis ended the worker.
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
from worker.engine import Engine
from worker.script_connection import ScriptConnection

log = logging.getLogger(__name__)

# How long one read waits for a batch, in seconds. A worker notices that it is to stop this late.
READ_SECONDS = 1
RETRY_SECONDS = 0.2
# After so long a worker that gets no batches gives no sign of life either.
REFUSED_SECONDS = 1.0


class BatchConsumer:
    """Runs batches one after the other until Celery says to stop.

    The attributes without a use here are those that Celery's signal handlers look at.
    """

    connection = None
    task_consumer = None

    def __init__(
        self,
        connection: ScriptConnection,
        queue: str,
        engine: Engine,
        *,
        announce: Callable[[BatchConsumer], None],
        on_refusal: Callable[[], None],
        pool: Any,
    ) -> None:
        self.pool = pool
        # Tells Celery that the worker is ready.
        self._announce = announce
        # Called again and again while Redis gives no batch although it answers.
        self._on_refusal = on_refusal
        self._connection = connection
        self._queue = queue
        self._engine = engine
        self._reachable = True
        # Since when Redis has refused, by the monotonic clock; None while it does not.
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
            state.maybe_shutdown()
            message = self._next_message()
            if message is not None:
                self._run(message)

    def _next_message(self) -> bytes | None:
        """Return the next batch's message, None where none has come in time."""
        try:
            (answer,) = self._connection.run(("BRPOP", self._queue, READ_SECONDS))
        except redis.RedisError as error:
            # Redis is away, or takes no command that writes: it may do so again at any time.
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
        return answer[1] if answer else None

    def _note_refusal(self, error: redis.RedisError) -> None:
        """Tell of a Redis that refuses for long. One that starts does so for a moment."""
        now = time.monotonic()
        if not isinstance(error, RedisRefuses):
            self._refused_since = None
        elif self._refused_since is None:
            self._refused_since = now
        elif now - self._refused_since > REFUSED_SECONDS:
            self._on_refusal()

    def _run(self, data: bytes) -> None:
        try:
            message = BatchMessage.decode(data)
        except (ValueError, RecursionError) as error:
            log.warning("dropped what is no batch: %s: %s", error, quoted(data[:100]))
            return
        self._engine.run(message)

    def stop(self) -> None:
        """Give up the connection, as the worker's last step."""
        self._connection.close()

    # Celery calls each of these at some way to stop. The loop ends by `state.maybe_shutdown`.
    def close(self) -> None:
        """Do nothing: what is under way is finished first."""

    def shutdown(self) -> None:
        """Do nothing: nothing is left."""

    def cancel_active_requests(self) -> None:
        """Do nothing: servers send again what is cut off."""


def is_stopping() -> bool:
    """Tell whether the worker is told to stop."""
    # The exit code once it is, and 0 is one.
    return state.should_stop is not None and state.should_stop is not False
