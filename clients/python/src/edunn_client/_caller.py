"""Calls for code without asyncio."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from threading import Event
from typing import Any, TypeVar

import grpc

from edunn_client import _calls as calls
from edunn_client import _forks as forks
from edunn_client._calls import Call
from edunn_client._catalogue import Catalogue
from edunn_client._connection import FAREWELL_SECONDS, SOME_TIME, Connection
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError, NotFoundError, cancelled
from edunn_client._retries import AttemptError
from edunn_client._scope import CallScope, current_scope, deadline_within

Answer = TypeVar("Answer")


class Caller(Connection):
    """A connection whose calls wait for their answers. Threads may share it."""

    _catalogue: Catalogue | None = None

    def run(
        self, call: Call[Answer], timeout: float | None = None, *, patient: bool = True
    ) -> Answer:
        """Make a call, again where that is safe, and return its answer.

        Parameters
        ----------
        call : Call
        timeout : float, optional
            Seconds, all attempts together; otherwise the client's.
        patient : bool
            False makes one attempt alone.
        """
        scope = current_scope()
        deadline = deadline_within(scope, self.timeout if timeout is None else timeout)
        attempts = self.attempts(call, deadline, patient)
        with forks.using():
            while True:
                try:
                    reply = self._attempt(call, deadline, scope)
                except AttemptError as failed:
                    found = failed.failure
                else:
                    self.note_success(call.method, deadline)
                    return call.decode(calls.read_answer(call.method, reply))
                if attempts.may_be_made_already(found.error) and call.recover is not None:
                    made = self.run(call.recover(deadline.elapsed), deadline.left or SOME_TIME)
                    if made is not None:
                        return made
                pause(self.pause_after(attempts, call.method, found), scope)

    def _attempt(self, call: Call[Any], deadline: Deadline, scope: CallScope | None) -> Any:
        """Make a call once and return the answer's message."""
        method = self.method(call.method)
        metadata = self.metadata(self.ask_for_token(), scope)
        self.check_time(deadline)
        try:
            return invoke(method, call.request, deadline.for_grpc(), metadata, scope)
        except grpc.RpcError as error:
            raise AttemptError(self.failure_of(error, deadline)) from None

    def open_stream(self, requests: Iterator[Any]) -> Any:
        """Begin a call of Compute. It has no deadline: it may live for as long as it is used."""
        metadata = self.metadata(self.ask_for_token(), current_scope())
        return self.method(calls.COMPUTE)(requests, metadata=metadata)

    def leave(self, session_id: str, error: BaseException | None) -> None:
        """End a session at the end of its block.

        After a failure the service is told once, and not waited for: the error that ended the block
        says more, and the session ends with its ttl.
        """
        patient = error is None and not self.is_lost
        call = calls.delete_session(session_id)
        try:
            self.run(call, None if patient else FAREWELL_SECONDS, patient=patient)
        except NotFoundError:
            return
        except EdunnError:
            if patient:
                raise

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        """Return the service's layer types, asked for once."""
        if self._catalogue is None:
            self._catalogue = Catalogue(self.run(calls.list_layer_types(), timeout))
        return self._catalogue

    def close(self) -> None:
        channel = self.take_channel()
        if channel is not None:
            channel.close()

    def _new_channel(self, target: str) -> Any:
        channel = (
            grpc.insecure_channel(target, self._options, self._compression)
            if self._credentials is None
            else grpc.secure_channel(target, self._credentials, self._options, self._compression)
        )
        return grpc.intercept_channel(channel, *self.interceptors)


def invoke(
    method: Any, request: Any, timeout: float | None, metadata: Any, scope: CallScope | None
) -> Any:
    """Make one attempt, which the block around it can cancel. An upload's request is its parts."""
    if scope is None:
        return method(request, timeout=timeout, metadata=metadata)
    under_way = method.future(request, timeout=timeout, metadata=metadata)
    try:
        with cancelling(scope, under_way.cancel):
            return under_way.result()
    except grpc.FutureCancelledError:
        raise cancelled() from None


def cancelling(
    scope: CallScope | None, cancel: Callable[[], object]
) -> AbstractContextManager[None]:
    """Let a block's `cancel` end a call that is under way."""
    return nullcontext() if scope is None else scope._cancelling(cancel)


def pause(seconds: float, scope: CallScope | None) -> None:
    """Wait before the next attempt; the block around it can cancel it."""
    if scope is None:
        time.sleep(seconds)
        return
    over = Event()
    with scope._cancelling(over.set):
        if over.wait(seconds):
            raise cancelled()
