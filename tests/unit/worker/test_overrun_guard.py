"""The guard keeps in Redis what takes long, and knows what nobody awaits."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import redis
from waiting import await_true

from edunn_serving import keys
from edunn_serving.pools import LAYERS
from edunn_serving.redis_url import RedisUrl
from edunn_serving.settings import Settings
from worker import overrun_guard
from worker.overrun_guard import OverrunGuard


@pytest.fixture
def guard(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OverrunGuard]:
    monkeypatch.setattr(overrun_guard, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(overrun_guard, "KEEP_SECONDS", 0.02)
    guard = OverrunGuard(Settings(redis_url=RedisUrl.parse(redis_url)), LAYERS, "worker")
    guard.start()
    yield guard
    guard.end()
    guard.stop()
    guard.join()


def test_batch_that_is_computed_for_long_does_not_expire(
    guard: OverrunGuard, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.rpush(keys.batch("long"), 1)
        client.pexpire(keys.batch("long"), 60_000)
        for key in (keys.holder("long"), keys.request("long", 0)):
            client.set(key, "", px=60_000)
        guard.begin("long", 0, math.inf)
        await_true(lambda: client.pttl(keys.batch("long")) > 60_000, "a longer life")
        await_true(lambda: client.pttl(keys.holder("long")) > 60_000, "its holder too")
        await_true(lambda: client.pttl(keys.request("long", 0)) > 60_000, "its request too")


def test_holder_of_a_batch_that_is_computed_for_long_is_noted(
    guard: OverrunGuard, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        guard.begin("long", 0, math.inf)
        await_true(lambda: client.get(keys.holder("long")) == b"worker", "the note")


def test_operation_that_ends_in_time_is_left_alone(guard: OverrunGuard) -> None:
    guard.begin("short", 0, math.inf)
    guard.end()
    assert guard.is_alive()
