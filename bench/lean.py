"""A client of unary calls that does no more than HTTP/2 asks for, so that it needs little CPU.

The client of `grpc.aio` costs as much for each call as the echo server. On a machine they share
it blurs the difference between two servers; this one, several times lighter, shows it.
One call at a time on a connection, no TLS, headers without compression.
"""

from __future__ import annotations

import asyncio
import struct
from typing import cast

# RFC 9113, section 6.
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
INITIAL_WINDOW_SIZE = 4
FRAME_HEADER = 9
MAX_FRAME = 16_384
DEFAULT_WINDOW = 65_535
# What the server may send us without asking: more than all calls of a run together would be too
# much for one window, so it is widened again and again.
OUR_WINDOW = 1 << 30

# gRPC's frame around a message: a flag and the length.
MESSAGE_PREFIX = struct.Struct(">BI")


class LeanError(Exception):
    """The server has not answered a call as it should. An error status has no message."""


class LeanConnection(asyncio.Protocol):
    """One connection to a gRPC server."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._stream = -1
        self._data = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self._headers: dict[str, bytes] = {}
        self._window = DEFAULT_WINDOW
        self._stream_window = DEFAULT_WINDOW
        self._taken = 0
        self._unsent = b""

    async def call(self, method: str, request: bytes) -> bytes:
        """Send a request and return the answer's bytes."""
        headers = self._headers.get(method)
        if headers is None:
            headers = self._headers[method] = _headers(method)
        self._stream += 2
        self._data.clear()
        self._answer = asyncio.get_running_loop().create_future()
        body = MESSAGE_PREFIX.pack(0, len(request)) + request
        if len(body) > min(MAX_FRAME, self._stream_window):
            raise LeanError("requests of more than one frame are not for this client")
        data = _frame(DATA, END_STREAM, self._stream, body)
        start = _frame(HEADERS, END_HEADERS, self._stream, headers)
        if len(body) <= self._window:
            self._window -= len(body)
            self._write(start + data)
        else:
            self._write(start)
            self._unsent = data
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not to be checked: the transports of uvloop are of no class of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        settings = struct.pack(">HI", INITIAL_WINDOW_SIZE, OUR_WINDOW)
        self._write(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(SETTINGS, 0, 0, settings)
            + _frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", OUR_WINDOW))
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection is lost: {exc}")

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        at = 0
        while len(received) - at >= FRAME_HEADER:
            size = int.from_bytes(received[at : at + 3])
            end = at + FRAME_HEADER + size
            if len(received) < end:
                break
            kind, flags = received[at + 3], received[at + 4]
            stream = int.from_bytes(received[at + 5 : at + 9])
            self._on_frame(kind, flags, stream, received[at + FRAME_HEADER : end])
            at = end
        del received[:at]

    def _on_frame(self, kind: int, flags: int, stream: int, payload: bytearray) -> None:
        if kind == DATA:
            self._on_data(flags, payload)
        elif kind == WINDOW_UPDATE and stream == 0:
            self._window += int.from_bytes(payload)
            if self._unsent and len(self._unsent) - FRAME_HEADER <= self._window:
                self._window -= len(self._unsent) - FRAME_HEADER
                self._write(self._unsent)
                self._unsent = b""
        elif kind == SETTINGS and not flags & ACK:
            for name, setting in struct.iter_unpack(">HI", payload):
                if name == INITIAL_WINDOW_SIZE:
                    self._stream_window = setting
            self._write(_frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self._write(_frame(PING, ACK, 0, bytes(payload)))
        elif kind in (RST_STREAM, GOAWAY):
            self._fail(f"the server ended the call: frame {kind}, {bytes(payload)!r}")
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self._on_end()

    def _on_data(self, flags: int, payload: bytearray) -> None:
        if flags & PADDED:
            self._fail("padding is not for this client")
        self._data += payload
        self._taken += len(payload)
        if self._taken > OUR_WINDOW // 2:
            self._write(_frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", self._taken)))
            self._taken = 0

    def _on_end(self) -> None:
        data = self._data
        prefix = MESSAGE_PREFIX.size
        # A unary server sends the message together with the status OK, or an error and no message.
        if len(data) < prefix or len(data) - prefix != int.from_bytes(data[1:prefix]):
            self._fail(f"no message, but {bytes(data[:prefix])!r}: an error status")
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(bytes(data[prefix:]))

    def _fail(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LeanError(why))

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


async def connect(address: str) -> LeanConnection:
    """Connect to a server."""
    host, _, port = address.rpartition(":")
    _, connection = await asyncio.get_running_loop().create_connection(
        LeanConnection, host, int(port)
    )
    return connection


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload


def _headers(method: str) -> bytes:
    """Return a call's headers: literals that are not indexed, RFC 7541 section 6.2.2."""
    fields = (
        (":method", "POST"), (":scheme", "http"), (":path", method), (":authority", "bench"),
        ("content-type", "application/grpc"), ("te", "trailers"),
    )  # fmt: skip
    return b"".join(b"\0" + _literal(name) + _literal(value) for name, value in fields)


def _literal(text: str) -> bytes:
    # One byte of length is enough for less than 127 characters.
    return bytes([len(text)]) + text.encode()
