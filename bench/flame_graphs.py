"""Makes flame graphs of the service under load with py-spy."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from bench.figures import Send
from bench.load import Load

PY_SPY = Path(sys.executable).parent / "py-spy"
SAMPLES_PER_SECOND = 500
# The load goes on while py-spy starts and while it writes.
MARGIN_SECONDS = 4.0


class ProfileError(RuntimeError):
    """py-spy has failed. The message has its output."""


def record(send: Send, processes: Mapping[str, int], folder: Path, seconds: float) -> list[Path]:
    """Write a flame graph of each process while 64 callers send unary forwards."""
    folder.mkdir(parents=True, exist_ok=True)
    load = Load(
        target="forward", callers=64, client="lean", seconds=seconds + MARGIN_SECONDS
    )  # fmt: skip
    loaded = threading.Thread(target=send, args=(load,), name="load")
    loaded.start()
    spies = {
        folder / f"{name}.svg": _spy(pid, folder / f"{name}.svg", seconds)
        for name, pid in processes.items()
    }
    for path, spy in spies.items():
        said, _ = spy.communicate()
        if spy.returncode:
            raise ProfileError(f"py-spy could not write {path}: {said}")
        logging.info("%s is written", path)
    loaded.join()
    return list(spies)


def _spy(pid: int, path: Path, seconds: float) -> subprocess.Popen[str]:
    # Only threads that hold the interpreter, because py-spy counts some waiting threads as busy.
    return subprocess.Popen(  # noqa: S603  # a program of our own environment
        [
            PY_SPY, "record", "--pid", str(pid), "--output", str(path), "--gil",
            "--duration", f"{seconds:.0f}", "--rate", str(SAMPLES_PER_SECOND),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
