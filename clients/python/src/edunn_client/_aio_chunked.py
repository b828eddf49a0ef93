"""Calls of the asyncio client whose request or answer comes in parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

import grpc

from edunn_client._aio_caller import (
    AsyncCaller,
    cancelling,
    invoke,
    pause,
    unless_task_is_cancelled,
)
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError
from edunn_client._retries import Attempts, Failure
from edunn_client._scope import current_scope, deadline_within
from edunn_client._transfers import Download, Upload

Answer = TypeVar("Answer")


async def send(caller: AsyncCaller, upload: Upload[Answer], timeout: float) -> Answer:
    """Send a request in parts and return its answer; again from the first part where that helps."""
    scope = current_scope()
    deadline = deadline_within(scope, timeout)
    attempts = Attempts(caller.retry, deadline, repeatable=True)
    while True:
        metadata = caller.metadata(await caller.token(), scope)
        method = caller.method(upload.method)
        try:
            answer = await invoke(method, upload.parts(), deadline.for_grpc(), metadata, scope)
        except grpc.RpcError as error:
            failure = caller.failure_of(error, deadline)
            await pause(caller.pause_after(attempts, upload.method, failure), scope)
        else:
            caller.note_success(upload.method, deadline)
            return upload.decode(answer)


async def receive(
    caller: AsyncCaller, download: Download, deadline: Deadline
) -> AsyncIterator[Any]:
    """Yield the parts of an answer; see the sync `receive`."""
    scope = current_scope()
    metadata = caller.metadata(await caller.token(), scope)
    method = caller.method(download.method)
    under_way = method(download.request, timeout=deadline.for_grpc(), metadata=metadata)
    try:
        with unless_task_is_cancelled(), cancelling(scope, under_way.cancel):
            async for part in under_way:
                yield part
        caller.note_success(download.method, deadline)
    except grpc.RpcError as error:
        raise caller.failure_of(error, deadline).error from None
    finally:
        under_way.cancel()


async def receive_whole(caller: AsyncCaller, download: Download, timeout: float) -> bytes:
    """Return an answer that comes in chunks, asked for again where that helps."""
    scope = current_scope()
    deadline = deadline_within(scope, timeout)
    attempts = Attempts(caller.retry, deadline, repeatable=True)
    while True:
        try:
            return b"".join([part.chunk async for part in receive(caller, download, deadline)])
        except EdunnError as error:
            await pause(attempts.pause_after(Failure(error)), scope)
