"""Opens all connections to Redis, with one set of time-outs and one mapping of errors."""

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
# A connection is given up after Redis has been silent for this time.
ANSWER_SECONDS = 2.5
# The same for a connection that carries hundreds of MiB, or waits for other large commands.
LONG_ANSWER_SECONDS = 15.0


class RedisRefuses(redis.ConnectionError):
    """Redis answers, but refuses a command that it may accept later.

    Redis is a replica, has too few replicas, has a full disk, still reads its files, is busy with a
    script, or does not permit the command to this user.
    """


# The beginnings of such errors. Redis 6 puts other words before them in a script.
REFUSALS = re.compile(
    r"(?:^|: -)(?:READONLY|NOREPLICAS|MISCONF|NOPERM|NOAUTH|WRONGPASS|LOADING|MASTERDOWN|BUSY"
    r"|CLUSTERDOWN|TRYAGAIN|UNBLOCKED) "
    r"|The user executing the script can't "
)
FULL = re.compile(r"(?:^|: -)OOM ")


def error_of(text: str) -> redis.RedisError:
    """Return the exception of an error of Redis, given Redis's text.

    Returns
    -------
    RedisRefuses
        The same command may succeed later, without a change of ours.
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
    """Return a client. It connects at its first use, and does not try again by itself."""
    return redis.Redis(**_options(url, answer_seconds), retry=Retry(NoBackoff(), 0))


def connect_async(url: RedisUrl, *, answer_seconds: float = ANSWER_SECONDS) -> redis.asyncio.Redis:
    """Return a client for the event loop."""
    return redis.asyncio.Redis(**_options(url, answer_seconds), retry=AsyncRetry(NoBackoff(), 0))


def new_connection(client: redis.Redis | redis.asyncio.Redis) -> Any:
    """Return a connection that the client does not share. It is not connected yet.

    The client's connection pool is not used, because it refuses to make more than 100 connections.
    """
    pool: Any = client.connection_pool
    return pool.connection_class(**pool.connection_kwargs)


def _options(url: RedisUrl, answer_seconds: float) -> dict[str, Any]:
    return {
        **url.client_options,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": answer_seconds,
        "socket_keepalive": True,
        # Our own connections read answers in version 2 of the protocol.
        "protocol": 2,
    }
