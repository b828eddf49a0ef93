"""What a batch costs in round trips to Redis: each is a wake-up of two processes."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from contract import forward, new_session, spec

from edunn_serving import keys
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

CALLS = 50
# Scripts of signs of life whose commands fall on the other side of a count.
UNSURE = 5


def commands_run(stack: Stack) -> dict[str, int]:
    """Return how often Redis has run each command that comes by a connection."""
    stats: dict[str, Any] = stack.redis_client().info("commandstats")
    return {name.removeprefix("cmdstat_"): int(each["calls"]) for name, each in stats.items()}


def test_a_lone_call_is_sent_and_committed_in_one_round_trip_each(
    stack: Stack, stub: LayerServiceStub
) -> None:
    session = new_session(stub, spec("drop", "Dropout", p=0.5))
    x = np.ones((8, 64))
    forward(stub, session, "drop", x)
    before, began = commands_run(stack), time.monotonic()
    for _ in range(CALLS):
        forward(stub, session, "drop", x)
    after, seconds = commands_run(stack), time.monotonic() - began
    done = {name: after[name] - before.get(name, 0) for name in after}
    # Two scripts: the server sends, the worker commits. It has the session at hand. Besides there
    # are signs of life, each with a ZADD, and the server's looks at them, each with a ZRANGE.
    scripts = done["evalsha"] - done["zadd"] - done["zrange"]
    assert abs(scripts - 2 * CALLS) <= UNSURE
    # The requests come with the message, and the replies with the news of them.
    assert done.get("lrange", 0) == done.get("xread", 0) == 0
    # The two workers wait for the next batch, for a second at most.
    idle = 2 * seconds + 3
    assert CALLS - 3 <= done["brpop"] <= CALLS + idle


def test_conflict_costs_one_more_round_trip(stack: Stack, stub: LayerServiceStub) -> None:
    """Another server had the session changed by another worker: the batch loads it and runs."""
    session = new_session(stub, spec("drop", "Dropout", p=0.5))
    x = np.ones((8, 64))
    forward(stub, session, "drop", x)
    redis = stack.redis_client()
    key = keys.session("", session)
    before = commands_run(stack)
    for number in range(CALLS):
        redis.hset(key, f"{keys.LAST_BATCH}drop", f"other-{number}")
        forward(stub, session, "drop", x)
    after = commands_run(stack)
    done = {name: after[name] - before.get(name, 0) for name in after}
    # Sent, tried, loaded, committed.
    scripts = done["evalsha"] - done["zadd"] - done["zrange"]
    assert abs(scripts - 4 * CALLS) <= UNSURE
