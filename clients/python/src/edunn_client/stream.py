"""The Compute stream of the sync client: operations sent without waiting, answered by futures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import grpc
from numpy.typing import ArrayLike

from edunn_client._stubs import layer_service_pb2 as pb
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
from edunn_client.layer import RemoteLayer
from edunn_client.phase import PhaseLike
from edunn_client.state import Gradients
from edunn_client.tensors import Array


class Stream:
    """A Compute stream, made by `Client.stream`. Threads may share it.

    Operations of one session take effect in the order in which they are submitted, and a backward
    may be submitted before its forward is answered. The end of `with` waits for all answers.
    An error is the future's own and the stream goes on. If the connection breaks, every future
    without an answer gets UnavailableError; nothing is tried again, as the order would be lost.
    """

    def __init__(self, open_call: Callable[[Iterator[Any]], Any], timeout: float) -> None:
        self._pending = Pending(timeout)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._over = threading.Event()
        self._closing = False
        self._stalled: EdunnError | None = None
        self._ended: EdunnError | None = None
        self._call = open_call(self._requests())
        self._reader = threading.Thread(target=self._read, name="edunn-stream", daemon=True)
        self._reader.start()
        threading.Thread(
            target=self._watch, args=(timeout,), name="edunn-stream-watch", daemon=True
        ).start()

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

    def submit(self, operation: Operation) -> Future[Any]:
        """Send an operation and return the future of its value.

        It never waits: operations that the service has not yet taken are kept in memory. For
        many, `Client.compute` bounds how many are under way.
        """
        with self._lock:
            if self._ended is not None:
                raise self._ended
            if self._closing:
                raise ValueError("the stream has been closed")
            future: Future[Any] = Future()
            self._pending.add(operation, future)
        self._wake.set()
        return future

    def forward(
        self,
        layer: RemoteLayer,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
    ) -> Future[Array]:
        """Send what `layer.forward` would and return the future of the output."""
        return self.submit(
            Forward(layer, *inputs, phase=phase, forward_id=forward_id, untracked=untracked)
        )

    def backward(
        self, layer: RemoteLayer, output_gradient: ArrayLike, *, forward_id: str | None = None
    ) -> Future[Gradients]:
        """Send what `layer.backward` would and return the future of the gradients."""
        return self.submit(Backward(layer, output_gradient, forward_id=forward_id))

    def close(self) -> None:
        """Send what is left, wait for all answers, and end the stream."""
        self._closing = True
        self._wake.set()
        self._reader.join()

    def cancel(self) -> None:
        """End the stream at once; futures without an answer are cancelled."""
        with self._lock:
            self._closing = True
            for future in self._pending.take_all():
                future.cancel()
        self._call.cancel()
        self._wake.set()
        self._reader.join()

    def _requests(self) -> Iterator[pb.ComputeRequest]:
        """Yield what is to be sent. gRPC runs this in a thread of its own."""
        while True:
            self._wake.wait()
            self._wake.clear()
            while True:
                with self._lock:
                    request = self._pending.next_request()
                if request is None:
                    break
                yield request
            if self._closing:
                return

    def _read(self) -> None:
        failure: grpc.RpcError | None = None
        try:
            for response in self._call:
                for result in response.results:
                    self._settle(result)
        except grpc.RpcError as error:
            failure = error
        with self._lock:
            self._closing = True
            self._ended = why_ended(self._stalled, failure)
            futures = self._pending.take_all()
        for future in futures:
            if future.set_running_or_notify_cancel():
                future.set_exception(self._ended)
        self._over.set()
        self._wake.set()

    def _settle(self, result: pb.ComputeResult) -> None:
        with self._lock:
            settled = self._pending.settle(result)
        # A future that its owner has cancelled takes no value any more.
        if settled is None or not settled.future.set_running_or_notify_cancel():
            return
        if settled.error is not None:
            settled.future.set_exception(settled.error)
        else:
            settled.future.set_result(settled.value)

    def _watch(self, timeout: float) -> None:
        while not self._over.wait(min(timeout / 4, 1.0)):
            with self._lock:
                self._stalled = self._pending.stalled()
            if self._stalled is not None:
                self._call.cancel()
                return


def compute(
    open_stream: Callable[[], Stream], operations: Iterable[Operation], in_flight: int
) -> Iterator[Result]:
    """Run operations through a stream and yield their results as they come."""
    results: SimpleQueue[Result] = SimpleQueue()
    waiting = 0

    def note(operation: Operation, future: Future[Any]) -> None:
        results.put(result_of(operation, future))

    with open_stream() as stream:
        for operation in operations:
            if waiting == in_flight:
                yield results.get()
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
            yield results.get()
