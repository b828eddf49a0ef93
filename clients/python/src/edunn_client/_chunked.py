"""Calls whose request or answer comes in parts: uploads, downloads, events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import grpc

from edunn_client import _forks as forks
from edunn_client._caller import Caller, cancelling, invoke, pause
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError
from edunn_client._retries import Attempts, Failure
from edunn_client._scope import current_scope, deadline_within
from edunn_client._transfers import Download, Upload

Answer = TypeVar("Answer")


def send(caller: Caller, upload: Upload[Answer], timeout: float) -> Answer:
    """Send a request in parts and return its answer; again from the first part where that helps."""
    scope = current_scope()
    deadline = deadline_within(scope, timeout)
    attempts = Attempts(caller.retry, deadline, repeatable=True)
    with forks.using():
        while True:
            metadata = caller.metadata(caller.ask_for_token(), scope)
            failed: list[BaseException] = []
            parts = _guarded(upload.parts(), failed)
            method = caller.method(upload.method)
            try:
                answer = invoke(method, parts, deadline.for_grpc(), metadata, scope)
            except grpc.RpcError as error:
                if failed:
                    # What makes the parts has failed, and gRPC only knows that they have ended.
                    raise failed[0] from None
                failure = caller.failure_of(error, deadline)
                pause(caller.pause_after(attempts, upload.method, failure), scope)
            else:
                caller.note_success(upload.method, deadline)
                return upload.decode(answer)


def _guarded(parts: Iterable[Any], failed: list[BaseException]) -> Iterator[Any]:
    try:
        yield from parts
    except GeneratorExit:
        raise
    except BaseException as error:
        failed.append(error)
        raise


def receive(caller: Caller, download: Download, deadline: Deadline) -> Iterator[Any]:
    """Yield the parts of an answer. The call ends with the iterator.

    Raises
    ------
    EdunnError
        The call failed, perhaps after some parts. It is not made again.
    """
    scope = current_scope()
    metadata = caller.metadata(caller.ask_for_token(), scope)
    method = caller.method(download.method)
    under_way = method(download.request, timeout=deadline.for_grpc(), metadata=metadata)
    try:
        with forks.using(), cancelling(scope, under_way.cancel):
            yield from under_way
        caller.note_success(download.method, deadline)
    except grpc.RpcError as error:
        raise caller.failure_of(error, deadline).error from None
    finally:
        under_way.cancel()


def receive_whole(caller: Caller, download: Download, timeout: float) -> bytes:
    """Return an answer that comes in chunks, asked for again where that helps."""
    scope = current_scope()
    deadline = deadline_within(scope, timeout)
    attempts = Attempts(caller.retry, deadline, repeatable=True)
    while True:
        try:
            return b"".join(part.chunk for part in receive(caller, download, deadline))
        except EdunnError as error:
            pause(attempts.pause_after(Failure(error)), scope)
