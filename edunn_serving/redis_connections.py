"""Connections to Redis: opened in one way, with one set of time-outs and one mapping of errors."""

from __future__ import annotations

import re
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from edunn_serving.redis_url import RedisUrl

CONNECT_SECONDS = 2.5
# How long Redis may be silent before a connection is given up.
ANSWER_SECONDS = 2.5
# Where hundreds of MiB travel, or Redis is busy with what others sent.
LONG_ANSWER_SECONDS = 15.0


class RedisRefuses(redis.ConnectionError):
    """Redis answers, but does not do what is needed. It may later.

    It is a replica, has too few replicas, its disk is full, it still reads its files, a script
    keeps it busy, or it does not give this user the permission.
    """


# How Redis begins an error that says so. In a script Redis 6 puts it behind other words.
REFUSALS = re.compile(
    r"(?:^|: -)(?:READONLY|NOREPLICAS|MISCONF|NOPERM|NOAUTH|WRONGPASS|LOADING|MASTERDOWN|BUSY"
    r"|CLUSTERDOWN|TRYAGAIN|UNBLOCKED) "
    r"|The user executing the script can't "
)
FULL = re.compile(r"(?:^|: -)OOM ")


def error_of(text: str) -> redis.RedisError:
    """Return what an error of Redis means, given Redis's words.

    Returns
    -------
    RedisRefuses
        The same command may succeed later, though nothing of ours has changed.
    redis.OutOfMemoryError
        Redis has no memory left.
    redis.NoScriptError
        Redis does not know the script.
    redis.ResponseError
        The command is wrong.
    """
    if REFUSALS.search(text):
        return RedisRefuses(text)
    if FULL.search(text):
        return redis.OutOfMemoryError(text)
    if text.startswith("NOSCRIPT "):
        return redis.exceptions.NoScriptError(text)
    return redis.ResponseError(text)


def connect(url: RedisUrl, *, answer_seconds: float = ANSWER_SECONDS) -> redis.Redis:
    """Return a client. It connects when it is used, and leaves trying again to its user."""
    return redis.Redis(**_options(url, answer_seconds), retry=Retry(NoBackoff(), 0))


def connect_async(url: RedisUrl, *, answer_seconds: float = ANSWER_SECONDS) -> redis.asyncio.Redis:
    """Return a client for the event loop."""
    return redis.asyncio.Redis(**_options(url, answer_seconds), retry=AsyncRetry(NoBackoff(), 0))


def new_connection(client: redis.Redis | redis.asyncio.Redis) -> Any:
    """Return a connection of one's own, not connected yet.

    Past the client's pool, which counts what it has made and refuses the hundred-and-first.
    """
    pool: Any = client.connection_pool
    return pool.connection_class(**pool.connection_kwargs)


def _options(url: RedisUrl, answer_seconds: float) -> dict[str, Any]:
    return {
        **url.client_options,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": answer_seconds,
        "socket_keepalive": True,
        # Our own connections read answers as version 2 of the protocol has them.
        "protocol": 2,
    }
