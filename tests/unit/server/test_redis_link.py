"""The link to Redis breaks and is made anew, while other parts of the server use its client."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
import redis

from edunn_serving.redis_url import RedisUrl
from edunn_serving.settings import Settings
from server import redis_link
from server.redis_link import RedisLink

RECONNECTS = 100


def test_commands_of_others_survive_a_new_connection(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every part of the server catches Redis's errors. Another error would end the server."""
    monkeypatch.setattr(redis_link, "RECONNECT_SECONDS", 0.001)

    async def scenario() -> None:
        connected = asyncio.Semaphore(0)
        link = RedisLink(
            Settings(redis_url=RedisUrl.parse(redis_url)), connected.release, lambda: None
        )
        is_over = False

        async def use() -> None:
            while not is_over:
                with suppress(redis.RedisError, OSError):
                    await link.client.ping()
                    await link.client.pipeline(transaction=False).ping().ping().execute()
                # Without a connection redis-py fails without a turn of the loop.
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(link.run())
            users = [tasks.create_task(use()) for _ in range(8)]
            for _ in range(RECONNECTS):
                await connected.acquire()
                link.give_up_connections(redis.ConnectionError("broken by the test"))
            await connected.acquire()
            is_over = True
            await asyncio.wait(users)
            assert await link.client.ping()
            running.cancel()

    asyncio.run(scenario())
