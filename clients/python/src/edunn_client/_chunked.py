"""Calls whose request or answer comes in parts: uploads, downloads, events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import grpc

from edunn_client._caller import Caller
from edunn_client._connection import SOME_TIME
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError
from edunn_client._retries import Attempts, Failure
from edunn_client._scope import current_scope


def send_parts(
    caller: Caller, method: str, parts: Callable[[], Iterable[Any]], timeout: float
) -> Any:
    """Send a request in parts and return its answer; again from the first part, where that helps.

    The call must be one whose repetition changes nothing.
    """
    deadline = Deadline(timeout)
    attempts = Attempts(caller.retry, deadline, repeatable=True)
    while True:
        scope = current_scope()
        metadata = caller.metadata(caller.ask_for_token(), scope)
        failed: list[BaseException] = []
        try:
            answer = caller.method(method)(
                _guarded(parts(), failed), timeout=deadline.for_grpc(), metadata=metadata
            )
        except grpc.RpcError as error:
            if failed:
                # What makes the parts has failed, and gRPC only knows that they have ended.
                raise failed[0] from None
            pause = caller.pause_after(attempts, method, caller.failure_of(error, deadline))
            time.sleep(pause)
        else:
            caller.note_success(method, deadline)
            return answer


def _guarded(parts: Iterable[Any], failed: list[BaseException]) -> Iterator[Any]:
    try:
        yield from parts
    except GeneratorExit:
        raise
    except BaseException as error:
        failed.append(error)
        raise


def receive_parts(caller: Caller, method: str, request: Any, timeout: float) -> Iterator[Any]:
    """Yield the parts of an answer. The call ends with the iterator.

    Raises
    ------
    EdunnError
        The call failed, perhaps after some parts. It is not made again.
    """
    deadline = Deadline(timeout)
    metadata = caller.metadata(caller.ask_for_token(), current_scope())
    under_way = caller.method(method)(request, timeout=deadline.for_grpc(), metadata=metadata)
    try:
        yield from under_way
        caller.note_success(method, deadline)
    except grpc.RpcError as error:
        raise caller.failure_of(error, deadline).error from None
    finally:
        under_way.cancel()


def receive_whole(caller: Caller, method: str, request: Any, timeout: float) -> bytes:
    """Return an answer that comes in chunks, asked for again where that helps."""
    deadline = Deadline(timeout)
    attempts = Attempts(caller.retry, deadline, repeatable=True)
    while True:
        try:
            parts = receive_parts(caller, method, request, deadline.left or SOME_TIME)
            return b"".join(part.chunk for part in parts)
        except EdunnError as error:
            time.sleep(attempts.pause_after(Failure(error)))
