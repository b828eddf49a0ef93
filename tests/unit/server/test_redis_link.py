"""The link to Redis breaks and is made anew, while other parts of the server use its client."""

from __future__ import annotations

import asyncio
from typing import Any

import redis

from edunn_serving.redis_url import RedisUrl
from edunn_serving.settings import Settings
from server.other_tasks import end_other_tasks
from server.redis_link import RedisLink


def test_a_command_under_way_keeps_its_connection(redis_url: str) -> None:
    """If another part closed it, redis-py could raise what no part of the server expects."""

    async def scenario() -> None:
        connected = asyncio.Semaphore(0)
        url = RedisUrl.parse(redis_url)
        link = RedisLink(Settings(redis_url=url), connected.release, lambda: None)
        running = asyncio.create_task(link.run())
        await connected.acquire()
        # redis-py's types tell neither bytes from text nor one answer from another.
        client: Any = link.client
        waiting = asyncio.create_task(client.blpop(["list"], timeout=0))
        with redis.Redis.from_url(redis_url) as observer:
            while not observer.info("clients")["blocked_clients"]:
                await asyncio.sleep(0.005)
            clients: Any = observer.client_list()
            old = {int(each["id"]) for each in clients if "b" in each["flags"]}
            link.give_up_connections(redis.ConnectionError("broken by the test"))
            await connected.acquire()
            observer.lpush("list", "value")
            assert await waiting == (b"list", b"value")
            # The old connection is not used again.
            assert old
            assert old.isdisjoint([await client.client_id() for _ in range(3)])
        assert not running.done()
        await end_other_tasks()

    asyncio.run(scenario())
