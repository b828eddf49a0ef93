"""What a stored mask costs in Redis."""

from __future__ import annotations

import asyncio
import math

import redis

from bench import calls
from bench.generator import Connections
from bench.load import SMALL
from edunn_serving import keys

FORWARDS = 2000
# Over the bits themselves: the marks of issue 4.
ALLOWED_OVERHEAD = 256


def allowed_bytes() -> float:
    """Return how many bytes a stored mask may cost."""
    return math.prod(SMALL) / 8 + ALLOWED_OVERHEAD


def bytes_per_mask(client: redis.Redis, address: str) -> float:
    """Return by how much the keys of a session grow with each forward, in bytes."""
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
    # Every element is looked at (samples 0), not a few of them. A key that is not there costs none.
    return sum(client.memory_usage(name("", session), samples=0) or 0 for name in names)
