"""The Compute stream of the sync client: operations sent without waiting, answered by futures."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

import grpc
from numpy.typing import ArrayLike

from edunn_client import _forks as forks
from edunn_client._caller import Caller
from edunn_client._calls import Call
from edunn_client._errors import EdunnError
from edunn_client._layer_state import ForwardLike, Gradients, LayerState
from edunn_client._operations import Backward, Forward, Operation, Step, TrainStep
from edunn_client._outputs import Output
from edunn_client._pending import why_ended
from edunn_client._phase import PhaseLike
from edunn_client._steps import Inputs, LossLike, MeanLoss, OptimizerLike, StepCount
from edunn_client._stream_state import StreamState
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._tracebacks import ends_in_caller


class Stream(StreamState):
    """A Compute stream, made by `Client.stream`. Threads may share it.

    Operations of one session take effect in the order in which they are submitted, and a backward
    may be submitted before its forward is answered. The end of `with` waits for all answers.
    An error is the future's own and the stream goes on. Until its first operation is on its way, a
    stream waits for the service, no longer than its timeout. If the connection then breaks, every
    future without an answer gets UnavailableError; nothing is tried again, as the order would be
    lost.
    """

    def __init__(self, caller: Caller, timeout: float, *, begins_again: bool = True) -> None:
        super().__init__(caller, timeout, begins_again)
        self._caller = caller
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._call = self._open()
        forks.in_use.add(self)
        forks.watch(self)
        self._reader = threading.Thread(target=self._read, name="edunn-stream", daemon=True)
        self._reader.start()
        threading.Thread(target=self._watch, name="edunn-stream-watch", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.cancel()

    @ends_in_caller
    def submit(self, operation: Operation) -> Future[Any]:
        """Send an operation and return the future of its value.

        It never waits: operations that the service has not yet taken are kept in memory. For
        many, `Client.compute` bounds how many are under way. Cancelling the future ends the
        operation, of which the service is told.
        """
        future: Future[Any] = Future()
        future.add_done_callback(self._forget_cancelled)
        with self._changed:
            self._refuse_if_over()
            try:
                self._pending.add(operation, future)
            except EdunnError as error:
                future.set_exception(error)
            self._changed.notify_all()
        return future

    def _submit_call(self, call: Call[Any], timeout: float | None) -> Future[Any]:
        """Send a call of this package's own; its future has the answer's message."""
        future: Future[Any] = Future()
        with self._changed:
            if self._ended is not None:
                raise self._ended
            self._pending.add_call(call, future, call.method, timeout)
            self._changed.notify_all()
        return future

    def _forget_cancelled(self, future: Future[Any]) -> None:
        if future.cancelled():
            self._forget(future)

    def _forget(self, future: Future[Any]) -> None:
        with self._changed:
            self._pending.forget(future)
            self._changed.notify_all()

    @ends_in_caller
    def forward(
        self,
        layer: LayerState,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
        timeout: float | None = None,
    ) -> Future[Output]:
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
    ) -> Future[Gradients]:
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
    ) -> Future[StepCount]:
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
    ) -> Future[MeanLoss]:
        """Send what `layer.train_step` would and return the future of the mean loss."""
        return self.submit(
            TrainStep(layer, x, y, loss, optimizer, step_id=step_id, timeout=timeout)
        )

    def close(self) -> None:
        """Send what is left, wait for all answers, and end the stream."""
        self._end()
        self._reader.join()

    def cancel(self) -> None:
        """End the stream at once; futures without an answer are cancelled."""
        with self._changed:
            for future in self._pending.take_all():
                future.cancel()
        self._end()
        self._call.cancel()
        self._reader.join()

    def _end(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _open(self) -> Any:
        self._replaced = threading.Event()
        return self._caller.open_stream(self._requests(self._replaced))

    def _requests(self, replaced: threading.Event) -> Iterator[bytes]:
        """Yield what is to be sent, until another call takes over. gRPC runs it in a thread."""
        while (request := self._next_request(replaced)) is not None:
            yield request

    def _next_request(self, replaced: threading.Event) -> bytes | None:
        with self._changed:
            while not replaced.is_set() and self._ended is None:
                request = self._pending.next_request()
                if request is not None or self._is_closed:
                    return request
                self._changed.wait()
        return None

    def _read(self) -> None:
        failure: Exception | None = None
        try:
            self._read_until_end()
        except Exception as error:
            # Of the service, of what gives the token, or that the client was closed.
            failure = error.with_traceback(None)
        with self._changed:
            self._ended = why_ended(self._stalled, failure)
            futures = self._pending.take_all()
            self._changed.notify_all()
        for future in futures:
            if future.set_running_or_notify_cancel():
                future.set_exception(self._ended)
        forks.in_use.discard(self)
        self._over.set()

    def _read_until_end(self) -> None:
        """Read answers, and raise why they have ended."""
        self._begin_calls()
        while True:
            try:
                for response in self._call:
                    for result in response.results:
                        self._settle(result)
                return
            except grpc.RpcError as error:
                pause = self._pause_after(error)
            time.sleep(pause)
            with self._changed:
                self._replaced.set()
                self._changed.notify_all()
                self._pending.send_again()
            self._call = self._open()

    def _settle(self, result: pb.ComputeResult) -> None:
        with self._changed:
            settled = self._pending.settle(result)
        # A future that its owner has cancelled takes no value any more.
        if settled is None or not settled.future.set_running_or_notify_cancel():
            return
        if settled.error is not None:
            settled.future.set_exception(settled.error)
        else:
            settled.future.set_result(settled.value)

    def _watch(self) -> None:
        while not self._over.wait(min(self._timeout / 4, 1.0)):
            with self._changed:
                self._stalled = self._pending.stalled()
            if self._stalled is not None:
                self._call.cancel()
                return

    def _begin_anew(self) -> None:
        """End in a child process, where nobody reads the answers."""
        self._changed = threading.Condition()
        self._ended = RuntimeError("the stream is of the process that this one was forked from")
        for future in self._pending.take_all():
            future.set_exception(self._ended)
