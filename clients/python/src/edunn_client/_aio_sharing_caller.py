"""Calls of the asyncio client that share a Compute stream."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from edunn_client._aio_caller import AsyncCaller, cancelling
from edunn_client._aio_stream import AsyncStream
from edunn_client._calls import Call
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError, cancelled, deadline_exceeded
from edunn_client._retries import AttemptError, Failure
from edunn_client._scope import CallScope
from edunn_client._sharing import StreamEnd, answer_alone, can_share, finite


class AsyncSharingCaller(AsyncCaller):
    """A connection whose forwards and backwards go through one stream where that is possible."""

    _stream: AsyncStream | None = None
    _lets_streams_through = True

    async def close(self) -> None:
        if self._stream is not None:
            self._stream.cancel()
            await self._stream.close()
        await super().close()

    async def _attempt(self, call: Call[Any], deadline: Deadline, scope: CallScope | None) -> Any:
        if self._lets_streams_through and not self.is_lost and can_share(call, deadline, scope):
            if self._stream is None or self._stream._ended is not None:
                self._stream = AsyncStream(self, math.inf, begins_again=False)
            stream = self._stream
            try:
                return await self._share(stream, call, deadline, scope)
            except EdunnError as error:
                if error is not stream._ended:
                    raise AttemptError(Failure(error)) from None
                end = StreamEnd(error, stream._failure, stream._pending.was_answered)
            self._lets_streams_through = end.lets_streams_through
            if not end.needs_no_pause(call):
                raise AttemptError(end.failure)
        return await super()._attempt(call, deadline, scope)

    async def _share(
        self, stream: AsyncStream, call: Call[Any], deadline: Deadline, scope: CallScope | None
    ) -> Any:
        future = stream._submit_call(answer_alone(call), finite(deadline))
        try:
            with cancelling(scope, future.cancel):
                return await asyncio.wait_for(future, finite(deadline))
        except asyncio.CancelledError:
            stream._forget(future)
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
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
        self._stream = None
