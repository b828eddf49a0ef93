"""The table of a stream's operations under way.

Shared by the streams of both clients; they differ in their futures and in how they wait.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from edunn_client._calls import Call
from edunn_client._deadlines import NEVER_SECONDS, check_timeout
from edunn_client._errors import (
    DeadlineExceededError,
    EdunnError,
    deadline_exceeded,
    error_from_status,
    too_large,
    unavailable,
)
from edunn_client._operations import Operation, check_operation
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._wire import Piece, bytes_of, nested

# Operations that wait together travel together, up to these limits.
_MESSAGE_OPERATIONS = 256
_MESSAGE_BYTES = 1024 * 1024
# The numbers of the operations' fields.
_FIELDS = {
    "Forward": pb.ComputeOperation.FORWARD_FIELD_NUMBER,
    "Backward": pb.ComputeOperation.BACKWARD_FIELD_NUMBER,
    "Step": pb.ComputeOperation.STEP_FIELD_NUMBER,
    "TrainStep": pb.ComputeOperation.TRAIN_STEP_FIELD_NUMBER,
}
_OPERATIONS = pb.ComputeRequest.OPERATIONS_FIELD_NUMBER
STREAMED = frozenset(_FIELDS)
# What a message has besides its operation.
_FRAME_BYTES = 64


@dataclass(frozen=True, slots=True)
class _Entry:
    """An operation under way."""

    name: str
    # The encoding of its ComputeOperation. Its request is one of the pieces.
    pieces: tuple[Piece, ...]
    call: Call[Any]
    future: Any


class Pending:
    """The operations of one stream: those to be sent, and those that wait for an answer."""

    def __init__(self, timeout: float, longest_request: float) -> None:
        self._timeout = check_timeout(timeout)
        self._longest_request = longest_request
        self._outbox: deque[_Entry] = deque()
        self._waiting: dict[str, _Entry] = {}
        self._forgotten: list[str] = []
        self._count = 0
        self._last_progress = time.monotonic()
        self.was_given = False
        """Whether gRPC has been given anything to send in the present call."""
        self.was_answered = False
        """Whether the service has answered anything."""

    def add(self, operation: Operation, future: Any) -> None:
        """Take up an operation; `future` is whatever the stream gives its caller.

        Raises
        ------
        EdunnError
            The operation cannot be sent: a backward without a forward, or what is too large.
        """
        check_operation(operation)
        call = operation._begin()
        self.add_call(call, future, operation, operation._timeout)

    def add_call(
        self, call: Call[Any], future: Any, described: object, timeout: float | None
    ) -> None:
        """Take up a call; the service gives it up after `timeout` seconds.

        `described` is what an error says of it.
        """
        request = bytes_of(call.request)
        size = len(request)
        if size + _FRAME_BYTES > self._longest_request:
            raise too_large(
                f"{described} has {size} bytes; the most that this client sends at once is "
                f"{self._longest_request:g}"
            )
        if not self._waiting:
            self._last_progress = time.monotonic()
        self._count += 1
        name = str(self._count)
        operation = pb.ComputeOperation(request_id=name)
        if timeout is not None and timeout < NEVER_SECONDS:
            operation.timeout.FromMicroseconds(max(1, int(timeout * 1e6)))
        pieces = [operation.SerializeToString(), *nested(_FIELDS[call.method], [request])]
        entry = _Entry(name, tuple(pieces), call, future)
        self._waiting[name] = entry
        self._outbox.append(entry)

    def forget(self, future: Any) -> None:
        """Await an answer no longer, and tell the service so."""
        for name, entry in self._waiting.items():
            if entry.future is future:
                del self._waiting[name]
                self._forgotten.append(name)
                return

    def next_request(self) -> bytes | None:
        """Return as many of the operations to be sent as may travel together; None without any.

        They are a ComputeRequest in bytes. Its operations are put together without a copy of each.
        """
        forgotten, self._forgotten = self._forgotten, []
        pieces: list[Piece] = []
        if forgotten:
            cancelled = pb.ComputeRequest(cancelled_request_ids=forgotten)
            pieces.append(cancelled.SerializeToString())
        operations = size = 0
        while self._outbox and operations < _MESSAGE_OPERATIONS:
            entry = self._outbox[0]
            if entry.name not in self._waiting:
                # It was forgotten before it was sent.
                self._outbox.popleft()
                continue
            size += sum(map(len, entry.pieces))
            if operations and size > _MESSAGE_BYTES:
                break
            self._outbox.popleft()
            pieces += nested(_OPERATIONS, entry.pieces)
            operations += 1
        if not pieces:
            return None
        self.was_given = True
        return b"".join(pieces)

    def send_again(self) -> None:
        """Put all operations back to be sent, in their order: none has left this process."""
        self._outbox = deque(self._waiting.values())
        self.was_given = False

    def settle(self, result: pb.ComputeResult) -> Settled | None:
        """Return what a result means for its future; None if nobody waits for it."""
        self._last_progress = time.monotonic()
        self.was_answered = True
        entry = self._waiting.pop(result.request_id, None)
        if entry is None:
            return None
        kind = result.WhichOneof("result")
        try:
            if kind is None or kind == "error":
                raise error_from_status(result.error)
            return Settled(entry.future, value=entry.call.decode(getattr(result, kind)))
        except EdunnError as error:
            return Settled(entry.future, error=error)

    def take_all(self) -> list[Any]:
        """Return the futures still waiting and forget their operations."""
        futures = [entry.future for entry in self._waiting.values()]
        self._waiting.clear()
        self._outbox.clear()
        return futures

    def stalled(self) -> DeadlineExceededError | None:
        """Return an error if operations have waited for the timeout without a single answer."""
        if self._waiting and time.monotonic() - self._last_progress > self._timeout:
            return deadline_exceeded(
                f"no operation of the stream was answered for {self._timeout:g} s"
            )
        return None


@dataclass(frozen=True)
class Settled:
    """A future of a stream and what is to be put into it."""

    future: Any
    value: Any = None
    error: EdunnError | None = None


def why_ended(*reasons: Exception | None) -> Exception:
    """Return the error of the operations that a stream left without an answer when it ended."""
    known = next((reason for reason in reasons if reason is not None), None)
    return known or unavailable("the stream ended before the answer came")
