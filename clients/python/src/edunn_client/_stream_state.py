"""What a Compute stream remembers, for the sync and the asyncio client."""

from __future__ import annotations

from dataclasses import replace

import grpc

from edunn_client._calls import COMPUTE
from edunn_client._connection import Connection
from edunn_client._copies import NotCopied
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError
from edunn_client._pending import Pending
from edunn_client._retries import Attempts, Failure


class StreamState(NotCopied):
    """A stream's operations under way, and how it ended."""

    _instead = "open a stream where it is needed"

    def __init__(self, connection: Connection, timeout: float, begins_again: bool) -> None:
        self._connection = connection
        self._begins_again = begins_again
        self._timeout = timeout
        self._pending = Pending(timeout, connection.longest_request)
        self._is_closed = False
        self._stalled: EdunnError | None = None
        self._ended: Exception | None = None
        self._failure: Failure | None = None

    def __repr__(self) -> str:
        state = "open" if self._ended is None and not self._is_closed else "closed"
        return f"<{type(self).__name__} of {self._connection.target}, {state}>"

    def _refuse_if_over(self) -> None:
        """Raise why no operation can be submitted any more."""
        if self._is_closed:
            raise ValueError("the stream has been closed")
        if self._ended is not None:
            raise self._ended

    def _begin_calls(self) -> None:
        """Note that the first call begins now."""
        self._deadline = Deadline(self._timeout)
        self._attempts = Attempts(self._connection.retry, self._deadline, repeatable=False)

    def _pause_after(self, error: grpc.RpcError) -> float:
        """Return the seconds until the call is made again, or raise what ends the stream.

        It is made again where no operation has left this process: the call has found no connection,
        or it has broken before there was an operation.
        """
        failure = self._failure = self._connection.failure_of(error, self._deadline)
        was_sent = failure.was_sent and self._pending.was_given
        is_over = was_sent or self._pending.was_answered or self._stalled is not None
        if is_over or not self._begins_again:
            raise failure.error
        unsent = replace(failure, was_sent=False)
        return self._connection.pause_after(self._attempts, COMPUTE, unsent)
