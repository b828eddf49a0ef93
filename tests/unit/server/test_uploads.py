"""Large requests get to Redis before their batch, which is complete whatever became of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import redis

from edunn_serving import keys
from edunn_serving.batch_message import LARGE_REQUEST_BYTES, OperationHead
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.exchange import Exchange
from edunn_serving.redis_url import RedisUrl
from edunn_serving.seal import Seal
from edunn_serving.settings import Settings
from server import uploads
from server.batch_store import BatchStore
from server.operation import PendingOperation
from server.other_tasks import end_other_tasks
from server.redis_link import RedisLink
from server.reply_reader import ReplyReader
from server.uploads import Uploads

HEAD = OperationHead("TrainStep", "", "s", 0, "net", None, "loss", "")


class Sender:
    """What a dispatcher has to send operations with, on a real Redis."""

    def __init__(self, url: str, connected: Callable[[], None]) -> None:
        settings = Settings(redis_url=RedisUrl.parse(url))
        self.link = RedisLink(settings, connected, lambda: None)
        replies = ReplyReader(self.link, "server", lambda _: True, Seal(""), Exchange(""))
        self._store = BatchStore(self.link, replies, Seal(""))
        self.uploads = Uploads(self.link, "server")

    def operation(self, request: bytes, *, uploaded: bool = True) -> PendingOperation:
        reply = asyncio.get_running_loop().create_future()
        operation = PendingOperation(HEAD, request, reply, math.inf)
        if uploaded:
            self.uploads.begin(operation)
        return operation

    async def send(self, *operations: PendingOperation) -> ServiceError | None:
        """Send a batch called `batch`; return why Redis has refused it."""
        stored: asyncio.Future[ServiceError | None] = asyncio.get_running_loop().create_future()
        self._store.send(
            "batch",
            [each.head for each in operations],
            [each.request for each in operations],
            [self.uploads.take(each) for each in operations],
            stored.set_result,
        )
        return await stored


Scenario = Callable[[Sender, "redis.Redis"], Awaitable[None]]


def play(url: str, scenario: Scenario) -> None:
    async def run() -> None:
        connected = asyncio.Semaphore(0)
        sender = Sender(url, connected.release)
        running = asyncio.create_task(sender.link.run())
        await connected.acquire()
        with redis.Redis.from_url(url) as store:
            await scenario(sender, store)
        assert not running.done()
        await end_other_tasks()

    asyncio.run(run())


def request(letter: bytes, size: int = LARGE_REQUEST_BYTES) -> bytes:
    return letter * size


def stored(store: Any) -> list[bytes | None]:
    """Return the requests of the batch, as many as its key tells."""
    count = int(store.lindex(keys.batch("batch"), 0) or 0)
    return [store.get(keys.request("batch", number)) for number in range(count)]


def uploaded_keys(store: Any) -> int:
    return len(store.keys(f"{keys.ROOT}:upload:*"))


def test_uploaded_requests_become_those_of_their_batch(redis_url: str) -> None:
    async def scenario(sender: Sender, store: redis.Redis) -> None:
        first, second = sender.operation(request(b"a")), sender.operation(request(b"c"))
        small = sender.operation(b"b")
        assert small.uploaded_as == ""
        assert await sender.send(first, small, second) is None
        assert stored(store) == [request(b"a"), b"b", request(b"c")]
        assert uploaded_keys(store) == 0
        assert 0 < store.pttl(keys.request("batch", 0)) > uploads.UPLOAD_TTL_MS

    play(redis_url, scenario)


def test_request_that_has_expired_is_sent_with_its_batch(redis_url: str) -> None:
    async def scenario(sender: Sender, store: redis.Redis) -> None:
        operation = sender.operation(request(b"a"))
        await sender.link.client.ping()
        while not store.delete(operation.uploaded_as):
            await asyncio.sleep(0.005)
        assert await sender.send(operation, sender.operation(request(b"b"))) is None
        assert stored(store) == [request(b"a"), request(b"b")]
        assert uploaded_keys(store) == 0

    play(redis_url, scenario)


def test_request_of_a_cancelled_operation_is_removed_and_makes_room(redis_url: str) -> None:
    async def scenario(sender: Sender, store: redis.Redis) -> None:
        large = request(b"a", uploads.MOST_BYTES)
        operation = sender.operation(large)
        assert sender.operation(request(b"b")).uploaded_as == ""
        operation.reply.cancel()
        while uploaded_keys(store) or operation.uploaded_as:
            await asyncio.sleep(0.005)
        assert sender.operation(large).uploaded_as

    play(redis_url, scenario)


def test_full_redis_refuses_the_batch_whose_request_it_had_no_memory_for(redis_url: str) -> None:
    async def scenario(sender: Sender, store: redis.Redis) -> None:
        store.config_set("maxmemory", 1)
        try:
            refused = await sender.send(sender.operation(request(b"a")))
        finally:
            store.config_set("maxmemory", 0)
        assert refused is not None
        assert refused.reason is Reason.QUOTA
        assert not store.exists(keys.batch("batch"), keys.request("batch", 0))

    play(redis_url, scenario)
