"""Calls sent when they are due, whether the ones before are answered or not.

A call's time counts from when it was due, so that a service that stalls is not spared the calls
that would have met the stall. How late the calls were sent is measured beside it: what is late here
is the generator's fault and must be small before the rest means anything.
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

# A call that finds none free waits for one, which counts as its time: it was due.
CONNECTIONS = 64


@dataclass(frozen=True)
class Punctual:
    """When the calls were answered and sent, in seconds from when they were due."""

    answered: array[float] = field(default_factory=lambda: array("d"))
    sent: array[float] = field(default_factory=lambda: array("d"))


def send_when_due(address: str, calls: Sequence[Call], rate: float, seconds: float) -> Punctual:
    """Send the calls in turn, so many a second, evenly spaced. Blocks; not for an event loop.

    It has a loop of its own because the time-outs of epoll, and so those of most loops, have a
    resolution of a millisecond, which is more than the calls of a fast server take.
    """
    with asyncio.Runner(loop_factory=_punctual_loop) as runner:
        return runner.run(_send(address, calls, rate, seconds))


def _punctual_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


async def _send(address: str, calls: Sequence[Call], rate: float, seconds: float) -> Punctual:
    # The one used last is taken first: it is warm.
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
