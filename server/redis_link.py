"""The server's link to Redis: sends batches, receives replies, knows which workers live."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import redis.asyncio
from redis.exceptions import RedisError

from server.redis_pipe import RedisPipe
from worker import keys
from worker.errors import Code, ServiceError
from worker.settings import Settings
from worker.store import script
from worker.task_message import task_message

log = logging.getLogger(__name__)

# Longer than any batch waits or computes; a batch that nobody answers must not stay for ever.
BATCH_TTL_MS = 600_000
# How long one read waits for replies, in ms: bounded, so that a broken connection is noticed.
READ_BLOCK_MS = 1000
REPLIES_A_READ = 64
MONITOR_SECONDS = 0.5
RECONNECT_SECONDS = 0.2
SOCKET_TIMEOUT_SECONDS = 2.5
# For a whole call, a batch or reply of 64 MiB included. The monitor notices sooner that Redis is
# away.
PIPE_TIMEOUT_SECONDS = 30.0


class RedisLink:
    """One server's link to Redis. `up` tells whether Redis has answered lately.

    Parameters
    ----------
    on_reply
        Called with a batch's id and reply for each reply that comes.
    on_change
        Called whenever Redis or a worker has come or gone.
    """

    def __init__(
        self,
        settings: Settings,
        server_id: str,
        on_reply: Callable[[str, bytes], None],
        on_change: Callable[[], None],
    ) -> None:
        self._client = redis.asyncio.Redis.from_url(
            settings.redis_url,
            socket_timeout=SOCKET_TIMEOUT_SECONDS,
            socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
            # The pipes read answers as version 2 of the protocol has them.
            protocol=2,
        )
        self._sender = RedisPipe(self._client, PIPE_TIMEOUT_SECONDS)
        # A connection of its own: a read that waits for replies holds up what comes behind it.
        self._reader = RedisPipe(self._client, PIPE_TIMEOUT_SECONDS)
        self._stream = keys.replies(server_id)
        self._last_read = "0-0"
        self._on_reply = on_reply
        self._on_change = on_change
        self._worker_timeout = settings.worker_timeout_seconds
        self._live_workers = self._client.register_script(script("live_workers"))
        self._send_although_full = self._client.register_script(script("send_although_full"))
        self._withdraw = self._client.register_script(script("withdraw"))
        self.up = False
        # Since when, by the monotonic clock.
        self.up_since = 0.0
        self.workers: frozenset[str] = frozenset()
        # Set once it is known whether Redis is there.
        self.tried = asyncio.Event()

    async def run(self) -> None:
        """Receive replies and watch the workers until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive())
                tasks.create_task(self._monitor())
        finally:
            self._sender.close()
            self._reader.close()
            await self._client.aclose()

    async def send(self, batch_id: str, payload: bytes) -> None:
        """Store a batch and tell the workers of it, in one round trip.

        Raises
        ------
        ServiceError
            QUOTA where Redis has no memory left; the batch is not stored then.
        redis.exceptions.RedisError
            Redis is away. It may have the batch or not.
        """
        key = keys.batch(batch_id)
        try:
            await self._sender.execute(
                ("MULTI",),
                ("HSET", key, "payload", payload),
                ("PEXPIRE", key, BATCH_TTL_MS),
                ("LPUSH", keys.QUEUE, task_message(batch_id, self._stream)),
                # What has been read is wanted no longer.
                ("XTRIM", self._stream, "MINID", "=", _after(self._last_read)),
                ("EXEC",),
            )
        except RedisError as error:
            if "OOM" in str(error):
                raise _store_is_full() from error
            raise

    async def send_although_full(self, batch_id: str, payload: bytes) -> None:
        """Send a batch that makes room in a Redis that has no memory left.

        Raises
        ------
        redis.exceptions.RedisError
            Redis is away. It may have the batch or not.
        """
        await self._send_although_full(
            [keys.batch(batch_id), keys.QUEUE],
            [payload, BATCH_TTL_MS, task_message(batch_id, self._stream)],
        )

    async def withdraw(self, batch_id: str) -> bool:
        """Take back a batch that seems lost. False where its reply is on the way."""
        answer = await self._withdraw(
            [keys.batch(batch_id), self._stream], [batch_id, self._last_read]
        )
        return bool(answer)

    async def holders(self, batch_ids: list[str]) -> tuple[list[str | None], int]:
        """Return which worker has taken each batch (None for none), and how many are queued."""
        pipeline = self._client.pipeline(transaction=False)
        for batch_id in batch_ids:
            pipeline.hget(keys.batch(batch_id), "worker")
        pipeline.llen(keys.QUEUE)
        *holders, queued = await pipeline.execute()
        return [holder.decode() if holder else None for holder in holders], queued

    async def forget(self) -> None:
        """Remove the reply stream, at the end of the server."""
        await self._client.delete(self._stream)

    async def _receive(self) -> None:
        while True:
            try:
                options = ("COUNT", REPLIES_A_READ, "BLOCK", READ_BLOCK_MS)
                (found,) = await self._reader.execute(
                    ("XREAD", *options, "STREAMS", self._stream, self._last_read)
                )
            except (RedisError, OSError) as error:
                self._note(up=False, why=error)
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            for _, entries in found or ():
                for entry_id, fields in entries:
                    self._last_read = entry_id.decode()
                    _, batch_id, _, reply = fields
                    self._on_reply(batch_id.decode(), reply)

    async def _monitor(self) -> None:
        while True:
            try:
                workers = await self._live_workers([keys.WORKERS], [self._worker_timeout])
            except (RedisError, OSError) as error:
                self._note(up=False, why=error)
            else:
                self._note(up=True, workers=frozenset(worker.decode() for worker in workers))
            await asyncio.sleep(MONITOR_SECONDS)

    def _note(
        self,
        *,
        up: bool,
        workers: frozenset[str] | None = None,
        why: Exception | None = None,
    ) -> None:
        """Note what has been seen of Redis and the workers, and tell of a change."""
        before = (self.up, self.workers)
        if up != self.up:
            log.log(*((logging.INFO, "Redis is there") if up else
                      (logging.WARNING, f"Redis is away: {why}")))  # fmt: skip
        if workers is not None and workers != self.workers:
            log.info("%d workers: %s", len(workers), ", ".join(sorted(workers)) or "none")
            self.workers = workers
        if up and not self.up:
            self.up_since = time.monotonic()
        self.up = up
        self.tried.set()
        if (self.up, self.workers) != before:
            self._on_change()


def _after(entry_id: str) -> str:
    """Return the smallest stream id behind another."""
    milliseconds, number = entry_id.split("-")
    return f"{milliseconds}-{int(number) + 1}"


def _store_is_full() -> ServiceError:
    return ServiceError(
        Code.RESOURCE_EXHAUSTED,
        "QUOTA",
        "the store has no memory left: delete sessions or try again later",
        retry_after=5.0,
    )
