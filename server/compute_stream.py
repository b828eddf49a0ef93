"""One Compute call: many operations under way at once, answered as they finish."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Literal

from google.protobuf.message import DecodeError

from edunn_serving.errors import (
    Reason,
    ServiceError,
    deadline_exceeded,
    invalid_argument,
    quoted,
    unavailable,
)
from edunn_serving.internal.v1.stream_pb2 import (
    RawComputeOperation,
    RawComputeRequest,
    RawComputeResponse,
    RawComputeResult,
)
from edunn_serving.replies import STATUS, Reply
from edunn_serving.rpcs import LAYER_RPCS
from edunn_serving.settings import Settings
from edunn_serving.wire_format import check_field_count
from server.audit import Audit
from server.call import EOF, Call, Read, answer_too_large
from server.dispatcher import Dispatcher
from server.envelope import head_of
from server.operation import PendingOperation
from server.overdue import Limits
from server.parts import TURN_SECONDS, UNCOUNTED_BYTES, check_parts

# The most that one stream may have under way or unread. Beyond it the server stops reading. HTTP/2
# then holds up a client that sends without reading, which bounds the memory.
MAX_OPERATIONS = 1024
MAX_BYTES = 64 * 1024 * 1024
# The most that one message may have, operations and cancellations together. The contract has the
# same number.
MAX_OPERATIONS_A_MESSAGE = 1024
# Results that finish together share a message up to about this size, or half of the limit.
MESSAGE_BYTES = 4 * 1024 * 1024
RESULT_OVERHEAD_BYTES = 512
# How long a stream waits before it looks again whether its account has room for answers.
ROOM_SECONDS = 0.05

METHODS = {
    "forward": "Forward",
    "backward": "Backward",
    "step": "Step",
    "train_step": "TrainStep",
}


# Checks an operation before it is taken.
Check = Callable[[str, Call, bytes], Awaitable[None]]


class ComputeStream:
    """The operations of one stream."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        call: Call,
        settings: Settings,
        limits: Limits,
        audit: Audit,
        check: Check,
    ) -> None:
        self._dispatcher = dispatcher
        self._audit = audit
        self._answers = dispatcher.answers
        self._settings = settings
        max_message_bytes = settings.max_message_bytes
        # The ids and lengths around a result take some bytes too.
        self._max_result_bytes = max_message_bytes - RESULT_OVERHEAD_BYTES
        self._message_bytes = min(MESSAGE_BYTES, max_message_bytes // 2)
        self._call = call
        self._under_way: dict[str, PendingOperation] = {}
        self._finished: list[RawComputeResult] = []
        # Operations and bytes that are under way or not yet written.
        self._held = 0
        self._held_bytes = 0
        # Bytes of results that are not yet written.
        self._unwritten_bytes = 0
        # Whether a message has come.
        self._has_begun = False
        self._limits = limits
        self._check_open = check
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    async def run(self, read: Read) -> AsyncIterator[bytes]:
        """Take requests and yield responses until the requests end and all are answered.

        Parameters
        ----------
        read
            Returns the next request's bytes, or EOF.

        Raises
        ------
        ServiceError
            INVALID_ARGUMENT: a message is not a ComputeRequest, so the stream cannot go on.
            UNAVAILABLE: the server stops. Every operation that it took is answered before.
        """
        reading = asyncio.create_task(self._read(read))
        reading.add_done_callback(lambda _: self._changed.set())
        closing = asyncio.create_task(self._dispatcher.closed.wait())
        closing.add_done_callback(partial(_cancel, reading))
        try:
            while self._finished or self._under_way or not reading.done():
                await self._changed.wait()
                self._changed.clear()
                while self._finished:
                    message, results, size = self._next_message()
                    yield message
                    # The reader has taken it, or gRPC has it among its last 64 KiB.
                    self._forget(results, size)
            if reading.cancelled():
                raise unavailable("the server is stopping")
            await reading
        finally:
            closing.cancel()
            reading.cancel()
            for operation in self._under_way.values():
                # The caller has gone. The operation leaves its lane, or its reply is dropped.
                operation.reply.cancel()
            self._answers.release(self._call.account, self._unwritten_bytes)
            # The task's error refers to this frame. The circle would outlive the call.
            del reading

    async def _read(self, read: Read) -> None:
        while (data := await self._next(read)) is not EOF:
            request = parse_compute_request(data)
            # The requests are copies. Keeping the message as well until the next one comes would
            # take several times the memory with large tensors.
            del data
            self._cancel_all(request.cancelled_request_ids)
            await self._start_all(request.operations)
            del request

    async def _next(self, read: Read) -> Any:
        """Read the next message. A stream that sends none and has nothing under way is ended."""
        settings = self._settings
        seconds = settings.idle_seconds if self._has_begun else settings.first_call_seconds
        with self._limits.start(seconds, lambda: self._is_idle(seconds)):
            data = await read()
        self._has_begun = True
        return data

    def _is_idle(self, seconds: float) -> ServiceError | float:
        if self._held:
            return seconds
        return unavailable(f"the stream has sent nothing for {seconds:g} s")

    async def _start_all(self, operations: Iterable[RawComputeOperation]) -> None:
        turn = time.monotonic()
        for operation in operations:
            if self._is_full():
                await self._await_room()
            await self._start(operation)
            # The other calls have a turn of the event loop.
            if time.monotonic() - turn > TURN_SECONDS:
                await asyncio.sleep(0)
                turn = time.monotonic()

    def _is_full(self) -> bool:
        return (
            self._held >= MAX_OPERATIONS
            or self._held_bytes >= MAX_BYTES
            or not self._answers.has_room(self._call.account)
        )

    async def _await_room(self) -> None:
        while self._held >= MAX_OPERATIONS or self._held_bytes >= MAX_BYTES:
            self._room.clear()
            await self._room.wait()
        while not self._answers.has_room(self._call.account):
            await asyncio.sleep(ROOM_SECONDS)

    async def _start(self, operation: RawComputeOperation) -> None:
        """Enqueue an operation. Its errors become its result, not the stream's."""
        kind = operation.WhichOneof("operation")
        request: bytes = getattr(operation, kind) if kind else b""
        request_id = operation.request_id
        self._held += 1
        self._held_bytes += len(request)
        try:
            self._check(request_id, kind)
            method = METHODS[kind or ""]
            if len(request) > UNCOUNTED_BYTES:
                await check_parts(LAYER_RPCS[method], request)
            await self._check_open(method, self._call, request)
            deadline = self._deadline_of(operation)
            deadline_ms = self._dispatcher.redis_ms(deadline)
            self._call.usage.count_call()
            self._call.usage.check_operation(method, LAYER_RPCS[method], request)
            head = head_of(
                method, self._call.caller.name, deadline_ms, request, self._call.request_id
            )
            pending = self._dispatcher.enqueue(head, request, deadline, self._call.account)
        except ServiceError as error:
            self._fail(request_id, error, len(request))
            return
        self._under_way[request_id] = pending
        pending.reply.add_done_callback(
            lambda reply: self._on_reply(request_id, kind or "", len(request), reply)
        )
        if deadline < self._call.deadline:
            late = asyncio.get_running_loop().call_later(
                deadline - time.monotonic(), _refuse, pending, deadline_exceeded()
            )
            pending.reply.add_done_callback(lambda _: late.cancel())

    def _deadline_of(self, operation: RawComputeOperation) -> float:
        """Return an operation's deadline by the monotonic clock.

        Raises
        ------
        ServiceError
            DEADLINE_EXCEEDED: it has passed already.
        """
        if not operation.HasField("timeout"):
            return self._call.deadline
        seconds = operation.timeout.seconds + operation.timeout.nanos / 1e9
        if seconds <= 0:
            raise deadline_exceeded()
        return min(self._call.deadline, time.monotonic() + seconds)

    def _cancel_all(self, request_ids: Iterable[str]) -> None:
        for request_id in request_ids:
            pending = self._under_way.get(request_id)
            if pending is not None:
                _refuse(pending, _cancelled())

    def _check(self, request_id: str, kind: str | None) -> None:
        if not request_id:
            raise invalid_argument("request_id", "expected an id, got none")
        if request_id in self._under_way:
            raise invalid_argument("request_id", f"{quoted(request_id)} is still under way")
        if kind is None:
            raise invalid_argument("operation", f"expected one of {', '.join(METHODS)}, got none")

    def _on_reply(
        self, request_id: str, kind: str, size: int, future: asyncio.Future[Reply]
    ) -> None:
        del self._under_way[request_id]
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, ServiceError):
            self._fail(request_id, error, size)
        elif error is not None:
            raise error
        elif future.result().kind == STATUS:
            self._audit.note_status(self._call, future.result().data)
            self._finish(request_id, "error", future.result().data, size)
        elif len(future.result().data) > self._max_result_bytes:
            refused = answer_too_large(len(future.result().data), self._max_result_bytes)
            self._fail(request_id, refused, size)
        else:
            self._finish(request_id, kind, future.result().data, size)

    def _fail(self, request_id: str, error: ServiceError, size: int) -> None:
        self._audit.note_error(self._call, error)
        self._finish(request_id, "error", error.to_status().SerializeToString(), size)

    def _finish(self, request_id: str, kind: str, result: bytes, request_size: int) -> None:
        # From now on the result takes memory, not the request.
        self._held_bytes += len(result) - request_size
        self._unwritten_bytes += len(result)
        self._answers.hold(self._call.account, len(result))
        message = RawComputeResult(request_id=request_id)
        setattr(message, kind, result)
        self._finished.append(message)
        self._changed.set()

    def _next_message(self) -> tuple[bytes, int, int]:
        """Return the next results that fit into one message, their number and their bytes."""
        size = 0
        taken = 0
        for result in self._finished:
            if taken and size + _size(result) > self._message_bytes:
                break
            size += _size(result)
            taken += 1
        results, self._finished = self._finished[:taken], self._finished[taken:]
        return RawComputeResponse(results=results).SerializeToString(), taken, size

    def _forget(self, results: int, size: int) -> None:
        """Make room for other operations, because some results are written."""
        self._held -= results
        self._held_bytes -= size
        self._unwritten_bytes -= size
        self._answers.release(self._call.account, size)
        self._room.set()


def _cancel(reading: asyncio.Task[None], closing: asyncio.Task[Literal[True]]) -> None:
    reading.cancel()


def _refuse(operation: PendingOperation, error: ServiceError) -> None:
    if operation.is_wanted():
        operation.reply.set_exception(error)


def parse_compute_request(data: bytes) -> RawComputeRequest:
    try:
        check_field_count(data, MAX_OPERATIONS_A_MESSAGE)
        return RawComputeRequest.FromString(data)
    except (DecodeError, ValueError, IndexError) as error:
        raise invalid_argument("request", f"not a ComputeRequest: {error}") from error


def _cancelled() -> ServiceError:
    return ServiceError(Reason.CANCELLED, "the caller has cancelled the operation")


def _size(result: RawComputeResult) -> int:
    kind = result.WhichOneof("result")
    return len(getattr(result, kind)) if kind else 0
