"""The server's connections to Redis, the time by Redis's clock, and the workers that live."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from edunn_serving.pools import LAYERS
from edunn_serving.redis_connections import connect_async
from edunn_serving.redis_text import text_of
from edunn_serving.scripts import Script
from edunn_serving.settings import Settings
from server.redis_pipe import RedisPipe

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
RECONNECT_SECONDS = 0.2

# Each new connection of the sender loads these scripts into Redis.
SEND_SCRIPT = Script.named("send")
REROUTE_SCRIPT = Script.named("reroute")


class RedisLink:
    """One server's link to Redis. `up` is whether Redis has answered lately.

    Parameters
    ----------
    on_connect
        Called after each new connection.
    on_change
        Called when Redis or a worker has come or gone.
    """

    def __init__(
        self, settings: Settings, on_connect: Callable[[], None], on_change: Callable[[], None]
    ) -> None:
        self._url = settings.redis_url
        self.client = connect_async(self._url)
        self.sender = RedisPipe(
            self.client, self.give_up_connections, (SEND_SCRIPT, REROUTE_SCRIPT)
        )
        # A connection of its own, because a read that blocks holds up the commands behind it.
        self.reader = RedisPipe(self.client, self.give_up_connections)
        self._on_connect = on_connect
        self._on_change = on_change
        self._worker_timeout = settings.worker_timeout_seconds
        self._live_workers = self.client.register_script(Script.named("live_workers").text)
        # Resolved with the error that broke the connections; None while there are none.
        self._broken: asyncio.Future[Exception] | None = None
        # Redis's clock, which all machines share, minus this machine's monotonic one, in seconds.
        self._clock_offset = 0.0
        self.up = False
        # Why Redis is not up; empty while it is, None before the first look.
        self._trouble: str | None = None
        # The time at which Redis came up, by the monotonic clock.
        self.up_since = 0.0
        self.workers: frozenset[str] = frozenset()
        # Set after the first look at Redis.
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
        """Return the time of Redis's clock, in ms, at a time of the monotonic clock."""
        return int((at + self._clock_offset) * 1000)

    def give_up_connections(self, why: Exception) -> None:
        """Give up the connections. `run` then makes new ones."""
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
                await self.look()
                why = await self._broken
            except (RedisError, OSError) as error:
                why = error
            self._broken = None
            self._note(up=False, why=why)
            await self._leave_old_connections()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _leave_old_connections(self) -> None:
        """Make new connections from now on: the address may lead to another Redis by now.

        Commands under way keep theirs and close them. If somebody else closed a connection in the
        middle of a command, redis-py would fail with an AttributeError.
        """
        old = self.client.connection_pool
        self.client.connection_pool = connect_async(self._url).connection_pool
        await old.update_active_connections_for_reconnect()
        try:
            await old.disconnect(inuse_connections=False)
        except (RedisError, OSError) as error:
            log.debug("an old connection to Redis ended with an error: %s", error)

    async def _look_often(self) -> None:
        while True:
            try:
                await self.look()
            except (RedisError, OSError) as error:
                # Otherwise commands would wait for ever for a Redis that is silent but connected.
                self.give_up_connections(error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Ask Redis for the time and for the workers that live."""
        now_ms, workers = await self._live_workers([LAYERS.signs_of_life], [self._worker_timeout])
        self._clock_offset = now_ms / 1000 - time.monotonic()
        if self._broken is not None and not self._broken.done():
            self._note(up=True, workers=frozenset(map(text_of, workers)))

    def _note(
        self,
        *,
        up: bool,
        workers: frozenset[str] | None = None,
        why: Exception | None = None,
    ) -> None:
        """Note the state of Redis and of the workers, and call `on_change` if it differs."""
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
