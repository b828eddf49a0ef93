"""A server tells a batch that is lost from one that a worker has taken a moment ago."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis

from edunn_serving import keys
from edunn_serving.exchange import Exchange
from edunn_serving.pools import LAYERS
from edunn_serving.redis_url import RedisUrl
from edunn_serving.seal import Seal
from edunn_serving.settings import Settings
from server.batch_store import BatchStore, Loss
from server.flights import Flight
from server.other_tasks import end_other_tasks
from server.redis_link import RedisLink
from server.reply_reader import ReplyReader


def loss_of(url: str, flight: Flight, *, living: str = "") -> Loss | None:
    """Return the loss of a batch as a server sees it. A worker may have come a moment ago."""

    async def look() -> Loss | None:
        async with running_store(url) as store:
            if living:
                give_sign_of_life(url, living)
            return (await store.lost([flight])).get(flight.batch_id)

    return asyncio.run(look())


@asynccontextmanager
async def running_store(url: str) -> AsyncIterator[BatchStore]:
    settings = Settings(redis_url=RedisUrl.parse(url))
    link = RedisLink(settings, lambda: replies.begin(), lambda: None)
    replies = ReplyReader(link, "server", lambda _: True, Seal(""), Exchange(""))
    task = asyncio.create_task(link.run())
    async with asyncio.timeout(10):
        while not link.up:
            await asyncio.sleep(0.005)
    yield BatchStore(link, replies, Seal(""))
    task.cancel()
    await end_other_tasks()


def give_sign_of_life(url: str, worker: str) -> None:
    with redis.Redis.from_url(url) as client:
        seconds, microseconds = client.time()
        client.zadd(LAYERS.signs_of_life, {worker: seconds + microseconds / 1e6})


def hold(url: str, flight: Flight, worker: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.set(keys.holder(flight.batch_id), worker)


def flight(wanted_worker: str = "") -> Flight:
    return Flight([], message=b"a batch", wanted_worker=wanted_worker)


def test_batch_of_a_dead_holder_is_lost(redis_url: str) -> None:
    held = flight()
    hold(redis_url, held, "dead")
    assert loss_of(redis_url, held) == Loss(worker_died=True)


def test_batch_is_not_lost_with_a_worker_that_has_come_since_the_last_look(redis_url: str) -> None:
    held = flight()
    hold(redis_url, held, "new")
    assert loss_of(redis_url, held, living="new") is None


def test_batch_that_has_left_the_queue_without_a_holder_may_be_with_a_worker(
    redis_url: str,
) -> None:
    for unseen in (flight(), flight(wanted_worker="dead")):
        loss = loss_of(redis_url, unseen)
        assert loss is not None
        assert not loss.is_certain


def test_batch_in_the_queue_of_a_dead_worker_blames_nobody(redis_url: str) -> None:
    waiting = flight(wanted_worker="dead")
    with redis.Redis.from_url(redis_url) as client:
        client.lpush(LAYERS.queue_of("dead"), waiting.message)
    assert loss_of(redis_url, waiting) == Loss(worker_died=False, was_waiting=True)
