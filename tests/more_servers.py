"""One more server of a stack, with settings of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from standalone.stack import Stack


@contextmanager
def one_more_server(stack: Stack, **settings: str) -> Iterator[str]:
    """Start a server with these settings, and give its address until the block ends."""
    environment = {**stack.environment, "EDUNN_ADDRESS": "127.0.0.1:0", **settings}
    command = [sys.executable, "-m", "server"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            if server.stdout is None:
                raise RuntimeError("its output is not a pipe")
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
