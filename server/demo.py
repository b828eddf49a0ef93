"""`make demo`: the whole service, the Dropout walk-through against it, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from server.stack import Stack, StackError
from server.standalone import StopRequested, raise_on_signals

INTERRUPTED = 130


def main() -> int:
    """Run the walk-through and return its exit code."""
    raise_on_signals()
    try:
        with tempfile.TemporaryDirectory(prefix="edunn-demo-") as folder, Stack(
            Path(folder)
        ) as stack:  # fmt: skip
            command = [sys.executable, "-m", "edunn_client.walkthrough", stack.address]
            # A Ctrl-C reaches the walk-through too, which is in our process group.
            return subprocess.run(command, check=False).returncode  # noqa: S603
    except StopRequested:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except StackError as error:
        print(f"edunn demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
