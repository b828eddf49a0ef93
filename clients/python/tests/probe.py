"""The probe that the tests and the benchmark across all clients run; see clients/conformance.

python tests/probe.py sessions 100
python tests/probe.py bench 5
python tests/probe.py numbers 200
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator

import numpy as np
from edunn_client import AsyncClient, AsyncRemoteLayer, Client, Forward
from same_numbers import print_numbers

ADDRESS = os.environ.get("EDUNN_TARGET", "127.0.0.1:50051")
CALLERS = 64
# Whether calls go through one stream; see clients/conformance.
SHARE = os.environ.get("EDUNN_SHARE_STREAM") == "1"
X = np.ones((8, 64))
# Seconds that a call of `numbers` waits for a service that is killed meanwhile.
PATIENCE = 120


async def open_sessions(count: int) -> None:
    """Run `count` sessions at once and print what each drew."""
    async with AsyncClient(ADDRESS, share_stream=SHARE) as client:
        digests = await asyncio.gather(*(run_session(client, seed) for seed in range(count)))
    for seed, digest in enumerate(digests):
        print(json.dumps({"seed": seed, "sha256": digest}))


async def run_session(client: AsyncClient, seed: int) -> str:
    """Return the digest of a session's outputs, once each gradient has matched its own."""
    digest = hashlib.sha256()
    ones = np.ones((16, 64))
    async with client.session(seed=seed) as session:
        drop = await session.layer("drop", "Dropout", p=0.5)
        for _ in range(3):
            output = await drop.forward(ones)
            gradient, _ = await drop.backward(ones)
            if not np.array_equal(gradient, output):
                raise SystemExit(f"session {seed}: the gradient is not that of the forward")
            digest.update(output.astype("<f8").tobytes())
    return digest.hexdigest()


def bench(seconds: float) -> None:
    """Measure forwards: one caller (the sync client), 64 callers, one stream (the asyncio one)."""
    p50 = time_one_caller(seconds)
    unary, stream = asyncio.run(time_many(seconds))
    print(json.dumps({"p50_ms": p50 * 1e3, "unary_per_second": unary, "stream_per_second": stream}))


def time_one_caller(seconds: float) -> float:
    """Return the median time of a call in seconds."""
    times = []
    with Client(ADDRESS, share_stream=SHARE) as client, client.session(seed=1) as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        end = time.perf_counter() + seconds
        while (begin := time.perf_counter()) < end:
            drop.forward(X)
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


async def time_many(seconds: float) -> tuple[float, float]:
    """Return calls a second by 64 callers, and operations a second through one stream."""
    async with (
        AsyncClient(ADDRESS, share_stream=SHARE) as client,
        client.session(seed=1) as session,
    ):
        drop = await session.layer("drop", "Dropout", p=0.5)
        return await time_callers(drop, seconds), await time_stream(client, drop, seconds)


async def time_callers(drop: AsyncRemoteLayer, seconds: float) -> float:
    begin = time.perf_counter()

    async def call() -> int:
        for done in itertools.count(1):
            await drop.forward(X)
            if time.perf_counter() - begin > seconds:
                return done
        raise AssertionError("counting ended")

    done = sum(await asyncio.gather(*(call() for _ in range(CALLERS))))
    return done / (time.perf_counter() - begin)


async def time_stream(client: AsyncClient, drop: AsyncRemoteLayer, seconds: float) -> float:
    begin = time.perf_counter()

    def operations() -> Iterator[Forward]:
        while time.perf_counter() - begin < seconds:
            yield Forward(drop, X)

    done = 0
    async for result in client.compute(operations(), in_flight=CALLERS):
        if result.error is not None:
            raise result.error
        done += 1
    return done / (time.perf_counter() - begin)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sessions", count]:
            asyncio.run(open_sessions(int(count)))
        case ["bench", seconds]:
            bench(float(seconds))
        case ["numbers", count]:
            with Client(ADDRESS, timeout=PATIENCE, share_stream=SHARE) as numbers_client:
                print_numbers(numbers_client, int(count))
        case _:
            sys.exit(__doc__)
