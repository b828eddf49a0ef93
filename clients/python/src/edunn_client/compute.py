"""The operations of a Compute stream and the table of those under way.

Shared by the streams of both clients; they differ in their futures and in how they wait.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import grpc
from numpy.typing import ArrayLike

from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client.calls import Call
from edunn_client.errors import (
    DeadlineExceededError,
    EdunnError,
    UnavailableError,
    error_from_rpc,
    error_from_status,
)
from edunn_client.phase import PhaseLike
from edunn_client.state import Gradients, LayerState
from edunn_client.tensors import Array

# Operations that wait together travel together, up to these limits.
_MESSAGE_OPERATIONS = 256
_MESSAGE_BYTES = 4 * 1024 * 1024


class Forward:
    """A forward for a stream; the arguments are those of `RemoteLayer.forward`."""

    def __init__(
        self,
        layer: LayerState,
        *inputs: ArrayLike,
        phase: PhaseLike | None = None,
        forward_id: str | None = None,
        untracked: bool = False,
    ) -> None:
        self.layer = layer
        self._inputs = inputs
        self._phase = phase
        self._forward_id = forward_id
        self._untracked = untracked

    def begin(self) -> Call[Array]:
        """Number the forward and make it the layer's latest, now that it is about to be sent."""
        return self.layer._begin_forward(
            self._inputs, self._phase, self._forward_id, self._untracked
        )


class Backward:
    """A backward for a stream; the arguments are those of `RemoteLayer.backward`.

    It belongs to the layer's latest forward at the moment at which it is sent.
    """

    def __init__(
        self, layer: LayerState, output_gradient: ArrayLike, *, forward_id: str | None = None
    ) -> None:
        self.layer = layer
        self._output_gradient = output_gradient
        self._forward_id = forward_id

    def begin(self) -> Call[Gradients]:
        return self.layer._backward_call(self._output_gradient, self._forward_id)


Operation = Forward | Backward


@dataclass(frozen=True)
class Result:
    """How an operation of `compute` ended: with a value or with an error."""

    operation: Operation
    value: Any = None
    """What the layer's own method would have returned; None if there is an error."""
    error: EdunnError | None = None


class Pending:
    """The operations of one stream: those to be sent, and those that wait for an answer."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._outbox: deque[pb.ComputeOperation] = deque()
        self._waiting: dict[str, tuple[Call[Any], Any]] = {}
        self._count = 0
        self._last_progress = time.monotonic()

    def add(self, operation: Operation, future: Any) -> None:
        """Take up an operation; `future` is whatever the stream gives its caller."""
        call = operation.begin()
        if not self._waiting:
            self._last_progress = time.monotonic()
        self._count += 1
        message = pb.ComputeOperation(request_id=str(self._count))
        getattr(message, call.method.lower()).CopyFrom(call.request)
        self._waiting[message.request_id] = call, future
        self._outbox.append(message)

    def next_request(self) -> pb.ComputeRequest | None:
        """Return as many of the operations to be sent as may travel together; None without any."""
        if not self._outbox:
            return None
        together = [self._outbox.popleft()]
        size = together[0].ByteSize()
        while self._outbox and len(together) < _MESSAGE_OPERATIONS:
            size += self._outbox[0].ByteSize()
            if size > _MESSAGE_BYTES:
                break
            together.append(self._outbox.popleft())
        return pb.ComputeRequest(operations=together)

    def settle(self, result: pb.ComputeResult) -> Settled | None:
        """Return what a result means for its future; None if nobody waits for it."""
        self._last_progress = time.monotonic()
        entry = self._waiting.pop(result.request_id, None)
        if entry is None:
            return None
        call, future = entry
        kind = result.WhichOneof("result")
        try:
            if kind is None or kind == "error":
                raise error_from_status(result.error)
            return Settled(future, value=call.decode(getattr(result, kind)))
        except EdunnError as error:
            return Settled(future, error=error)

    def take_all(self) -> list[Any]:
        """Return the futures still waiting and forget their operations."""
        futures = [future for _, future in self._waiting.values()]
        self._waiting.clear()
        self._outbox.clear()
        return futures

    def stalled(self) -> DeadlineExceededError | None:
        """Return an error if operations have waited for the timeout without a single answer."""
        if self._waiting and time.monotonic() - self._last_progress > self._timeout:
            return DeadlineExceededError(
                f"no operation of the stream was answered for {self._timeout:g} s"
            )
        return None


@dataclass(frozen=True)
class Settled:
    """A future of a stream and what is to be put into it."""

    future: Any
    value: Any = None
    error: EdunnError | None = None


def why_ended(stalled: EdunnError | None, failure: grpc.RpcError | None) -> EdunnError:
    """Return the error of the operations that a stream left without an answer when it ended."""
    if stalled is not None:
        return stalled
    if failure is not None:
        return error_from_rpc(failure)
    return UnavailableError("the stream ended before the answer came")


def result_of(operation: Operation, future: Any) -> Result:
    """Return how the done future of an operation ended, of either kind of future."""
    if future.cancelled():
        return Result(operation, error=EdunnError("cancelled", grpc.StatusCode.CANCELLED))
    error = future.exception()
    if error is None:
        return Result(operation, future.result())
    return Result(operation, error=error)
