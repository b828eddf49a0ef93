"""`python -m bench.generator ECHO SERVICE`: sends loads to two addresses, in a process of its own.

It reads a load a line from standard input and answers what was measured, a line each, on standard
output. Any error or wrong answer ends it.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from array import array
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import grpc
import numpy as np
import uvloop

from bench import calls
from bench.calls import Call
from bench.lean import LeanConnection, connect
from bench.load import Load, Measured
from worker.settings import Settings

# Connections to each server, over which the callers are spread.
CONNECTIONS = 4
TIMEOUT_SECONDS = 30.0

Send = Callable[[bytes], Awaitable[bytes]]
Unit = Callable[[], Awaitable[None]]


class Connections:
    """A few connections to one server, through which raw bytes go both ways."""

    def __init__(self, address: str) -> None:
        limit = Settings().max_message_bytes
        options = [
            ("grpc.max_receive_message_length", limit),
            ("grpc.max_send_message_length", limit),
            # Otherwise the channels would share one connection.
            ("grpc.use_local_subchannel_pool", 1),
        ]
        self._channels = [
            grpc.aio.insecure_channel(address, options=options) for _ in range(CONNECTIONS)
        ]

    def sender(self, caller: int, method: str) -> Send:
        """Return what sends a caller's requests; it raises where the status is not OK."""
        channel = self._channels[caller % CONNECTIONS]
        stub: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)

        async def send(request: bytes) -> bytes:
            answer: bytes = await stub(request, timeout=TIMEOUT_SECONDS)
            return answer

        return send

    async def close(self) -> None:
        await asyncio.gather(*(channel.close() for channel in self._channels))


class Generator:
    """Sends loads to an echo server and to the service."""

    def __init__(self, echo_address: str, service_address: str) -> None:
        self._echo_address = echo_address
        self._service_address = service_address
        self._echo = Connections(echo_address)
        self._service = Connections(service_address)

    async def close(self) -> None:
        await asyncio.gather(self._echo.close(), self._service.close())

    async def measure(self, load: Load) -> Measured:
        """Send a load and return what was measured."""
        if load.target == "echo":
            return await self._send(load, [[calls.echo(load.shape)]] * load.callers)
        sessions = [f"bench-{secrets.token_urlsafe(7)}" for _ in range(load.callers)]
        await self._create(sessions, load)
        try:
            return await self._send(load, [_calls_of(session, load) for session in sessions])
        finally:
            await self._delete(sessions)

    async def _send(self, load: Load, callers: Sequence[Sequence[Call]]) -> Measured:
        """Send a load, each caller its calls one after the other, again and again."""
        to_echo = load.target == "echo"
        if load.client == "grpc.aio":
            connections = self._echo if to_echo else self._service
            return await _run(
                [
                    _unit([(connections.sender(at, call.method), call) for call in sequence])
                    for at, sequence in enumerate(callers)
                ],
                load,
            )
        address = self._echo_address if to_echo else self._service_address
        lean = [await connect(address) for _ in callers]
        try:
            return await _run(
                [
                    _unit([(_lean_sender(one, call.method), call) for call in sequence])
                    for one, sequence in zip(lean, callers, strict=True)
                ],
                load,
            )
        finally:
            for one in lean:
                one.close()

    async def _create(self, sessions: Sequence[str], load: Load) -> None:
        """Begin the sessions, and look closely at one forward and its backward in each."""

        async def create(at: int, session: str) -> None:
            begin = self._service.sender(at, calls.CREATE_SESSION)
            await begin(calls.create_session(session, seed=at))
            answers = [
                await self._service.sender(at, call.method)(call.request)
                for call in (
                    calls.forward(session, load.shape), calls.backward(session, load.shape)
                )
            ]  # fmt: skip
            calls.check_pair(answers[0], answers[1], load.shape)

        await asyncio.gather(*(create(at, session) for at, session in enumerate(sessions)))

    async def _delete(self, sessions: Sequence[str]) -> None:
        await asyncio.gather(
            *(
                self._service.sender(at, calls.DELETE_SESSION)(calls.delete_session(session))
                for at, session in enumerate(sessions)
            )
        )


def _calls_of(session: str, load: Load) -> list[Call]:
    forward = calls.forward(session, load.shape)
    return [forward] if load.target == "forward" else [forward, calls.backward(session, load.shape)]


def _lean_sender(connection: LeanConnection, method: str) -> Send:
    return partial(connection.call, method)


def _unit(steps: Sequence[tuple[Send, Call]]) -> Unit:
    """Return what sends a caller's calls once, one after the other, and checks the answers."""

    async def unit() -> None:
        for send, call in steps:
            call.check(await send(call.request))

    return unit


async def _run(units: Sequence[Unit], load: Load) -> Measured:
    # What the first calls pay once is none of the figures: connections, layers brought to workers.
    await asyncio.gather(*(unit() for unit in units))
    times = array("d")
    began = time.perf_counter()
    if load.rate:
        await _send_when_due(units, load, times)
    else:
        await asyncio.gather(*(_repeat(unit, began + load.seconds, times) for unit in units))
    seconds = time.perf_counter() - began
    p50, p99 = np.percentile(np.frombuffer(times), [50, 99]) * 1000
    return Measured(len(times), seconds, float(p50), float(p99))


async def _repeat(unit: Unit, until: float, times: array[float]) -> None:
    now = time.perf_counter()
    while now < until:
        sent = now
        await unit()
        now = time.perf_counter()
        times.append(now - sent)


async def _send_when_due(units: Sequence[Unit], load: Load, times: array[float]) -> None:
    async def one(unit: Unit, due: float) -> None:
        await unit()
        times.append(time.perf_counter() - due)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(load.rate * load.seconds)):
            due = began + number / load.rate
            while (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            tasks.create_task(one(units[number % len(units)], due))


async def main(echo_address: str, service_address: str) -> None:
    """Measure every load that standard input asks for."""
    generator = Generator(echo_address, service_address)
    while line := await asyncio.to_thread(sys.stdin.readline):
        load = Load.from_json(line)
        async with asyncio.timeout(load.seconds + 2 * TIMEOUT_SECONDS):
            measured = await generator.measure(load)
        print(measured.to_json(), flush=True)
    await generator.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
