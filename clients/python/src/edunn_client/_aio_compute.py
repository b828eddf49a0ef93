"""Many operations through a stream of the asyncio client, as an iterator of their results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from functools import partial

from edunn_client._aio_stream import AsyncStream
from edunn_client._errors import EdunnError
from edunn_client._operations import Operation, Result, result_of

Operations = Iterable[Operation] | AsyncIterable[Operation]


async def compute(
    stream: AsyncStream, operations: Operations, in_flight: int
) -> AsyncIterator[Result]:
    """Run operations through a stream and yield their results as they come.

    Operations are taken in a task of their own: they may wait for a result of an earlier one.
    """
    results: asyncio.Queue[Result | None] = asyncio.Queue()
    room = asyncio.Semaphore(in_flight)
    async with stream:
        feeder = asyncio.create_task(_feed(stream, operations, room, results))
        # Wakes the reader, who looks whether there is more to come.
        feeder.add_done_callback(lambda _: results.put_nowait(None))
        try:
            given = 0
            while not feeder.done() or given < feeder.result():
                result = await results.get()
                if result is not None:
                    given += 1
                    room.release()
                    yield result
        finally:
            feeder.cancel()
            await asyncio.gather(feeder, return_exceptions=True)


async def _feed(
    stream: AsyncStream,
    operations: Operations,
    room: asyncio.Semaphore,
    results: asyncio.Queue[Result | None],
) -> int:
    """Submit operations while there is room; return how many were taken."""
    taken = 0
    source = _each(operations)
    try:
        while True:
            await room.acquire()
            operation = await anext(source, None)
            if operation is None:
                return taken
            taken += 1
            try:
                future = stream.submit(operation)
            except EdunnError as error:
                # With an error of its own, so that the results before it come too.
                results.put_nowait(Result(operation, error=error))
                return taken
            future.add_done_callback(partial(_note, results, operation))
    finally:
        await source.aclose()


def _note(
    results: asyncio.Queue[Result | None], operation: Operation, future: asyncio.Future[object]
) -> None:
    results.put_nowait(result_of(operation, future))


async def _each(operations: Operations) -> AsyncGenerator[Operation, None]:
    if isinstance(operations, AsyncIterable):
        async for operation in operations:
            yield operation
    else:
        for operation in operations:
            yield operation
