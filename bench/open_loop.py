"""Sends calls when they are due, even if earlier ones are not answered.

A call's time counts from the moment when it was due, so that a stall of the service delays all
calls of that time. The lateness of the sends is measured too. It is the generator's fault, and the
other figures mean something only if it is small.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.calls import Call
from bench.lean import LeanConnection

# A call waits if no connection is free. The wait counts as its time.
CONNECTIONS = 64


@dataclass(frozen=True)
class Punctual:
    """The times of the answers and of the sends, in seconds after the calls were due."""

    answered: array[float] = field(default_factory=lambda: array("d"))
    sent: array[float] = field(default_factory=lambda: array("d"))


def send_when_due(address: str, calls: Sequence[Call], rate: float, seconds: float) -> Punctual:
    """Send the calls in turn, `rate` a second, evenly spaced. It blocks its thread.

    It has a loop of its own because the time-outs of epoll, and so those of most loops, have a
    resolution of a millisecond. The calls of a fast server take less.
    """
    with asyncio.Runner(loop_factory=_punctual_loop) as runner:
        return runner.run(_send(address, calls, rate, seconds))


def _punctual_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


async def _send(address: str, calls: Sequence[Call], rate: float, seconds: float) -> Punctual:
    # The most recently used connection is taken first, because it is warm.
    free: asyncio.LifoQueue[LeanConnection] = asyncio.LifoQueue()
    everyone = [await LeanConnection.connect(address) for _ in range(CONNECTIONS)]
    for connection in everyone:
        free.put_nowait(connection)
    measured = Punctual()

    async def one(call: Call, due: float) -> None:
        measured.sent.append(time.perf_counter() - due)
        connection = await free.get()
        call.check(await connection.call(call.method, call.request))
        measured.answered.append(time.perf_counter() - due)
        free.put_nowait(connection)

    try:
        async with asyncio.TaskGroup() as tasks:
            began = time.perf_counter()
            for number in range(int(rate * seconds)):
                due = began + number / rate
                while (early := due - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                tasks.create_task(one(calls[number % len(calls)], due))
    finally:
        for connection in everyone:
            connection.close()
    return measured
