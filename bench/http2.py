"""The part of HTTP/2 that a gRPC call needs: frames, windows, headers without compression.

It has no TLS, no padding, and one call at a time on a connection.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Self, cast

# RFC 9113, section 6.
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
INITIAL_WINDOW_SIZE = 4
MAX_FRAME_SIZE = 5
FRAME_HEADER = 9
DEFAULT_MAX_FRAME = 16_384
DEFAULT_WINDOW = 65_535
# The window for the server's data. One window cannot hold the data of a whole run, so it is widened
# again and again.
OUR_WINDOW = 1 << 30

# gRPC's frame around a message: a flag and the length.
MESSAGE_PREFIX = struct.Struct(">BI")


class LeanError(Exception):
    """The server has not answered a call properly, for example with an error status."""


class Http2Connection(asyncio.Protocol):
    """One connection to a gRPC server. Subclasses handle the frames of its call."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._stream = -1
        self._window = DEFAULT_WINDOW
        # The window that the server grants to each new stream.
        self._initial_window = DEFAULT_WINDOW
        self._max_frame = DEFAULT_MAX_FRAME
        self._taken = 0

    @classmethod
    async def connect(cls, address: str) -> Self:
        """Connect to a server."""
        host, _, port = address.rpartition(":")
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, int(port))
        return connection

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast without a check, because uvloop's transports have no class of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        settings = struct.pack(">HI", INITIAL_WINDOW_SIZE, OUR_WINDOW)
        self._write(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            frame(SETTINGS, 0, 0, settings),
            frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", OUR_WINDOW)),
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
            self._take(flags, payload)
        elif kind == WINDOW_UPDATE:
            self._on_window_update(stream, int.from_bytes(payload))
        elif kind == SETTINGS and not flags & ACK:
            for name, setting in struct.iter_unpack(">HI", payload):
                self._on_setting(name, setting)
            self._write(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self._write(frame(PING, ACK, 0, bytes(payload)))
        elif kind in (RST_STREAM, GOAWAY):
            self._fail(f"the server ended the call: frame {kind}, {bytes(payload)!r}")
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self._on_end()

    def _take(self, flags: int, payload: bytearray) -> None:
        if flags & PADDED:
            self._fail("padding is not for this client")
        self._taken += len(payload)
        if self._taken > OUR_WINDOW // 2:
            self._widen(self._taken)
            self._taken = 0
        self._on_data(payload)

    def _widen(self, size: int) -> None:
        """Grant the server as much again as it has sent."""
        self._write(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", size)))

    def _on_setting(self, name: int, setting: int) -> None:
        if name == INITIAL_WINDOW_SIZE:
            self._initial_window = setting
        elif name == MAX_FRAME_SIZE:
            self._max_frame = setting

    def _on_window_update(self, stream: int, size: int) -> None:
        if stream == 0:
            self._window += size

    def _on_data(self, payload: bytearray) -> None:
        raise NotImplementedError

    def _on_end(self) -> None:
        raise NotImplementedError

    def _fail(self, why: str) -> None:
        raise NotImplementedError

    def _write(self, *parts: bytes) -> None:
        if self._transport is not None:
            self._transport.writelines(parts)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return a frame."""
    return frame_header(kind, flags, stream, len(payload)) + payload


def frame_header(kind: int, flags: int, stream: int, size: int) -> bytes:
    """Return the header of a frame."""
    return size.to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4)


def call_headers(method: str) -> bytes:
    """Return a call's headers as literals without indexing, RFC 7541 section 6.2.2."""
    fields = (
        (":method", "POST"), (":scheme", "http"), (":path", method), (":authority", "bench"),
        ("content-type", "application/grpc"), ("te", "trailers"),
    )  # fmt: skip
    return b"".join(b"\0" + _literal(name) + _literal(value) for name, value in fields)


def _literal(text: str) -> bytes:
    # One byte of length is enough for up to 126 characters.
    return bytes([len(text)]) + text.encode()
