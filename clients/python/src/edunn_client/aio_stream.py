"""The Compute stream of the asyncio client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Any, Self

import grpc
from numpy.typing import ArrayLike

from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client.aio_ending import Ending
from edunn_client.compute import (
    Backward,
    Forward,
    Operation,
    Pending,
    Result,
    result_of,
    why_ended,
)
from edunn_client.errors import EdunnError
from edunn_client.phase import PhaseLike
from edunn_client.state import Gradients, LayerState
from edunn_client.tensors import Array


class AsyncStream:
    """A Compute stream, made by `AsyncClient.stream`, open within `async with`.

    It behaves as the sync `Stream` does; its futures are asyncio's, to be awaited.
    """

    def __init__(self, open_call: Callable[[], Any], timeout: float) -> None:
        self._open_call = open_call
        self._timeout = timeout
        self._pending = Pending(timeout)
        self._wake = asyncio.Event()
        self._closing = False
        self._stalled: EdunnError | None = None
        self._ended: EdunnError | None = None

    async def __aenter__(self) -> Self:
        self._call = self._open_call()
        self._ending = Ending(self._call)
        self._writer = asyncio.create_task(self._write())
        self._reader = asyncio.create_task(self._read())
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing = True
        if error is not None:
            for future in self._pending.take_all():
                future.cancel()
            self._call.cancel()
        self._wake.set()
        try:
            await self._reader
        finally:
            self._call.cancel()
            self._watcher.cancel()
            self._writer.cancel()
            await asyncio.gather(self._watcher, self._writer, return_exceptions=True)

    def submit(self, operation: Operation) -> asyncio.Future[Any]:
        """Send an operation and return the future of its value; it never waits."""
        if self._ended is not None:
            raise self._ended
        if self._closing:
            raise ValueError("the stream has been closed")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending.add(operation, future)
        self._wake.set()
        return future

    def forward(
        self,
        layer: LayerState,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
    ) -> asyncio.Future[Array]:
        """Send what `layer.forward` would and return the future of the output."""
        return self.submit(
            Forward(layer, *inputs, phase=phase, forward_id=forward_id, untracked=untracked)
        )

    def backward(
        self, layer: LayerState, output_gradient: ArrayLike, *, forward_id: str | None = None
    ) -> asyncio.Future[Gradients]:
        """Send what `layer.backward` would and return the future of the gradients."""
        return self.submit(Backward(layer, output_gradient, forward_id=forward_id))

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while (request := self._pending.next_request()) is not None:
                    await self._call.write(request)
                if self._closing:
                    await self._call.done_writing()
                    return
        except (grpc.RpcError, asyncio.InvalidStateError):
            # The call has ended; the reader learns why.
            return

    async def _read(self) -> None:
        failure: grpc.RpcError | None = None
        try:
            async for response in self._call:
                for result in response.results:
                    self._settle(result)
        except grpc.RpcError:
            failure = await self._ending.failure()
        except asyncio.CancelledError:
            # gRPC raises it also where the call was cancelled, and not this task.
            if not self._call.cancelled():
                raise
        finally:
            self._closing = True
            self._ended = why_ended(self._stalled, failure)
            for future in self._pending.take_all():
                if not future.done():
                    future.set_exception(self._ended)

    def _settle(self, result: pb.ComputeResult) -> None:
        settled = self._pending.settle(result)
        # A future that its owner has cancelled takes no value any more.
        if settled is None or settled.future.done():
            return
        if settled.error is not None:
            settled.future.set_exception(settled.error)
        else:
            settled.future.set_result(settled.value)

    async def _watch(self) -> None:
        while self._stalled is None:
            await asyncio.sleep(min(self._timeout / 4, 1.0))
            self._stalled = self._pending.stalled()
        self._call.cancel()


async def compute(
    stream: AsyncStream,
    operations: Iterable[Operation] | AsyncIterable[Operation],
    in_flight: int,
) -> AsyncIterator[Result]:
    """Run operations through a stream and yield their results as they come."""
    results: asyncio.Queue[Result] = asyncio.Queue()
    waiting = 0

    def note(operation: Operation, future: asyncio.Future[Any]) -> None:
        results.put_nowait(result_of(operation, future))

    async with stream:
        async for operation in _each(operations):
            if waiting == in_flight:
                yield await results.get()
                waiting -= 1
            try:
                future = stream.submit(operation)
            except EdunnError as error:
                # The stream has ended: with an error of its own, so that those before it come too.
                yield Result(operation, error=error)
                break
            future.add_done_callback(partial(note, operation))
            waiting += 1
        for _ in range(waiting):
            yield await results.get()


async def _each(
    operations: Iterable[Operation] | AsyncIterable[Operation],
) -> AsyncIterator[Operation]:
    if isinstance(operations, AsyncIterable):
        async for operation in operations:
            yield operation
    else:
        for operation in operations:
            yield operation
