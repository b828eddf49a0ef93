"""A server hears of its replies, and finds in its stream what it has not heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import redis

from edunn_serving import keys
from edunn_serving.exchange import Exchange
from edunn_serving.redis_url import RedisUrl
from edunn_serving.replies import EXCHANGED, RESPONSE, STATUS, Answer, Reply
from edunn_serving.seal import Seal
from edunn_serving.settings import Settings
from server.redis_link import RedisLink
from server.reply_reader import ReplyReader

STREAM = keys.replies("server")
SMALL = Reply(RESPONSE, b"x")
OPEN, SEAL = Seal(""), Seal("k" * 32)
NOWHERE = Exchange("")


class Heard:
    """A reader on a real Redis, and the ids of the batches whose answers it has handed over."""

    def __init__(self, url: str, seal: Seal, exchange: Exchange) -> None:
        settings = Settings(redis_url=RedisUrl.parse(url))
        self.batches: list[str] = []
        self.replies: list[Reply] = []
        self.link = RedisLink(settings, lambda: self.reader.begin(), lambda: None)
        self.reader = ReplyReader(self.link, "server", self._note, seal, exchange)

    def _note(self, answer: Answer) -> bool:
        is_new = answer.batch_id not in self.batches
        self.batches.append(answer.batch_id)
        self.replies += answer.replies
        return is_new

    async def are(self, *batches: str) -> None:
        """Wait for these batches. They come over two connections, so in any order."""
        async with asyncio.timeout(10):
            while sorted(self.batches) != sorted(batches):
                await asyncio.sleep(0.005)

    async def settles(self) -> None:
        """Wait until what has been sent so far has been read."""
        self.reader.catch_up()
        await self.link.client.ping()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def listening(url: str, seal: Seal, exchange: Exchange) -> AsyncIterator[Heard]:
    heard = Heard(url, seal, exchange)
    running = asyncio.create_task(heard.link.run())
    async with asyncio.timeout(10):
        while not heard.link.up:
            await asyncio.sleep(0.005)
    try:
        yield heard
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


class Writer:
    """What a worker does with its answers."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)

    def add(self, batch_id: str, reply: Reply = SMALL, seal: Seal = OPEN) -> tuple[str, bytes]:
        data = seal.close("reply", Answer(batch_id, [reply], "worker").encode(), STREAM)
        entry = self._client.xadd(STREAM, {batch_id: data})
        assert isinstance(entry, bytes)
        return entry.decode(), data

    def publish(self, entry: tuple[str, bytes], *, with_data: bool = True) -> None:
        name, data = entry
        self._client.publish(STREAM, name.encode() + (b" " + data if with_data else b""))


@pytest.fixture
def writer(redis_url: str) -> Writer:
    return Writer(redis_url)


def play(
    url: str,
    scene: Callable[[Heard], Awaitable[None]],
    seal: Seal = OPEN,
    exchange: Exchange = NOWHERE,
) -> None:
    async def run() -> None:
        async with listening(url, seal, exchange) as heard:
            await scene(heard)

    asyncio.run(run())


def test_published_answer_is_handed_over_once(redis_url: str, writer: Writer) -> None:
    async def scene(heard: Heard) -> None:
        writer.publish(writer.add("one"))
        await heard.are("one")
        await heard.settles()
        assert heard.batches == ["one"]

    play(redis_url, scene)


def test_answer_that_nobody_published_is_found(redis_url: str, writer: Writer) -> None:
    async def scene(heard: Heard) -> None:
        writer.add("silent")
        heard.reader.catch_up()
        await heard.are("silent")

    play(redis_url, scene)


def test_answer_published_without_data_is_read(redis_url: str, writer: Writer) -> None:
    async def scene(heard: Heard) -> None:
        entries = [writer.add(name) for name in ("large", "small")]
        writer.publish(entries[0], with_data=False)
        writer.publish(entries[1])
        async with asyncio.timeout(10):
            while sorted(heard.batches) != ["large", "small"]:
                await asyncio.sleep(0.005)
        await heard.settles()
        assert sorted(heard.batches) == ["large", "small"]

    play(redis_url, scene)


def test_news_that_comes_after_the_stream_was_read_is_old(redis_url: str, writer: Writer) -> None:
    async def scene(heard: Heard) -> None:
        late = writer.add("late")
        heard.reader.catch_up()
        await heard.are("late")
        writer.publish(late)
        writer.publish(late, with_data=False)
        writer.publish(writer.add("next"))
        await heard.are("late", "next")

    play(redis_url, scene)


def test_answers_of_a_broken_connection_are_found(redis_url: str, writer: Writer) -> None:
    async def scene(heard: Heard) -> None:
        with redis.Redis.from_url(redis_url) as client:
            for each in client.client_list():
                if each["sub"] == "1":
                    client.client_kill_filter(_id=each["id"])
        writer.publish(writer.add("missed"))
        await heard.are("missed")
        writer.publish(writer.add("heard"))
        await heard.are("missed", "heard")

    play(redis_url, scene)


def test_entry_that_is_none_is_passed_over(redis_url: str, writer: Writer) -> None:
    async def scene(heard: Heard) -> None:
        with redis.Redis.from_url(redis_url) as client:
            client.xadd(STREAM, {"nonsense": b"\xff"})
        writer.add("after")
        heard.reader.catch_up()
        await heard.are("after")

    play(redis_url, scene)


def test_message_that_is_no_workers_hides_no_later_one(redis_url: str, writer: Writer) -> None:
    async def scene(heard: Heard) -> None:
        with redis.Redis.from_url(redis_url) as client:
            for forged in (b"99999999999999-0 \xff", b"", b"nothing", b"9-x y"):
                client.publish(STREAM, forged)
        writer.publish(writer.add("genuine"))
        await heard.are("genuine")

    play(redis_url, scene)


def test_old_answer_that_is_published_again_hides_no_other(redis_url: str, writer: Writer) -> None:
    """Whoever reaches Redis may publish a worker's message again, with the id of no entry yet."""

    async def scene(heard: Heard) -> None:
        entry, data = writer.add("old")
        writer.publish((entry, data))
        await heard.are("old")
        writer.publish((f"{2**62}-0", data))
        writer.publish(writer.add("new"))
        await heard.are("old", "old", "new")
        writer.add("silent")
        heard.reader.catch_up()
        await heard.are("old", "old", "new", "silent")

    play(redis_url, scene)


def test_response_in_the_exchange_is_handed_over_if_a_worker_has_put_it_there(
    redis_url: str, writer: Writer, tmp_path: Path
) -> None:
    exchange = Exchange(str(tmp_path))
    names = [exchange.put([b"large"]) or "" for _ in range(2)] + ["0" * 32, "../key"]
    marks = [SEAL.mark("result", b"large", name) for name in names]
    # The second is another file than the worker has put there, and the others are missing.
    (tmp_path / names[1]).write_bytes(b"other")

    async def scene(heard: Heard) -> None:
        for number, (name, mark) in enumerate(zip(names, marks, strict=True)):
            reply = Reply(EXCHANGED, name.encode(), mark=mark)
            writer.publish(writer.add(str(number), reply, SEAL))
            await heard.are(*map(str, range(number + 1)))
        assert heard.replies[0].data == b"large"
        assert [reply.kind for reply in heard.replies] == [RESPONSE, STATUS, STATUS, STATUS]

    play(redis_url, scene, SEAL, exchange)
