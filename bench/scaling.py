"""`python -m bench.scaling`: the service with more workers, and with more open sessions.

The workers run a layer that sleeps, because a few cores are not enough for many that compute. The
sessions are open and idle, beside 64 that are used.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np
from google.protobuf.struct_pb2 import Struct

from bench import calls, report
from bench.generator import Connections
from bench.load import Load, Measured
from bench.running import running
from edunn_serving.pools import LAYERS
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_pb2 import LayerSpec
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from edunn_serving.v1.tensor_pb2 import DATA_TYPE_FLOAT64, Tensor
from standalone.stack import Stack
from standalone.stop_signal import StopRequested, StopSignal

FOLDER = Path(__file__).parent
WORKERS = (1, 2, 4, 8)
SESSIONS = (10, 1_000, 100_000)
# One address may have fewer by default.
MANY_SESSIONS = {"EDUNN_ADMIN_LIMITS": "sessions=1000000"}
SLEEP_SECONDS = 0.005
# Enough that no worker ever waits for a call.
CALLERS_A_WORKER = 8
CREATED_AT_A_TIME = 64
SLEEPING = replace(LAYERS, application="bench.sleeping_worker", process="sleeping-worker")
INTERRUPTED = 130
TEXT = """\
# More workers, more sessions

{machine}

## Workers whose layer sleeps {sleep:g} ms

{callers} callers a worker, unary. The ideal is one call in {sleep:g} ms for each worker.

| workers | calls/s | of the ideal | of one worker's, for each |
| ---: | ---: | ---: | ---: |
{workers}

## Open sessions

8x64 float64 Dropout forwards in Training by the lean client, medians of {rounds} rounds of
{seconds:g} s. The ratios are to {fewest} open sessions.

{others}| open sessions | 64 callers | ratio | p50 of one caller | ratio |
| ---: | ---: | ---: | ---: | ---: |
{sessions}
"""


def main() -> int:
    """Measure both, print the tables and write them."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    stop_signal = StopSignal()
    try:
        rates = [_rate_with(workers, arguments.seconds) for workers in WORKERS]
        many, lone = _with_sessions(arguments, stop_signal)
    except StopRequested:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    text = TEXT.format(
        machine=report.machine(),
        sleep=SLEEP_SECONDS * 1000,
        callers=CALLERS_A_WORKER,
        workers="\n".join(
            f"| {workers} | {rate:.0f} | {rate * SLEEP_SECONDS / workers:.2f} "
            f"| {rate / rates[0] / workers:.2f} |"
            for workers, rate in zip(WORKERS, rates, strict=True)
        ),
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        fewest=SESSIONS[0],
        others=report.void_if_disturbed([one for rounds in many for one in rounds]),
        sessions="\n".join(map(_session_line, SESSIONS, many, lone, [many[0]] * 3, [lone[0]] * 3)),
    )
    print(text)
    arguments.output.write_text(text)
    return 0


def _rate_with(workers: int, seconds: float) -> float:
    """Return the calls a second of some workers whose layer sleeps."""
    with ExitStack() as running_parts:
        folder = running_parts.enter_context(tempfile.TemporaryDirectory(prefix="edunn-bench-"))
        stack = running_parts.enter_context(
            Stack(Path(folder), workers=1, others={SLEEPING: workers})
        )
        stack.remove_worker(stack.workers[0])
        stack.await_serving(stack.address)
        rate = asyncio.run(_sleep_rate(stack.address, workers * CALLERS_A_WORKER, seconds))
    logging.info("%d workers: %.0f calls/s", workers, rate)
    return rate


async def _sleep_rate(address: str, callers: int, seconds: float) -> float:
    x = np.ones((2, 2))
    tensor = Tensor(data_type=DATA_TYPE_FLOAT64, shape=x.shape, data=x.tobytes())
    config = Struct()
    config.update({"seconds": SLEEP_SECONDS})
    spec = LayerSpec(name="sleep", type="Sleep", config=config)
    async with grpc.aio.insecure_channel(address) as channel:
        stub = LayerServiceStub(channel)

        async def create(number: int) -> api.ForwardRequest:
            session = f"sleeper-{number}"
            await stub.CreateSession(api.CreateSessionRequest(session_id=session, layers=[spec]))
            return api.ForwardRequest(
                session_id=session, layer="sleep", inputs=[tensor], untracked=True
            )

        requests = await asyncio.gather(*map(create, range(callers)))
        answered = 0
        began = time.perf_counter()

        async def call(request: api.ForwardRequest) -> None:
            nonlocal answered
            while time.perf_counter() - began < seconds:
                await stub.Forward(request, timeout=60)
                answered += 1

        await asyncio.gather(*map(call, requests))
        return answered / (time.perf_counter() - began)


def _with_sessions(
    arguments: argparse.Namespace, stop_signal: StopSignal
) -> tuple[list[list[Measured]], list[list[Measured]]]:
    """Return, for each number of open sessions, the rounds of 64 callers and those of one."""
    many: list[list[Measured]] = []
    lone: list[list[Measured]] = []
    with running(2, stop_signal.wait, environment=MANY_SESSIONS) as bench:
        open_sessions = 0
        for wanted in SESSIONS:
            asyncio.run(_create(bench.stack.address, open_sessions, wanted))
            open_sessions = wanted
            load = Load(target="forward", callers=64, seconds=arguments.seconds, client="lean")
            rounds = range(arguments.rounds)
            many.append([bench.generator.measure(load) for _ in rounds])
            lone.append([bench.generator.measure(replace(load, callers=1)) for _ in rounds])
            logging.info("%d open sessions are measured", wanted)
            stop_signal.wait(0)
    return many, lone


async def _create(address: str, first: int, end: int) -> None:
    """Open sessions, some at a time."""
    connections = Connections(address)
    for begin in range(first, end, CREATED_AT_A_TIME):
        await asyncio.gather(
            *(
                connections.sender(number, calls.CREATE_SESSION)(
                    calls.create_session(f"idle-{number}", seed=number)
                )
                for number in range(begin, min(end, begin + CREATED_AT_A_TIME))
            )
        )
    await connections.close()


def _session_line(
    sessions: int,
    many: Sequence[Measured],
    lone: Sequence[Measured],
    fewest_many: Sequence[Measured],
    fewest_lone: Sequence[Measured],
) -> str:
    rate = statistics.median(one.rate for one in many)
    p50 = statistics.median(one.p50_ms for one in lone)
    rate_ratio = rate / statistics.median(one.rate for one in fewest_many)
    p50_ratio = p50 / statistics.median(one.p50_ms for one in fewest_lone)
    return (
        f"| {sessions} | {rate:.0f} calls/s | {rate_ratio:.2f} | {p50:.2f} ms | {p50_ratio:.2f} |"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often sessions are measured")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each load lasts")
    parser.add_argument("--output", type=Path, default=FOLDER / "scaling.md",
                        help="the Markdown file to write")  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
