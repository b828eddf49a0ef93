"""The benchmark's own child processes: the echo server and the generator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from bench.cpu import Parts
from bench.load import Load, Measured, Server

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 10.0


class GeneratorError(RuntimeError):
    """The generator has ended: a call failed or an answer was wrong. Its output says which."""


class Echo:
    """The echo server, as a context manager."""

    def __init__(self) -> None:
        self._process = _start("bench.echo")
        self.address = f"127.0.0.1:{int(_line(self._process))}"
        self.pid = self._process.pid

    def __enter__(self) -> Echo:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _stop(self._process)


class GeneratorProcess:
    """The process that sends loads, as a context manager."""

    def __init__(self, addresses: Mapping[Server, str], parts: Parts) -> None:
        self._process = _start("bench.generator", json.dumps(addresses), json.dumps(parts))

    def __enter__(self) -> GeneratorProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _stop(self._process)

    def measure(self, load: Load) -> Measured:
        """Send a load and return the measurement."""
        if self._process.stdin is None:
            raise GeneratorError("the generator has no input")
        self._process.stdin.write(load.to_json() + "\n")
        self._process.stdin.flush()
        return Measured.from_json(_line(self._process))


def _start(module: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # our own modules
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise GeneratorError(f"{process.args!r} ended; what it said is above")
    return line


def _stop(process: subprocess.Popen[str]) -> None:
    with ExitStack() as stack:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                stack.callback(pipe.close)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
