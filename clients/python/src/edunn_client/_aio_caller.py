"""Calls for asyncio."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from edunn_client import _calls as calls
from edunn_client import _forks as forks
from edunn_client._calls import LARGE_BYTES, Call
from edunn_client._catalogue import Catalogue
from edunn_client._connection import FAREWELL_SECONDS, SOME_TIME, Connection
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError, NotFoundError, cancelled
from edunn_client._retries import AttemptError
from edunn_client._scope import CallScope, current_scope, deadline_within

Answer = TypeVar("Answer")


class AsyncCaller(Connection):
    """A connection whose calls are awaited, in one event loop."""

    _catalogue: Catalogue | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    async def run(
        self, call: Call[Answer], timeout: float | None = None, *, patient: bool = True
    ) -> Answer:
        """Make a call; see `Caller.run`."""
        scope = current_scope()
        deadline = deadline_within(scope, self.timeout if timeout is None else timeout)
        attempts = self.attempts(call, deadline, patient)
        while True:
            try:
                reply = await self._attempt(call, deadline, scope)
            except AttemptError as failed:
                found = failed.failure
            else:
                self.note_success(call.method, deadline)
                return await _read(call, reply)
            if attempts.may_be_made_already(found.error) and call.recover is not None:
                made = await self.run(call.recover(deadline.elapsed), deadline.left or SOME_TIME)
                if made is not None:
                    return made
            await pause(self.pause_after(attempts, call.method, found), scope)

    async def _attempt(self, call: Call[Any], deadline: Deadline, scope: CallScope | None) -> Any:
        """Make a call once and return the answer's message, or its bytes."""
        method = self.method(call.method)
        request = await _write(call.request)
        metadata = self.metadata(await self.token(), scope)
        self.check_time(deadline)
        try:
            return await invoke(method, request, deadline.for_grpc(), metadata, scope)
        except grpc.RpcError as error:
            raise AttemptError(self.failure_of(error, deadline)) from None

    async def token(self) -> object:
        """Return the bearer token; what gives it may be a coroutine function."""
        token = self.ask_for_token()
        return await token if inspect.isawaitable(token) else token

    async def leave(self, session_id: str, error: BaseException | None) -> None:
        """End a session at the end of its block; see `Caller.leave`."""
        patient = error is None and not self.is_lost
        call = calls.delete_session(session_id)
        try:
            await self.run(call, None if patient else FAREWELL_SECONDS, patient=patient)
        except NotFoundError:
            return
        except EdunnError:
            if patient:
                raise

    async def catalogue(self, timeout: float | None = None) -> Catalogue:
        """Return the service's layer types, asked for once."""
        if self._catalogue is None:
            self._catalogue = Catalogue(await self.run(calls.list_layer_types(), timeout))
        return self._catalogue

    async def close(self) -> None:
        channel = self.take_channel()
        if channel is not None:
            await channel.close()

    def method(self, name: str) -> Any:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            raise RuntimeError(
                "this AsyncClient belongs to another event loop, that of its first call: "
                "make one in each loop"
            )
        return super().method(name)

    def _new_channel(self, target: str) -> Any:
        forks.note_asyncio()
        how: dict[str, Any] = {
            "compression": self._compression,
            "interceptors": self.interceptors or None,
        }
        if self._credentials is None:
            return grpc.aio.insecure_channel(target, self._options, **how)
        return grpc.aio.secure_channel(target, self._credentials, self._options, **how)

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._loop = None


async def invoke(
    method: Any, request: Any, timeout: float | None, metadata: Any, scope: CallScope | None
) -> Any:
    """Make one attempt; see the sync `invoke`."""
    under_way = method(request, timeout=timeout, metadata=metadata)
    with unless_task_is_cancelled(), cancelling(scope, under_way.cancel):
        return await under_way


@contextmanager
def unless_task_is_cancelled() -> Iterator[None]:
    """Raise CancelledError of this package where a call was cancelled, and not the task.

    That is by the block around it, or because the client was closed.
    """
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise cancelled() from None


def cancelling(
    scope: CallScope | None, cancel: Callable[[], object]
) -> AbstractContextManager[None]:
    """Let a block's `cancel`, which any thread may call, end a call that is under way."""
    if scope is None:
        return nullcontext()
    loop = asyncio.get_running_loop()
    return scope._cancelling(lambda: loop.call_soon_threadsafe(cancel))


async def pause(seconds: float, scope: CallScope | None) -> None:
    """Wait before the next attempt; the block around it can cancel it."""
    over = asyncio.Event()
    with cancelling(scope, over.set):
        try:
            await asyncio.wait_for(over.wait(), seconds)
        except TimeoutError:
            return
    raise cancelled()


async def _write(request: Message | bytes) -> Message | bytes:
    if isinstance(request, bytes) or request.ByteSize() <= LARGE_BYTES:
        return request
    return await asyncio.to_thread(request.SerializeToString)


async def _read(call: Call[Answer], reply: Message | bytes) -> Answer:
    if not isinstance(reply, bytes):
        return call.decode(reply)
    return await asyncio.to_thread(lambda: call.decode(calls.read_answer(call.method, reply)))
