"""HTTP/2 by hand, for clients that do what no library lets them do."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 6, 7, 8, 9,
)  # fmt: skip
END_STREAM, END_HEADERS, ACK = 1, 4, 1
CANCEL = 8
INITIAL_WINDOW = 65_535
PATH = "/edunn_serving.v1.LayerService/"
TIMEOUT_SECONDS = 30.0
# An attacker that is shut out tries again at once.
CONNECT_SECONDS = 1.0


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    head = struct.pack(">I", len(payload))[1:] + bytes([kind, flags])
    return head + struct.pack(">I", stream) + payload


def header(key: bytes, value: bytes) -> bytes:
    """Return a header as HPACK writes one that is in no table."""
    return b"\0" + _length(key) + key + _length(value) + value


def call_headers(method: str, token: str = "", more: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    fields = [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", (PATH + method).encode()),
        (b":authority", b"x"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
        *more,
    ]
    if token:
        fields.append((b"authorization", b"Bearer " + token.encode()))
    return b"".join(header(*each) for each in fields)


def message_head(size: int) -> bytes:
    """Return what precedes a gRPC message of this size."""
    return b"\0" + struct.pack(">I", size)


class RawConnection:
    """A connection to a server."""

    def __init__(
        self, address: str, settings: bytes = b"", source: str = "", source_port: int = 0
    ) -> None:
        """Connect, from an address and a port of this machine if they are given."""
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection(
            (host, int(port)), CONNECT_SECONDS, (source, source_port)
        )
        self.socket.settimeout(TIMEOUT_SECONDS)
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, settings))
        self._file = self.socket.makefile("rb")
        self.windows = {0: INITIAL_WINDOW}

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def open_call(self, stream: int, method: str, token: str = "", flags: int = 0) -> None:
        """Begin a call, without a request."""
        self.windows[stream] = INITIAL_WINDOW
        self.send(frame(HEADERS, END_HEADERS | flags, stream, call_headers(method, token)))

    def make_call(self, stream: int, method: str, token: str = "") -> bool:
        """Make a whole call with an empty request; tell whether its stream ends with a status."""
        self.open_call(stream, method, token)
        self.send(frame(DATA, END_STREAM, stream, message_head(0)))
        while True:
            kind, flags, of_stream, _ = self.next_frame()
            if kind == -1:
                return False
            if kind == HEADERS and of_stream == stream and flags & END_STREAM:
                return True

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_data(self, stream: int, data: bytes) -> int:
        """Send data as far as the server takes it; return how much it took before it ended it."""
        sent = 0
        while sent < len(data):
            size = min(len(data) - sent, 16_384, self.windows[0], self.windows[stream])
            if size > 0:
                self.send(frame(DATA, 0, stream, data[sent : sent + size]))
                sent += size
                self.windows[0] -= size
                self.windows[stream] -= size
            elif not self.read_frame(stream):
                return sent
        return sent

    def read_frame(self, stream: int) -> bool:
        """Handle the server's next frame; False if the stream or the connection ends with it."""
        kind, flags, of_stream, payload = self.next_frame()
        if kind == WINDOW_UPDATE and of_stream in self.windows:
            self.windows[of_stream] += int.from_bytes(payload, "big")
        ends = kind == RST_STREAM or bool(kind == HEADERS and flags & END_STREAM)
        return not (kind in (GOAWAY, -1) or (of_stream == stream and ends))

    def next_frame(self) -> tuple[int, int, int, bytes]:
        """Return the next frame: kind, flags, stream, payload. The kind is -1 at the end.

        Pings and settings are acknowledged. gRPC would end the connection after a while.
        """
        try:
            head = self._file.read(9)
            if len(head) < 9:
                return -1, 0, 0, b""
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
            payload = self._file.read(int.from_bytes(head[:3], "big"))
            if kind in (PING, SETTINGS) and not flags & ACK:
                self.send(frame(kind, ACK, 0, payload if kind == PING else b""))
        except ConnectionError:
            return -1, 0, 0, b""
        return kind, flags, stream, payload

    def is_cut(self) -> bool:
        """Wait for the connection's end; False if it does not end in time."""
        self.socket.settimeout(TIMEOUT_SECONDS)
        try:
            while self.next_frame()[0] != -1:
                pass
        except TimeoutError:
            return False
        return True


def _length(text: bytes) -> bytes:
    """Return a text's length as HPACK writes it: seven bits, and the rest in further bytes."""
    size = len(text)
    if size < 127:
        return bytes([size])
    encoded = bytearray([127])
    size -= 127
    while size > 127:
        encoded.append(size & 127 | 128)
        size >>= 7
    encoded.append(size)
    return bytes(encoded)
