"""The Compute stream of the asyncio client."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

import grpc
from numpy.typing import ArrayLike

from edunn_client._aio_caller import AsyncCaller
from edunn_client._aio_ending import Ending
from edunn_client._calls import COMPUTE, Call
from edunn_client._errors import EdunnError
from edunn_client._layer_state import ForwardLike, Gradients, LayerState
from edunn_client._operations import Backward, Forward, Operation, Step, TrainStep
from edunn_client._outputs import Output
from edunn_client._pending import why_ended
from edunn_client._phase import PhaseLike
from edunn_client._scope import current_scope
from edunn_client._steps import Inputs, LossLike, MeanLoss, OptimizerLike, StepCount
from edunn_client._stream_state import StreamState
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._tracebacks import ends_in_caller


class AsyncStream(StreamState):
    """A Compute stream, made by `AsyncClient.stream`.

    It is opened by `async with`, which waits for all answers at its end, or by the first operation;
    then `close` waits for the answers. It behaves as the sync `Stream` does; its futures are
    asyncio's, to be awaited.
    """

    def __init__(self, caller: AsyncCaller, timeout: float, *, begins_again: bool = True) -> None:
        super().__init__(caller, timeout, begins_again)
        self._caller = caller
        self._wake = asyncio.Event()
        self._call: Any = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.cancel()
        await self.close()

    @ends_in_caller
    def submit(self, operation: Operation) -> asyncio.Future[Any]:
        """Send an operation and return the future of its value; it never waits.

        Cancelling the future ends the operation, of which the service is told.
        """
        self._refuse_if_over()
        self._open()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.add_done_callback(self._forget_cancelled)
        try:
            self._pending.add(operation, future)
        except EdunnError as error:
            future.set_exception(error)
        self._wake.set()
        return future

    def _submit_call(self, call: Call[Any], timeout: float | None) -> asyncio.Future[Any]:
        """Send a call of this package's own; its future has the answer's message."""
        if self._ended is not None:
            raise self._ended
        self._open()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending.add_call(call, future, call.method, timeout)
        self._wake.set()
        return future

    def _forget_cancelled(self, future: asyncio.Future[Any]) -> None:
        if future.cancelled():
            self._forget(future)

    def _forget(self, future: asyncio.Future[Any]) -> None:
        self._pending.forget(future)
        self._wake.set()

    @ends_in_caller
    def forward(
        self,
        layer: LayerState,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
        timeout: float | None = None,
    ) -> asyncio.Future[Output]:
        """Send what `layer.forward` would and return the future of the output."""
        return self.submit(
            Forward(
                layer,
                *inputs,
                phase=phase,
                forward_id=forward_id,
                untracked=untracked,
                timeout=timeout,
            )
        )

    @ends_in_caller
    def backward(
        self,
        layer: LayerState,
        output_gradient: ArrayLike = 1.0,
        *,
        forward_id: ForwardLike | None = None,
        accumulate: bool = False,
        timeout: float | None = None,
    ) -> asyncio.Future[Gradients]:
        """Send what `layer.backward` would and return the future of the gradients."""
        return self.submit(
            Backward(
                layer,
                output_gradient,
                forward_id=forward_id,
                accumulate=accumulate,
                timeout=timeout,
            )
        )

    @ends_in_caller
    def step(
        self,
        layer: LayerState,
        optimizer: OptimizerLike | None = None,
        *,
        step_id: str | None = None,
        timeout: float | None = None,
    ) -> asyncio.Future[StepCount]:
        """Send what `layer.step` would and return the future of the steps so far."""
        return self.submit(Step(layer, optimizer, step_id=step_id, timeout=timeout))

    @ends_in_caller
    def train_step(
        self,
        layer: LayerState,
        x: Inputs,
        y: ArrayLike,
        loss: LossLike,
        optimizer: OptimizerLike | None = None,
        *,
        step_id: str | None = None,
        timeout: float | None = None,
    ) -> asyncio.Future[MeanLoss]:
        """Send what `layer.train_step` would and return the future of the mean loss."""
        return self.submit(
            TrainStep(layer, x, y, loss, optimizer, step_id=step_id, timeout=timeout)
        )

    def cancel(self) -> None:
        """End the stream at once; futures without an answer are cancelled."""
        self._is_closed = True
        for future in self._pending.take_all():
            future.cancel()
        if self._call is not None:
            self._call.cancel()
        self._wake.set()

    async def close(self) -> None:
        """Send what is left, wait for all answers, and end the stream."""
        self._is_closed = True
        self._wake.set()
        if not self._tasks:
            return
        reader, watcher = self._tasks
        try:
            await asyncio.shield(reader)
        finally:
            if self._call is not None:
                self._call.cancel()
            watcher.cancel()
            reader.cancel()
            await asyncio.gather(reader, watcher, return_exceptions=True)

    def _open(self) -> None:
        """Begin to serve, unless that has been done."""
        if not self._tasks:
            self._caller.method(COMPUTE)
            self._tasks = [
                asyncio.create_task(self._serve()),
                asyncio.create_task(self._watch()),
            ]

    async def _serve(self) -> None:
        failure: Exception | None = None
        try:
            await self._read_until_end()
        except Exception as error:
            # Of the service, of what gives the token, or that the client was closed.
            failure = error.with_traceback(None)
        finally:
            self._ended = why_ended(self._stalled, failure)
            for future in self._pending.take_all():
                if not future.done():
                    future.set_exception(self._ended)

    async def _read_until_end(self) -> None:
        """Read answers, and raise why they have ended."""
        self._begin_calls()
        while (error := await self._read_one_call()) is not None:
            await asyncio.sleep(self._pause_after(error))
            self._pending.send_again()
            self._wake.set()

    async def _read_one_call(self) -> grpc.RpcError | None:
        """Make one call and read its answers; return the error that ended it, if one did."""
        metadata = self._caller.metadata(await self._caller.token(), current_scope())
        self._call = self._caller.method(COMPUTE)(metadata=metadata)
        ending = Ending(self._call)
        writer = asyncio.create_task(self._write(self._call))
        try:
            async for response in self._call:
                for result in response.results:
                    self._settle(result)
            return None
        except grpc.RpcError:
            return await ending.failure()
        except asyncio.CancelledError:
            # gRPC raises it also where the call was cancelled, and not this task.
            if not self._call.cancelled():
                raise
            return None
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self, call: Any) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while (request := self._pending.next_request()) is not None:
                    await call.write(request)
                if self._is_closed:
                    await call.done_writing()
                    return
        except (grpc.RpcError, asyncio.InvalidStateError):
            # The call has ended; the reader learns why.
            return

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
        if self._call is not None:
            self._call.cancel()
