"""Measures the bytes of a stored mask in Redis."""

from __future__ import annotations

import asyncio
import math

import redis

from bench import calls
from bench.generator import Connections
from bench.load import SMALL
from edunn_serving import keys

FORWARDS = 2000
# A mask may take this many bytes beside the bits themselves.
ALLOWED_OVERHEAD = 136


def allowed_bytes() -> float:
    """Return the bytes that a stored mask may take."""
    return math.prod(SMALL) / 8 + ALLOWED_OVERHEAD


def bytes_per_mask(client: redis.Redis, address: str) -> float:
    """Return the bytes by which a session's keys grow with each forward."""
    return asyncio.run(_measure(client, address))


async def _measure(client: redis.Redis, address: str) -> float:
    session = "bench-masks"
    connections = Connections(address)
    await connections.sender(0, calls.CREATE_SESSION)(calls.create_session(session, seed=1))
    before = _session_bytes(client, session)
    call = calls.forward(session, SMALL)
    send = connections.sender(0, call.method)
    for _ in range(FORWARDS):
        call.check(await send(call.request))
    after = _session_bytes(client, session)
    await connections.close()
    return (after - before) / FORWARDS


def _session_bytes(client: redis.Redis, session: str) -> int:
    names = (keys.session, keys.context_order, keys.evicted_contexts)
    # `samples=0` counts every element, not a sample of them. A missing key takes no bytes.
    return sum(client.memory_usage(name("", session), samples=0) or 0 for name in names)
