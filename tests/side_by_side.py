"""Runs the linters and the parts of the tests beside each other.

`make test` calls it. Each part is a pytest of its own, with its own stacks. Most of a test's time
goes by while processes start or wait, so that one more part runs than this machine has cores. What
a part prints follows when it has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

PYTEST = [sys.executable, "-m", "pytest"]
# The folders and files of each part, the longest part first. A part leaves out what another names
# within its folders. All other tests are one more part.
PARTS = {
    "clients": ["tests/clients"],
    "faults": ["tests/faults"],
    "service": ["tests/service"],
    # They build nothing that the other tests of clients build too.
    "python": [
        "tests/clients/test_examples.py",
        "tests/clients/test_generated_configs.py",
        "tests/clients/test_python_client.py",
        "tests/clients/test_torch.py",
    ],
    "grading": ["tests/grading", "tests/hostile", "tests/surroundings"],
}
LANES = (os.cpu_count() or 1) + 1


def main() -> None:
    """Run all tests, and exit with 1 if any fails."""
    sys.exit(asyncio.run(run_all(commands(), LANES)))


def commands() -> dict[str, list[str]]:
    """Return the command of each part, by its name."""
    return {"lint": ["make", "lint"], **{name: _pytest(name) for name in [*PARTS, "others"]}}


def _pytest(name: str) -> list[str]:
    """Return the command of a part: what it has, without what is another's."""
    own = PARTS.get(name, [])
    within = tuple(f"{path}/" for path in own) or ("",)
    others = [path for paths in PARTS.values() for path in paths if path not in own]
    ignored = [f"--ignore={path}" for path in others if path.startswith(within)]
    return [*PYTEST, *own, *ignored, "-o", f"cache_dir=.pytest_cache/{name}"]


async def run_all(parts: Mapping[str, Sequence[str]], lanes: int) -> int:
    """Run commands, several at a time, and return 0 if all end with 0.

    A Ctrl-C or a SIGTERM goes on to those that run, as a Ctrl-C. No more begin then.

    Parameters
    ----------
    parts
        The commands by their names, in the order in which they begin.
    lanes
        How many run at a time.
    """
    runs = _Runs(lanes)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, runs.interrupt)
    codes = await asyncio.gather(*(runs.run(name, command) for name, command in parts.items()))
    return int(any(codes))


class _Runs:
    """The commands that run now."""

    def __init__(self, lanes: int) -> None:
        self._room = asyncio.Semaphore(lanes)
        self._pids: set[int] = set()
        self._is_interrupted = False

    def interrupt(self) -> None:
        self._is_interrupted = True
        for pid in self._pids:
            _interrupt(pid)

    async def run(self, name: str, command: Sequence[str]) -> int:
        async with self._room:
            if self._is_interrupted:
                return 1
            print(f"the part {name} begins", flush=True)
            with tempfile.TemporaryFile() as printed:
                # In a group of its own: a Ctrl-C reaches it through us, and only once.
                process = await asyncio.create_subprocess_exec(
                    *command, stdout=printed, stderr=subprocess.STDOUT, process_group=0
                )
                self._pids.add(process.pid)
                if self._is_interrupted:
                    _interrupt(process.pid)
                code = await process.wait()
                self._pids.discard(process.pid)
                _show(name, printed)
            return code


def _interrupt(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGINT)


def _show(name: str, printed: IO[bytes]) -> None:
    print(f"the part {name} has ended:", flush=True)
    printed.seek(0)
    sys.stdout.buffer.write(printed.read())
    sys.stdout.flush()


if __name__ == "__main__":
    main()
