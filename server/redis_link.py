"""The server's link to Redis: sends batches, receives replies, knows which workers live."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from redis.exceptions import OutOfMemoryError, RedisError

from edunn_serving import keys
from edunn_serving.batch_message import OperationHead, task_message
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.redis_connections import connect_async
from edunn_serving.replies import BATCH_TTL_MS, LARGE, RESPONSE, STATUS, Reply
from edunn_serving.scripts import Script
from edunn_serving.settings import Settings
from server.redis_pipe import RedisPipe

log = logging.getLogger(__name__)

# How long one read waits for replies, in ms: bounded, so that a broken connection is noticed.
READ_BLOCK_MS = 1000
REPLIES_A_READ = 64
MONITOR_SECONDS = 0.5
RECONNECT_SECONDS = 0.2
# The stream of replies is trimmed when so many bytes of it have been read.
TRIM_BYTES = 1 << 20


class RedisLink:
    """One server's link to Redis. `up` tells whether Redis has answered lately.

    Parameters
    ----------
    on_reply
        Called for each batch that is answered with its id and the replies of its operations.
    on_change
        Called whenever Redis or a worker has come or gone.
    """

    def __init__(
        self,
        settings: Settings,
        server_id: str,
        on_reply: Callable[[str, list[Reply]], None],
        on_change: Callable[[], None],
    ) -> None:
        self._client = connect_async(settings.redis_url)
        self._send_script = Script.named("send")
        self._sender = RedisPipe(self._client, self._break, (self._send_script,))
        # A connection of its own: a read that waits for replies holds up what comes behind it.
        self._reader = RedisPipe(self._client, self._break)
        self._stream = keys.replies(server_id)
        self._last_read = "0-0"
        self._untrimmed_bytes = 0
        # Batches whose replies have been read, but for large results.
        self._fetching: set[str] = set()
        self._on_reply = on_reply
        self._on_change = on_change
        self._worker_timeout = settings.worker_timeout_seconds
        self._live_workers = self._client.register_script(Script.named("live_workers").text)
        self._withdraw = self._client.register_script(Script.named("withdraw").text)
        # Resolved with what has broken the connections; None while there are none.
        self._broken: asyncio.Future[Exception] | None = None
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
                tasks.create_task(self._keep_connected())
                tasks.create_task(self._monitor())
        finally:
            self._sender.close()
            self._reader.close()
            await self._client.aclose()

    def send(
        self,
        batch_id: str,
        heads: Iterable[OperationHead],
        requests: Iterable[bytes],
        on_stored: Callable[[ServiceError | None], None],
        *,
        although_full: bool = False,
    ) -> str:
        """Store a batch and tell the workers of it, in one round trip.

        Parameters
        ----------
        on_stored
            Called with None once Redis has the batch or may have it (it went away meanwhile), with
            QUOTA where Redis has no memory left and has not stored it.
        although_full
            Store it also then, because it makes room.

        Returns
        -------
        str
            The message by which the batch stands in the queue.
        """
        message = task_message(batch_id, self._stream, heads)
        touched = (keys.batch(batch_id), keys.QUEUE, keys.holder(batch_id))

        def on_answer(answer: Any) -> None:
            if isinstance(answer, OutOfMemoryError):
                on_stored(_store_is_full())
                return
            if isinstance(answer, Exception):
                log.warning("batch %s may not have been stored: %s", batch_id, answer)
                self._break(answer)
            on_stored(None)

        command = self._send_script.command(
            touched, (BATCH_TTL_MS, message, int(although_full), *requests)
        )
        self._sender.send(command, on_answer)
        return message

    async def withdraw(self, batch_id: str) -> bool:
        """Take back a batch that seems lost. False where its reply is on the way."""
        answer = await self._withdraw(
            [keys.batch(batch_id), keys.holder(batch_id), self._stream],
            [batch_id, self._last_read, BATCH_TTL_MS],
        )
        return bool(answer)

    async def lost(self, batches: Mapping[str, str]) -> dict[str, bool]:
        """Tell which batches, given with their messages, nobody will answer.

        Returns
        -------
        dict of str to bool
            Of those, whether it is because their worker has died.
        """
        pipeline = self._client.pipeline(transaction=False)
        for message in batches.values():
            pipeline.lpos(keys.QUEUE, message)
        pipeline.mget([keys.holder(batch_id) for batch_id in batches])
        *places, holders = await pipeline.execute()
        lost: dict[str, bool] = {}
        for batch_id, place, holder in zip(batches, places, holders, strict=True):
            if batch_id in self._fetching:
                continue
            died = bool(holder) and holder.decode() not in self.workers
            # Popped by a worker that died before it said so, or never stored.
            vanished = holder is None and place is None
            if died or vanished:
                lost[batch_id] = died
        return lost

    async def forget(self) -> None:
        """Remove the reply stream, at the end of the server."""
        try:
            await self._client.delete(self._stream)
        except (RedisError, OSError) as error:
            # It expires by itself.
            log.warning("the reply stream stays for a while: %s", error)

    async def _keep_connected(self) -> None:
        """Connect, receive replies, and connect again when a connection breaks."""
        while True:
            try:
                await self._sender.connect()
                await self._reader.connect()
                self._broken = asyncio.get_running_loop().create_future()
                self._read()
                await self._look()
                why = await self._broken
            except (RedisError, OSError) as error:
                why = error
            self._broken = None
            self._note(up=False, why=why)
            # Its name may be another Redis's by now, so no connection to the old one is kept.
            await self._client.connection_pool.disconnect()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _break(self, why: Exception) -> None:
        """Give up the connections; new ones are made."""
        if self._broken is not None and not self._broken.done():
            self._broken.set_result(why)

    def _read(self) -> None:
        options = ("COUNT", REPLIES_A_READ, "BLOCK", READ_BLOCK_MS)
        self._reader.send(
            ("XREAD", *options, "STREAMS", self._stream, self._last_read), self._on_read
        )

    def _on_read(self, answer: Any) -> None:
        if isinstance(answer, Exception):
            self._break(answer)
            return
        entries = answer[0][1] if answer else ()
        if entries:
            self._last_read = entries[-1][0].decode()
        # Before the replies are looked at, so that Redis can answer meanwhile.
        self._read()
        for _, fields in entries:
            self._untrimmed_bytes += sum(map(len, fields))
            try:
                seconds = (int(text) / 1e6 for text in fields[3].split())
                replies = list(map(Reply, fields[4::2], fields[5::2], seconds))
                self._complete(fields[1].decode(), replies)
            except Exception:
                # The others of this read must not suffer.
                log.exception("batch %r was answered in vain", fields[1])
        if self._untrimmed_bytes > TRIM_BYTES:
            self._trim()

    def _trim(self) -> None:
        """Remove what has been read from the stream."""
        command = ("XTRIM", self._stream, "MINID", "=", _after(self._last_read))
        self._untrimmed_bytes = 0
        self._sender.send(command, lambda answer: None)

    def _complete(self, batch_id: str, replies: list[Reply]) -> None:
        """Fetch the results that are too large for the stream, then hand over all."""
        missing = {at: reply.data for at, reply in enumerate(replies) if reply.kind == LARGE}
        if not missing:
            self._on_reply(batch_id, replies)
            return
        self._fetching.add(batch_id)

        def take(at: int, answer: bytes | Exception | None) -> None:
            if isinstance(answer, bytes):
                replies[at] = replies[at]._replace(kind=RESPONSE, data=answer)
            else:
                replies[at] = Reply(STATUS, _result_is_lost().to_status().SerializeToString())
            del missing[at]
            if not missing:
                self._fetching.discard(batch_id)
                self._on_reply(batch_id, replies)

        for at, key in list(missing.items()):
            self._sender.send(("GETDEL", key), partial(take, at))

    async def _monitor(self) -> None:
        while True:
            try:
                await self._look()
            except (RedisError, OSError) as error:
                # What waits for an answer would wait for ever where Redis is silent but connected.
                self._break(error)
            if self._untrimmed_bytes:
                self._trim()
            await asyncio.sleep(MONITOR_SECONDS)

    async def _look(self) -> None:
        """See whether Redis answers, and which workers live."""
        workers = await self._live_workers([keys.WORKERS], [self._worker_timeout])
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


def _result_is_lost() -> ServiceError:
    return ServiceError(
        Reason.UNAVAILABLE,
        "the store went away with the result: try again",
        retry_after=1.0,
    )


def _store_is_full() -> ServiceError:
    return ServiceError(
        Reason.QUOTA,
        "the store has no memory left: delete sessions or try again later",
        retry_after=5.0,
    )
