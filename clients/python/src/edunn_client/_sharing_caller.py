"""Calls that share a Compute stream, which costs the service less than calls by themselves."""

from __future__ import annotations

import math
from concurrent.futures import CancelledError as FutureCancelledError
from contextlib import nullcontext
from threading import Lock
from typing import Any

from edunn_client._caller import Caller
from edunn_client._calls import Call
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError, cancelled, deadline_exceeded
from edunn_client._retries import AttemptError, Failure
from edunn_client._scope import CallScope
from edunn_client._sharing import StreamEnd, answer_alone, can_share, finite
from edunn_client._stream import Stream


class SharingCaller(Caller):
    """A connection whose forwards and backwards go through one stream where that is possible."""

    _stream: Stream | None = None

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._lets_streams_through = True
        self._stream_lock = Lock()

    def close(self) -> None:
        stream = self._stream
        if stream is not None and stream._ended is None:
            stream.cancel()
        super().close()

    def _attempt(self, call: Call[Any], deadline: Deadline, scope: CallScope | None) -> Any:
        # After a failure a call goes by itself: it tells best what is the matter.
        if self._lets_streams_through and not self.is_lost and can_share(call, deadline, scope):
            stream = self._open()
            try:
                return self._share(stream, call, deadline, scope)
            except EdunnError as error:
                if error is not stream._ended:
                    raise AttemptError(Failure(error)) from None
                end = StreamEnd(error, stream._failure, stream._pending.was_answered)
            self._lets_streams_through = end.lets_streams_through
            if not end.needs_no_pause(call):
                raise AttemptError(end.failure)
        return super()._attempt(call, deadline, scope)

    def _open(self) -> Stream:
        with self._stream_lock:
            if self._stream is None or self._stream._ended is not None:
                self._stream = Stream(self, math.inf, begins_again=False)
            return self._stream

    def _share(
        self, stream: Stream, call: Call[Any], deadline: Deadline, scope: CallScope | None
    ) -> Any:
        future = stream._submit_call(answer_alone(call), finite(deadline))
        try:
            with nullcontext() if scope is None else scope._cancelling(future.cancel):
                return future.result(finite(deadline))
        except FutureCancelledError:
            stream._forget(future)
            raise cancelled() from None
        except EdunnError:
            raise
        except TimeoutError:
            stream._forget(future)
            raise deadline_exceeded(
                f"no answer from {self.target} within {deadline.timeout:g} s"
            ) from None

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._stream, self._stream_lock = None, Lock()
