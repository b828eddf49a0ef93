"""`make demo`: runs programs against the whole service, and removes all traces.

The first is the walk-through of Dropout, the second trains a network on digits, the third grades a
right and a wrong Dropout.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from standalone.errors import StackError
from standalone.stack import Stack
from standalone.stop_signal import StopRequested, StopSignal

PROGRAMS = (
    "edunn_client.walkthrough",
    "standalone.digits_demo",
    "edunn_client.grading.walkthrough",
)
INTERRUPTED = 130
POLL_SECONDS = 0.05


def main() -> int:
    """Run the programs and return the exit code of the first that fails, or 0."""
    # Closing the terminal stops it too. Otherwise it would leave its folder behind.
    stop_signal = StopSignal(signal.SIGHUP)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="edunn-demo-") as folder,
            Stack(Path(folder), wait=stop_signal.wait) as stack,
        ):
            for module in PROGRAMS:
                code = run(module, stack.address, stop_signal.wait)
                if code:
                    return code
            return 0
    except StopRequested:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except StackError as error:
        print(f"edunn demo: {error}", file=sys.stderr)
        return 1


def run(module: str, address: str, wait: Callable[[float], None]) -> int:
    """Run a program with the service's address until it ends or `wait` raises."""
    command = [sys.executable, "-m", module, address]
    # A session of its own, so that only this process gets a Ctrl-C.
    with subprocess.Popen(command, start_new_session=True) as process:  # noqa: S603
        try:
            while process.poll() is None:
                wait(POLL_SECONDS)
        except StopRequested:
            process.terminate()
            raise
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
