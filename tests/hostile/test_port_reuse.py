"""A connection whose client's port belonged to another one a moment ago is served."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from bench.raw_http2 import (
    RawConnection,
)
from standalone.stack import Stack

FIRST_CALL_SECONDS = 0.5
# With these the connection's end is a reset, and its port is free at once.
ENDS_WITH_RESET = struct.pack("ii", 1, 0)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"EDUNN_FIRST_CALL_SECONDS": str(FIRST_CALL_SECONDS)}
    folder = tmp_path_factory.mktemp("ports")
    with Stack(folder, workers=1, others={}, environment=settings) as running:
        yield running


def reset(connection: RawConnection) -> None:
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ENDS_WITH_RESET)
    connection.close()


# The server looks at its sockets every 0.1 s, and nothing outside tells when it has. After the
# longer pauses it knows that the last connection is gone.
@pytest.mark.parametrize("pause", [0.0, 0.1, 0.4])
def test_connections_of_one_port_one_after_the_other_are_served(stack: Stack, pause: float) -> None:
    with RawConnection(stack.address) as first:
        port = first.socket.getsockname()[1]
        reset(first)
    for makes_call in (True, False, True):
        time.sleep(pause)
        with RawConnection(stack.address, source_port=port) as connection:
            if makes_call:
                assert connection.make_call(1, "GetLimits")
            reset(connection)


def test_connection_keeps_what_it_has_shown_although_its_port_is_an_old_one(stack: Stack) -> None:
    """It has made a call, so it may be silent for long."""
    with RawConnection(stack.address) as first:
        port = first.socket.getsockname()[1]
        reset(first)
    with RawConnection(stack.address, source_port=port) as connection:
        assert connection.make_call(1, "GetLimits")
        time.sleep(3 * FIRST_CALL_SECONDS)
        assert connection.make_call(3, "GetLimits")
