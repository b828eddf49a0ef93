"""A client of one `Compute` stream, as lean as `bench/lean.py`.

After each read of the socket it sends all calls that are due, in one message. It never delays a
call.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable, Sequence

from bench.calls import COMPUTE, StreamCall, WrongAnswerError
from bench.http2 import (
    DATA,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    MESSAGE_PREFIX,
    WINDOW_UPDATE,
    Http2Connection,
    LeanError,
    call_headers,
    frame,
    frame_header,
)
from edunn_serving.internal.v1.stream_pb2 import RawComputeResponse

Check = Callable[[StreamCall, bytes], None]


class LeanStream(Http2Connection):
    """One connection with one `Compute` stream."""

    def __init__(self) -> None:
        super().__init__()
        self._stream_window = DEFAULT_WINDOW
        self._unsent = bytearray()
        self._answers = bytearray()
        self._calls: dict[str, StreamCall] = {}
        self._sent: dict[str, float] = {}
        self._check: Check = StreamCall.check
        self._until = 0.0
        self._times: array[float] = array("d")
        self._done: asyncio.Future[None] | None = None

    async def run(
        self,
        calls: Sequence[StreamCall],
        until: float,
        times: array[float],
        check: Check = StreamCall.check,
    ) -> None:
        """Keep the calls under way until a given time: an answered call is sent again.

        Each is sent at least once. When all are answered, `times` has the seconds of each.
        """
        if self._stream < 0:
            self._begin()
        self._calls = {call.request_id: call for call in calls}
        self._until, self._times, self._check = until, times, check
        self._done = asyncio.get_running_loop().create_future()
        self._send(list(calls))
        await self._done

    async def end(self) -> None:
        """Send no more, and wait until the server has ended the stream too."""
        self._calls = {}
        self._done = asyncio.get_running_loop().create_future()
        self._write(frame(DATA, END_STREAM, self._stream, b""))
        await self._done

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
            self._read_answers()
        except (LeanError, WrongAnswerError) as error:
            self._give_up(error)
            self.close()

    def _begin(self) -> None:
        self._stream = 1
        self._stream_window = self._initial_window
        self._write(frame(HEADERS, END_HEADERS, self._stream, call_headers(COMPUTE)))

    def _send(self, calls: Sequence[StreamCall]) -> None:
        """Send calls together in one message."""
        now = time.perf_counter()
        for call in calls:
            self._sent[call.request_id] = now
        size = sum(len(call.request) for call in calls)
        self._unsent += MESSAGE_PREFIX.pack(0, size)
        for call in calls:
            self._unsent += call.request
        self._flush()

    def _flush(self) -> None:
        """Send as many of the queued bytes as the server's windows allow."""
        at = 0
        parts: list[bytes] = []
        while True:
            room = min(self._window, self._stream_window, self._max_frame, len(self._unsent) - at)
            if room <= 0:
                break
            parts += (
                frame_header(DATA, 0, self._stream, room),
                bytes(self._unsent[at : at + room]),
            )
            at += room
            self._window -= room
            self._stream_window -= room
        del self._unsent[:at]
        if parts:
            self._write(*parts)

    def _read_answers(self) -> None:
        """Check the received answers, and send their calls again."""
        again: list[StreamCall] = []
        now = time.perf_counter()
        answers = self._answers
        at = 0
        prefix = MESSAGE_PREFIX.size
        while len(answers) - at >= prefix:
            end = at + prefix + int.from_bytes(answers[at + 1 : at + prefix])
            if len(answers) < end:
                break
            response = RawComputeResponse.FromString(bytes(answers[at + prefix : end]))
            at = end
            for result in response.results:
                sent = self._sent.pop(result.request_id, None)
                if sent is None or result.WhichOneof("result") != "forward":
                    raise WrongAnswerError(f"Compute answered {str(result)[:400]}")
                call = self._calls[result.request_id]
                self._check(call, result.forward)
                self._times.append(now - sent)
                again.append(call)
        del answers[:at]
        if again and now < self._until:
            self._send(again)
        elif not self._sent and self._done is not None and not self._done.done() and self._calls:
            self._done.set_result(None)

    def _widen(self, size: int) -> None:
        super()._widen(size)
        self._write(frame(WINDOW_UPDATE, 0, self._stream, size.to_bytes(4)))

    def _on_setting(self, name: int, setting: int) -> None:
        if name == INITIAL_WINDOW_SIZE:
            # The setting changes the window of an open stream too, RFC 9113 section 6.9.2.
            self._stream_window += setting - self._initial_window
        super()._on_setting(name, setting)
        self._flush()

    def _on_window_update(self, stream: int, size: int) -> None:
        super()._on_window_update(stream, size)
        if stream == self._stream:
            self._stream_window += size
        self._flush()

    def _on_data(self, payload: bytearray) -> None:
        self._answers += payload

    def _on_end(self) -> None:
        self._read_answers()
        if self._calls:
            self._fail("the server ended the stream before its client")
        elif self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _fail(self, why: str) -> None:
        self._give_up(LeanError(why))

    def _give_up(self, error: Exception) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)
