"""Real programs that tests start: a Redis, a server, a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from waiting import await_true

from edunn_serving.pools import LAYERS
from standalone.stack import find_redis

SERVER = [sys.executable, "-m", "server"]
WORKER = [sys.executable, *LAYERS.command("worker@%h")]
# A guard against hanging, not against slowness.
HANGING_SECONDS = 60


def environment_of(**settings: str) -> dict[str, str]:
    """Return this process's environment with only these settings."""
    rest = {name: text for name, text in os.environ.items() if not name.startswith("EDUNN_")}
    return {**rest, "PYTHONUNBUFFERED": "1", **settings}


class Program:
    """A process of ours, and its output."""

    def __init__(
        self, command: list[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def await_output(self, text: str) -> None:
        """Wait until the process has written a text, and fail if it ends before."""

        def written() -> bool:
            if text in self.output:
                return True
            assert self.process.poll() is None, f"it ended:\n{self.output}"
            return False

        await_true(written, f"{text!r} in the output of {self.process.args!r}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask the process to end, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(HANGING_SECONDS)

    def end(self) -> None:
        """Kill it, even if it is stopped."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def redis_server(folder: Path, *configuration: str, binary: str | None = None) -> Iterator[Program]:
    """Run a Redis in a folder until the end of the block."""
    file = folder / "redis.conf"
    lines = [f'dir "{folder}"', 'save ""', "maxmemory-policy noeviction", *configuration, ""]
    file.write_text("\n".join(lines))
    program = Program([binary or find_redis(), str(file)], folder / "redis.log")
    try:
        program.await_output("eady to accept connections")
        yield program
    finally:
        program.end()
