"""`python -m bench.soak`: checks that the server's memory stays bounded as sessions come and go.

It reads the server's memory while no operation is under way: after the first tenth, when caches and
connection pools have filled, and later again and again. Every answer is checked. It exits with 1 if
the server has grown by more than a tenth since the first tenth, or if Redis keeps a key.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import uvloop

from bench import calls
from edunn_serving.v1.layer_service_pb2 import (
    BackwardRequest,
    ComputeOperation,
    ComputeRequest,
    ComputeResponse,
    ComputeResult,
    ForwardRequest,
)
from standalone.stack import Stack

MEBIBYTE = 1024 * 1024
SHAPE = (8, 64)
# The memory is read after each part. One reading varies with the memory that the allocator keeps.
# So a figure is made of a few: those around the end of the first tenth, and the last ones.
PARTS = 40
FIRST_TENTH = slice(2, 5)
LAST = slice(-3, None)
ALLOWED_GROWTH = 1.10
CONNECTIONS = 4
TIMEOUT_SECONDS = 120.0
# A session's last pair is unary. The others go over one stream, this many in a message.
PAIRS_A_MESSAGE = 8
COMPUTE = f"/{calls.SERVICE}/Compute"


class WrongSoakError(Exception):
    """An answer was wrong or an error."""


def main() -> int:
    """Run the soak and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--callers", type=int, default=32, help="sessions at a time")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    pairs = arguments.requests // arguments.sessions // 2
    if pairs < 2 or arguments.sessions < PARTS:
        parser.error(f"a session needs 4 requests at least, and {PARTS} sessions are the fewest")
    with (
        tempfile.TemporaryDirectory(prefix="edunn-soak-") as folder,
        Stack(Path(folder), workers=arguments.workers) as stack,
    ):
        return uvloop.run(soak(stack, arguments.sessions, pairs, arguments.callers))


async def soak(stack: Stack, sessions: int, pairs: int, callers: int) -> int:
    """Let sessions come and go, each with `pairs` pairs of a forward and a backward."""
    # A starting server's memory and keys still grow, so this warms it up.
    await send(stack, range(callers), pairs, callers)
    idle_keys = stack.redis_client().dbsize()
    began = time.monotonic()
    memory: list[int] = []
    for part in range(PARTS):
        numbers = range(sessions * part // PARTS, sessions * (part + 1) // PARTS)
        await send(stack, numbers, pairs, callers)
        memory.append(proportional_bytes(stack.servers[0].pid))
        workers = sum(proportional_bytes(worker.pid) for worker in stack.workers)
        done = numbers.stop
        print(
            f"{done * pairs * 2:>9} requests, {done:>6} sessions, "
            f"{done * pairs * 2 / (time.monotonic() - began):6.0f} requests/s: "
            f"server {memory[-1] / MEBIBYTE:6.1f} MiB, workers {workers / MEBIBYTE:6.1f} MiB",
            flush=True,
        )
    keys = stack.redis_client().dbsize()
    growth = statistics.median(memory[LAST]) / statistics.median(memory[FIRST_TENTH])
    print(
        f"server memory after all to that after the first tenth: {growth:.3f} "
        f"(at most {ALLOWED_GROWTH:.2f}); keys in Redis: {keys}, idle {idle_keys}"
    )
    return int(growth > ALLOWED_GROWTH or keys > idle_keys)


async def send(stack: Stack, numbers: range, pairs: int, callers: int) -> None:
    """Let these sessions come and go, `callers` at a time."""
    channels = [
        grpc.aio.insecure_channel(
            stack.address,
            # Without the first option the channels share one connection.
            options=[("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)],
        )
        for _ in range(CONNECTIONS)
    ]
    left: Iterator[int] = iter(numbers)

    async def caller(channel: grpc.aio.Channel) -> None:
        for number in left:
            await live(channel, f"soak-{number}", number, pairs)

    try:
        async with asyncio.TaskGroup() as tasks:
            for at in range(callers):
                tasks.create_task(caller(channels[at % CONNECTIONS]))
    finally:
        await asyncio.gather(*(channel.close() for channel in channels))


async def live(channel: grpc.aio.Channel, session: str, seed: int, pairs: int) -> None:
    """Create a session, use it, end it, and check every answer."""

    async def call(method: str, request: bytes) -> bytes:
        send_bytes: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        answer: bytes = await send_bytes(request, timeout=TIMEOUT_SECONDS)
        return answer

    forward, backward = calls.forward(session, SHAPE), calls.backward(session, SHAPE)
    await call(calls.CREATE_SESSION, calls.create_session(session, seed))
    await stream(channel, forward.request, backward.request, pairs - 1)
    output = await call(calls.FORWARD, forward.request)
    gradient = await call(calls.BACKWARD, backward.request)
    calls.check_pair(output, gradient, SHAPE)
    await call(calls.DELETE_SESSION, calls.delete_session(session))


async def stream(channel: grpc.aio.Channel, forward: bytes, backward: bytes, pairs: int) -> None:
    """Send pairs over one stream. The next message follows the answers of the last one."""
    forwarding = ForwardRequest.FromString(forward)
    going_back = BackwardRequest.FromString(backward)
    stream_call = channel.stream_stream(
        COMPUTE, ComputeRequest.SerializeToString, ComputeResponse.FromString
    )(timeout=TIMEOUT_SECONDS)
    for first in range(0, pairs, PAIRS_A_MESSAGE):
        numbers = range(first, min(first + PAIRS_A_MESSAGE, pairs))
        operations = [
            operation
            for number in numbers
            for operation in (
                ComputeOperation(request_id=f"f{number}", forward=forwarding),
                ComputeOperation(request_id=f"b{number}", backward=going_back),
            )
        ]
        await stream_call.write(ComputeRequest(operations=operations))
        results: dict[str, ComputeResult] = {}
        while len(results) < len(operations):
            answer = await stream_call.read()
            if not isinstance(answer, ComputeResponse):
                raise WrongSoakError(f"a stream ended early: {await stream_call.details()}")
            results.update({result.request_id: result for result in answer.results})
        for number in numbers:
            output, gradient = results[f"f{number}"], results[f"b{number}"]
            if output.HasField("error") or gradient.HasField("error"):
                raise WrongSoakError(f"{output.error} {gradient.error}")
            check_masks(output.forward.output.data, gradient.backward.input_gradient.data)
    await stream_call.done_writing()


def check_masks(output: bytes, gradient: bytes) -> None:
    """Raise unless a forward and its backward have one mask that keeps some units, but not all."""
    kept = np.frombuffer(output, "<f8") != 0
    same = np.array_equal(kept, np.frombuffer(gradient, "<f8") != 0)
    if not same or not 0.3 < kept.mean() < 0.7:
        raise WrongSoakError("a forward and its backward do not match one mask")


def proportional_bytes(pid: int) -> int:
    """Return the memory of a process, with its share of the memory that others use too."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise WrongSoakError(f"process {pid} has no memory: it has ended")


if __name__ == "__main__":
    sys.exit(main())
