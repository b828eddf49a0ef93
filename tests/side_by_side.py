"""Runs the two halves of the tests beside each other: the clients' tests, and all others.

`make test` calls it. The others print as they run. What the clients' tests print follows then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import IO

PYTEST = (sys.executable, "-m", "pytest")
CLIENTS = (*PYTEST, "tests/clients", "-o", "cache_dir=.pytest_cache/clients")
OTHERS = (*PYTEST, "--ignore=tests/clients")


def main() -> None:
    """Run all tests, and exit with 1 if any fails."""
    # SIGTERM ends the tests as Ctrl-C does, so that they stop what they have started.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    print("tests/clients run beside the others. What they print follows at the end.", flush=True)
    sys.exit(run_both(OTHERS, CLIENTS))


def run_both(shown: Sequence[str], kept: Sequence[str]) -> int:
    """Run two commands, and return 0 if both end with 0.

    Parameters
    ----------
    shown
        Prints as it runs.
    kept
        What it prints follows when both have ended.
    """
    with tempfile.TemporaryFile() as printed:
        running = [_start(kept, printed), _start(shown, None)]
        codes = [_await(process, running) for process in running]
        printed.seek(0)
        sys.stdout.flush()
        sys.stdout.buffer.write(printed.read())
        sys.stdout.flush()
    return int(any(codes))


def _start(command: Sequence[str], output: IO[bytes] | None) -> subprocess.Popen[bytes]:
    # In a group of its own: a Ctrl-C reaches it through us, and only once.
    return subprocess.Popen(
        command, stdout=output, stderr=output and subprocess.STDOUT, process_group=0
    )


def _await(process: subprocess.Popen[bytes], running: Sequence[subprocess.Popen[bytes]]) -> int:
    """Wait for a process. A Ctrl-C meanwhile goes to all that still run."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            for each in running:
                if each.poll() is None:
                    os.killpg(each.pid, signal.SIGINT)


if __name__ == "__main__":
    main()
