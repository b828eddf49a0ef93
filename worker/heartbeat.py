"""A worker's sign of life in Redis, by which servers know the live workers."""

from __future__ import annotations

import logging
import threading
import time

import redis

from edunn_serving.pools import Pool
from edunn_serving.redis_connections import connect
from edunn_serving.scripts import Script
from edunn_serving.settings import Settings

log = logging.getLogger(__name__)

# Longer than the time between two refusals.
HUSHED_SECONDS = 1.5


class Heartbeat(threading.Thread):
    """Gives several signs of life in the time after which silence counts as death.

    It is a thread because the worker's main thread computes. It goes on while Redis is away, so
    that servers know the worker again as soon as Redis is back.
    """

    def __init__(self, settings: Settings, pool: Pool, worker_id: str) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._pool = pool
        self._worker_id = worker_id
        self._hushed_until = 0.0
        self._interval = settings.worker_timeout_seconds / 4
        self._client = connect(settings.redis_url)
        self._beat = self._client.register_script(Script.named("heartbeat").text)
        self._stopped = threading.Event()
        # Whether Redis heard the last sign.
        self._reachable = True

    def hush(self) -> None:
        """Give no sign of life for a while, because the worker can take no batch."""
        self._hushed_until = time.monotonic() + HUSHED_SECONDS

    def start(self) -> None:
        """Give the first sign of life, before the worker takes a batch, and begin the thread."""
        self._give_sign()
        super().start()

    def run(self) -> None:
        while not self._stopped.wait(self._interval):
            self._give_sign()
        self._say_goodbye()

    def stop(self) -> None:
        """Stop, and remove the sign of life, so that servers no longer count this worker."""
        self._stopped.set()
        self.join(self._interval)

    def _give_sign(self) -> None:
        hushed = time.monotonic() < self._hushed_until
        try:
            self._beat([self._pool.signs_of_life], [self._worker_id, "0" if hushed else "1"])
            if not self._reachable:
                log.warning("Redis hears the heartbeat again")
            self._reachable = True
        except redis.RedisError as error:
            if self._reachable:
                log.warning("Redis does not hear the heartbeat: %s", error)
            self._reachable = False
            # The address may lead to another Redis by now.
            self._client.connection_pool.disconnect()

    def _say_goodbye(self) -> None:
        try:
            self._beat([self._pool.signs_of_life], [self._worker_id, "0"])
        except redis.RedisError as error:
            log.warning("Redis did not hear the goodbye: %s", error)
