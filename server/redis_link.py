"""The server's connections to Redis: whether it answers, what time it is, which workers live."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from edunn_serving.pools import LAYERS
from edunn_serving.redis_connections import connect_async
from edunn_serving.scripts import Script
from edunn_serving.settings import Settings
from server.redis_pipe import RedisPipe

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
RECONNECT_SECONDS = 0.2

# What the sender runs: Redis learns it with each new connection.
SEND_SCRIPT = Script.named("send")


class RedisLink:
    """One server's link to Redis. `up` tells whether Redis has answered lately.

    Parameters
    ----------
    on_connect
        Called whenever new connections stand.
    on_change
        Called whenever Redis or a worker has come or gone.
    """

    def __init__(
        self, settings: Settings, on_connect: Callable[[], None], on_change: Callable[[], None]
    ) -> None:
        self.client = connect_async(settings.redis_url)
        self.sender = RedisPipe(self.client, self.give_up_connections, (SEND_SCRIPT,))
        # A connection of its own: a read that waits for replies holds up what comes behind it.
        self.reader = RedisPipe(self.client, self.give_up_connections)
        self._on_connect = on_connect
        self._on_change = on_change
        self._worker_timeout = settings.worker_timeout_seconds
        self._live_workers = self.client.register_script(Script.named("live_workers").text)
        # Resolved with what has broken the connections; None while there are none.
        self._broken: asyncio.Future[Exception] | None = None
        # Redis's clock less this machine's monotonic one, in seconds. Redis's is the one clock that
        # all machines share.
        self._clock_offset = 0.0
        self.up = False
        # Why it is not; None while nothing is known yet.
        self._trouble: str | None = None
        # Since when, by the monotonic clock.
        self.up_since = 0.0
        self.workers: frozenset[str] = frozenset()
        # Set once it is known whether Redis is there.
        self.tried = asyncio.Event()

    async def run(self) -> None:
        """Keep connected and watch the workers until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_connected())
                tasks.create_task(self._look_often())
        finally:
            self.sender.close()
            self.reader.close()
            await self.client.aclose()

    def redis_ms(self, at: float) -> int:
        """Return what Redis's clock shows, in ms, when the monotonic one shows `at`."""
        return int((at + self._clock_offset) * 1000)

    def give_up_connections(self, why: Exception) -> None:
        """Give up the connections; new ones are made."""
        if self._broken is not None and not self._broken.done():
            self._broken.set_result(why)

    async def _keep_connected(self) -> None:
        """Connect, and connect again when a connection breaks."""
        while True:
            try:
                await self.sender.connect()
                await self.reader.connect()
                self._broken = asyncio.get_running_loop().create_future()
                self._on_connect()
                await self._look()
                why = await self._broken
            except (RedisError, OSError) as error:
                why = error
            self._broken = None
            self._note(up=False, why=why)
            # Its name may be another Redis's by now, so no connection to the old one is kept.
            await self.client.connection_pool.disconnect()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _look_often(self) -> None:
        while True:
            try:
                await self._look()
            except (RedisError, OSError) as error:
                # What awaits an answer would do so for ever where Redis is silent but connected.
                self.give_up_connections(error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        """See whether Redis answers, what time it has, and which workers live."""
        now_ms, workers = await self._live_workers([LAYERS.signs_of_life], [self._worker_timeout])
        self._clock_offset = now_ms / 1000 - time.monotonic()
        if self._broken is not None and not self._broken.done():
            self._note(up=True, workers=frozenset(worker.decode() for worker in workers))

    def _note(
        self,
        *,
        up: bool,
        workers: frozenset[str] | None = None,
        why: Exception | None = None,
    ) -> None:
        """Note what has been seen of Redis and the workers, and tell of a change."""
        before = (self.up, self.workers)
        trouble = "" if up else f"Redis is away: {why}"
        if trouble != self._trouble:
            self._trouble = trouble
            log.log(logging.WARNING if trouble else logging.INFO, trouble or "Redis is there")
        if workers is not None and workers != self.workers:
            log.info("%d workers: %s", len(workers), ", ".join(sorted(workers)) or "none")
            self.workers = workers
        if up and not self.up:
            self.up_since = time.monotonic()
        self.up = up
        self.tried.set()
        if (self.up, self.workers) != before:
            self._on_change()
