"""What a batch costs in round trips to Redis: each is a wake-up of two processes."""

from __future__ import annotations

from typing import Any

import numpy as np
from contract import forward, new_session, spec

from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

CALLS = 50


def commands_run(stack: Stack) -> dict[str, int]:
    """Return how often Redis has run each command that comes by a connection."""
    stats: dict[str, Any] = stack.redis_client().info("commandstats")
    return {name.removeprefix("cmdstat_"): int(each["calls"]) for name, each in stats.items()}


def test_a_lone_call_is_sent_taken_and_committed_in_one_round_trip_each(
    stack: Stack, stub: LayerServiceStub
) -> None:
    session = new_session(stub, spec("drop", "Dropout", p=0.5))
    x = np.ones((8, 64))
    forward(stub, session, "drop", x)
    before = commands_run(stack)
    for _ in range(CALLS):
        forward(stub, session, "drop", x)
    after = commands_run(stack)
    done = {name: after[name] - before.get(name, 0) for name in after}
    # Three scripts: the server sends, the worker takes and commits. The requests come along with
    # the second one. Signs of life are scripts too, a few a second.
    assert 3 * CALLS <= done["evalsha"] + done.get("eval", 0) < 3.5 * CALLS
    assert done["lrange"] == CALLS
    # The worker waits for its next batch, the server for the reply.
    assert CALLS <= done["brpop"] < 1.5 * CALLS
    assert CALLS <= done["xread"] < 1.5 * CALLS
