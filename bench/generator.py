"""`python -m bench.generator ADDRESSES PARTS`: sends loads to servers, in its own process.

It reads one load per line from standard input and writes one measurement per line to standard
output. Any error or wrong answer ends it. Both arguments are JSON: ADDRESSES has that of each
server, and PARTS has for each part the ids of the processes whose processor time is measured.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from array import array
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import grpc
import numpy as np
import uvloop

from bench import calls, inference
from bench.calls import Call, StreamCall
from bench.cpu import Parts, cpu_seconds, machine_seconds
from bench.lean import LeanConnection
from bench.lean_stream import LeanStream
from bench.load import Load, Measured, Server
from bench.open_loop import Punctual, send_when_due
from edunn_serving.settings import Settings

# Connections to each server. The callers are spread over them.
CONNECTIONS = 4
TIMEOUT_SECONDS = 60.0

Send = Callable[[bytes], Awaitable[bytes]]
Unit = Callable[[], Awaitable[None]]
Timed = Callable[["array[float]", float], Awaitable[None]]


class Connections:
    """A few connections to one server, through which raw bytes go both ways."""

    def __init__(self, address: str) -> None:
        limit = Settings().max_message_bytes
        options = [
            ("grpc.max_receive_message_length", limit),
            ("grpc.max_send_message_length", limit),
            # By default the channels share one connection.
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_http_proxy", 0),
        ]
        self._channels = [
            grpc.aio.insecure_channel(address, options=options) for _ in range(CONNECTIONS)
        ]

    def sender(self, caller: int, method: str) -> Send:
        """Return a function that sends a caller's requests. It raises if the status is not OK."""
        channel = self._channels[caller % CONNECTIONS]
        stub: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)

        async def send(request: bytes) -> bytes:
            answer: bytes = await stub(request, timeout=TIMEOUT_SECONDS)
            return answer

        return send

    async def close(self) -> None:
        await asyncio.gather(*(channel.close() for channel in self._channels))


class Generator:
    """Sends loads to the service and to its references."""

    def __init__(self, addresses: Mapping[Server, str], parts: Parts) -> None:
        self._parts = parts
        self._addresses = addresses
        self._connections = {name: Connections(each) for name, each in addresses.items()}
        self._service = self._connections["service"]

    async def close(self) -> None:
        await asyncio.gather(*(each.close() for each in self._connections.values()))

    async def measure(self, load: Load) -> Measured:
        """Send a load and return the measurement."""
        if load.target == "echo":
            return await self._send(load, [[calls.echo(load.shape)]] * load.callers)
        if load.target == "triton":
            call = inference.infer(load.shape)
            send = self._connections["triton"].sender(0, call.method)
            call.check_closely(await send(call.request), load.shape)
            return await self._send(load, [[call]] * load.callers)
        count = load.sessions or load.callers
        sessions = [f"bench-{secrets.token_urlsafe(7)}" for _ in range(count)]
        await self._create(sessions, load)
        try:
            if load.target == "compute":
                return await self._stream(load, sessions)
            return await self._send(load, [_calls_of(session, load) for session in sessions])
        finally:
            await self._delete(sessions)

    async def _send(self, load: Load, callers: Sequence[Sequence[Call]]) -> Measured:
        """Send a load: each caller sends its calls one after the other, again and again."""
        if load.rate:
            return await self._send_at_rate(load, [call for (call,) in callers])
        if load.client == "grpc.aio":
            connections = self._connections[_server_of(load)]
            return await self._run(
                [
                    _unit([(connections.sender(at, call.method), call) for call in sequence])
                    for at, sequence in enumerate(callers)
                ],
                load,
            )
        address = self._addresses[_server_of(load)]
        lean = [await LeanConnection.connect(address) for _ in callers]
        try:
            return await self._run(
                [
                    _unit([(_lean_sender(one, call.method), call) for call in sequence])
                    for one, sequence in zip(lean, callers, strict=True)
                ],
                load,
            )
        finally:
            for one in lean:
                one.close()

    async def _send_at_rate(self, load: Load, each: Sequence[Call]) -> Measured:
        address = self._addresses[_server_of(load)]
        # The first calls have costs of their own and are not measured.
        await asyncio.to_thread(send_when_due, address, each, load.rate, len(each) / load.rate)
        punctual = Punctual()

        async def send(times: array[float], until: float) -> None:
            nonlocal punctual
            punctual = await asyncio.to_thread(
                send_when_due, address, each, load.rate, load.seconds
            )
            times.extend(punctual.answered)

        measured = await self._timed(load, send)
        late = np.percentile(np.frombuffer(punctual.sent), 99) * 1000
        return replace(measured, late_p99_ms=float(late))

    async def _stream(self, load: Load, sessions: Sequence[str]) -> Measured:
        """Keep a forward of each caller under way. The callers are spread over a few streams."""
        calls_of_all = [
            calls.stream_forward(str(at), sessions[at % len(sessions)], load.shape)
            for at in range(load.callers)
        ]
        shares = [calls_of_all[at :: load.streams] for at in range(load.streams)]
        streams = [await LeanStream.connect(self._addresses["service"]) for _ in shares]

        async def send(times: array[float], until: float) -> None:
            async with asyncio.TaskGroup() as tasks:
                for stream, share in zip(streams, shares, strict=True):
                    tasks.create_task(stream.run(share, until, times))

        try:
            for stream, share in zip(streams, shares, strict=True):
                await stream.run(share, 0.0, array("d"), StreamCall.check_closely)
            measured = await self._timed(load, send)
            for stream in streams:
                await stream.end()
            return measured
        finally:
            for stream in streams:
                stream.close()

    async def _run(self, units: Sequence[Unit], load: Load) -> Measured:
        # The first calls pay for connections and for loading layers. They are not measured.
        await asyncio.gather(*(unit() for unit in units))

        async def send(times: array[float], until: float) -> None:
            await asyncio.gather(*(_repeat(unit, until, times) for unit in units))

        return await self._timed(load, send)

    async def _timed(self, load: Load, send: Timed) -> Measured:
        """Send calls while the load lasts, and measure them."""
        times = array("d")
        cpu, machine = cpu_seconds(self._parts), machine_seconds()
        began = time.perf_counter()
        await send(times, began + load.seconds)
        seconds = time.perf_counter() - began
        taken = {part: until - cpu[part] for part, until in cpu_seconds(self._parts).items()}
        p50, p99 = np.percentile(np.frombuffer(times), [50, 99]) * 1000
        return Measured(
            len(times), seconds, float(p50), float(p99), taken, machine_seconds() - machine
        )

    async def _create(self, sessions: Sequence[str], load: Load) -> None:
        """Create the sessions, and check one forward and its backward in each closely."""

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


def _server_of(load: Load) -> Server:
    if load.target == "echo" or load.target == "triton":
        return load.target
    return "service"


def _calls_of(session: str, load: Load) -> list[Call]:
    forward = calls.forward(session, load.shape)
    return [forward] if load.target == "forward" else [forward, calls.backward(session, load.shape)]


def _lean_sender(connection: LeanConnection, method: str) -> Send:
    return partial(connection.call, method)


def _unit(steps: Sequence[tuple[Send, Call]]) -> Unit:
    """Return a function that sends a caller's calls one after the other and checks the answers."""

    async def unit() -> None:
        for send, call in steps:
            call.check(await send(call.request))

    return unit


async def _repeat(unit: Unit, until: float, times: array[float]) -> None:
    now = time.perf_counter()
    while now < until:
        sent = now
        await unit()
        now = time.perf_counter()
        times.append(now - sent)


async def main(addresses: Mapping[Server, str], parts: Parts) -> None:
    """Measure every load that standard input asks for."""
    generator = Generator(addresses, parts)
    while line := await asyncio.to_thread(sys.stdin.readline):
        load = Load.from_json(line)
        async with asyncio.timeout(load.seconds + 2 * TIMEOUT_SECONDS):
            measured = await generator.measure(load)
        print(measured.to_json(), flush=True)
    await generator.close()


if __name__ == "__main__":
    uvloop.run(main(json.loads(sys.argv[1]), json.loads(sys.argv[2])))
