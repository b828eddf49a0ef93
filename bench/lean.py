"""A client of unary calls that does only what HTTP/2 requires, so that it needs little CPU.

`grpc.aio`'s client costs as much for each call as the echo server. On one machine it blurs the
difference between two servers. This client is several times lighter and shows the difference. It
sends one call at a time on a connection, in requests of one frame.
"""

from __future__ import annotations

import asyncio

from bench.http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEADER,
    HEADERS,
    MESSAGE_PREFIX,
    Http2Connection,
    LeanError,
    call_headers,
    frame,
)


class LeanConnection(Http2Connection):
    """One connection to a gRPC server, for unary calls."""

    def __init__(self) -> None:
        super().__init__()
        self._data = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self._headers: dict[str, bytes] = {}
        self._unsent = b""

    async def call(self, method: str, request: bytes) -> bytes:
        """Send a request and return the answer's bytes."""
        headers = self._headers.get(method)
        if headers is None:
            headers = self._headers[method] = call_headers(method)
        self._stream += 2
        self._data.clear()
        self._answer = asyncio.get_running_loop().create_future()
        body = MESSAGE_PREFIX.pack(0, len(request)) + request
        if len(body) > min(self._max_frame, self._initial_window):
            raise LeanError("requests of more than one frame are not for this client")
        data = frame(DATA, END_STREAM, self._stream, body)
        start = frame(HEADERS, END_HEADERS, self._stream, headers)
        if len(body) <= self._window:
            self._window -= len(body)
            self._write(start + data)
        else:
            self._write(start)
            self._unsent = data
        return await self._answer

    def _on_window_update(self, stream: int, size: int) -> None:
        super()._on_window_update(stream, size)
        if self._unsent and len(self._unsent) - FRAME_HEADER <= self._window:
            self._window -= len(self._unsent) - FRAME_HEADER
            self._write(self._unsent)
            self._unsent = b""

    def _on_data(self, payload: bytearray) -> None:
        self._data += payload

    def _on_end(self) -> None:
        data = self._data
        prefix = MESSAGE_PREFIX.size
        # A unary server sends a message with the status OK, or an error without a message.
        if len(data) < prefix or len(data) - prefix != int.from_bytes(data[1:prefix]):
            self._fail(f"no message, but {bytes(data[:prefix])!r}: an error status")
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(bytes(data[prefix:]))

    def _fail(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LeanError(why))
