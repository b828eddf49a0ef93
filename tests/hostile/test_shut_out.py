"""An address that floods the server can open no connection for a while, and others can."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
import pytest
from edunn_client import Client
from waiting import await_true

from bench.raw_http2 import (
    CANCEL,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    RST_STREAM,
    RawConnection,
    call_headers,
    frame,
)
from standalone.stack import Stack

X = np.ones((8, 64))
# An attacker to which the server says nothing for this long begins anew.
QUIET_SECONDS = 2.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"EDUNN_TOKENS": "calm=calm-token,hostile=hostile-token"}
    folder = tmp_path_factory.mktemp("shut-out")
    with Stack(folder, workers=1, others={}, environment=settings) as running:
        yield running


def resets(connection: RawConnection) -> None:
    block = call_headers("Compute")
    for stream in range(1, 20_001, 2):
        reset = frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL))
        connection.send(frame(HEADERS, END_HEADERS, stream, block) + reset)


def guesses(connection: RawConnection) -> None:
    for stream in range(1, 401, 2):
        connection.open_call(stream, "Forward", f"guess-{stream}", END_STREAM)


def half_calls(connection: RawConnection) -> None:
    for stream in range(1, 1001, 2):
        connection.open_call(stream, "Forward", "hostile-token")


def is_let_in(stack: Stack, source: str) -> bool:
    try:
        RawConnection(stack.address, source=source).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("flood", "source"),
    [(resets, "127.0.3.1"), (guesses, "127.0.3.2"), (half_calls, "127.0.3.3")],
    ids=["resets", "guesses", "half calls"],
)
def test_an_address_that_floods_is_shut_out_for_a_while_and_no_other_is(
    stack: Stack, flood: Callable[[RawConnection], None], source: str
) -> None:
    with RawConnection(stack.address, source=source) as neighbour:
        assert neighbour.make_call(1, "GetLimits", "calm-token")

        def is_shut_out() -> bool:
            with suppress(OSError), RawConnection(stack.address, source=source) as connection:
                flood(connection)
                connection.socket.settimeout(QUIET_SECONDS)
                while connection.next_frame()[0] != -1:
                    pass
            return f"ipv4:{source} is shut out" in (stack.data / "server.log").read_text()

        await_true(is_shut_out, "the end of the server's patience")
        with Client(stack.address, token="calm-token") as newcomer, newcomer.session() as session:
            assert np.array_equal(session.layer("l", "ReLU").forward(X), X)
        # What stands stays, also of the same address.
        assert neighbour.make_call(3, "GetLimits", "calm-token")
        await_true(lambda: is_let_in(stack, source), "the end of its time")
