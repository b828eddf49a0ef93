"""How fast a service answers this machine: one caller, then many operations in flight."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from edunn_client._client import Client
from edunn_client._operations import Forward
from edunn_client._tensors import Array


def bench(
    client: Client,
    calls: int,
    in_flight: int,
    shape: tuple[int, ...],
    advance: Callable[[], None],
) -> dict[str, Any]:
    """Measure Dropout forwards.

    Parameters
    ----------
    calls : int
        How many forwards each of the two measurements makes.
    in_flight : int
        How many operations are under way in the stream.
    shape : tuple of int
        Of the float64 input.
    advance : callable
        Called once for every answer.

    Returns
    -------
    dict
        Latencies in milliseconds, throughput in operations a second.
    """
    x: Array = np.random.default_rng(0).random(shape)
    with client.session(seed=0) as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        for _ in range(min(10, calls)):
            drop.forward(x, untracked=True)
        latencies = np.empty(calls)
        for i in range(calls):
            began = time.perf_counter()
            drop.forward(x)
            latencies[i] = time.perf_counter() - began
            advance()
        operations = (Forward(drop, x) for _ in range(calls))
        began = time.perf_counter()
        for result in client.compute(operations, in_flight=in_flight):
            if result.error is not None:
                raise result.error
            advance()
        seconds = time.perf_counter() - began
    p50, p99 = np.percentile(latencies * 1000, [50, 99])
    return {
        "address": client.address,
        "shape": list(shape),
        "calls": calls,
        "in_flight": in_flight,
        "one_caller_p50_ms": round(float(p50), 3),
        "one_caller_p99_ms": round(float(p99), 3),
        "stream_operations_per_second": round(calls / seconds, 1),
    }
