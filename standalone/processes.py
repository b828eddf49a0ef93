"""Child processes that start together, are started again when they die, and stop together."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from standalone.data_folder import private

log = logging.getLogger(__name__)

DIE_WITH_PARENT = Path(__file__).parent / "die_with_parent.py"
# A child that dies again and again is started again after this time.
RESTART_SECONDS = 0.5
WATCH_SECONDS = 0.1
# A larger log becomes `name.log.1` and replaces the one before.
MAX_LOG_BYTES = 16 * 1024 * 1024


class Child:
    """One part of the stack: a child process, through all its restarts.

    Parameters
    ----------
    name
        The part's name, also of its log file.
    command
        The program and its arguments.
    environment
        Its whole environment.
    log_folder
        The folder of `name.log`, which has its output.
    configuration
        The text on its standard input.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log_folder: Path,
        configuration: str = "",
    ) -> None:
        self.name = name
        self._command = list(command)
        self._environment = dict(environment)
        self._log_path = log_folder / f"{name}.log"
        self._configuration = configuration
        # The offset in the log at which the present process's output begins.
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._process.pid

    def start(self) -> None:
        """Start the process."""
        with open(self._log_path, "ab", opener=private) as log_file:
            self._log_start = log_file.tell()
            self._process = subprocess.Popen(  # noqa: S603  # our own commands
                # The kernel stops the child even if this process is killed.
                [sys.executable, "-I", "-S", DIE_WITH_PARENT, str(os.getpid()), *self._command],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                # Only this process gets a Ctrl-C. It then stops the children in their order.
                start_new_session=True,
                umask=0o077,
            )
        # Counted last, so that a caller that waits for a new start finds its process.
        self.starts += 1
        _feed(self._process.stdin, self._configuration)

    def has_died(self) -> bool:
        """Tell whether the process has ended."""
        return self._process is None or self._process.poll() is not None

    def stop(self, timeout: float) -> None:
        """Ask the process to end, and kill it after `timeout` seconds."""
        stop_together([self], timeout)

    def ask_to_end(self) -> None:
        """Send the process a SIGTERM, if it runs."""
        if self._process is not None and not self.has_died():
            self._process.terminate()

    def await_end(self, timeout: float) -> None:
        """Wait for the end of the process, and kill it after `timeout` seconds."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop in time and is killed", self.name)
            self._process.kill()
            self._process.wait()

    def has_said(self, line: str) -> bool:
        """Tell whether the present process has written this line."""
        with self._log_path.open("rb") as log_file:
            log_file.seek(self._log_start)
            return line.encode() in log_file.read().splitlines()

    def rotate_log(self) -> None:
        """Put the log aside if it has become too large.

        The process goes on writing at the end of the same file. Lines that it writes between the
        copy and the cut are lost.
        """
        if self._log_path.stat().st_size <= MAX_LOG_BYTES:
            return
        aside = self._log_path.with_name(f"{self._log_path.name}.1")
        with self._log_path.open("rb") as source, open(aside, "wb", opener=private) as target:
            shutil.copyfileobj(source, target)
        os.truncate(self._log_path, 0)
        self._log_start = 0

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines of the log."""
        return "\n".join(self._log_path.read_text(errors="replace").splitlines()[-lines:])


def stop_together(children: Sequence[Child], timeout: float) -> None:
    """Ask processes to end, and kill those that still run after `timeout` seconds."""
    for child in children:
        child.ask_to_end()
    until = time.monotonic() + timeout
    for child in children:
        child.await_end(max(0.0, until - time.monotonic()))


class Supervisor:
    """Starts dead children again, until it is stopped."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._stopping = threading.Event()
        self._paused = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def add(self, child: Child) -> None:
        """Start a child, and start it again whenever it dies."""
        with self._lock:
            child.start()
            self._children.append(child)
        if not self._thread.is_alive():
            self._thread.start()

    def remove(self, child: Child, timeout: float = 10.0) -> None:
        """Stop a child for good."""
        with self._lock:
            self._children.remove(child)
        child.stop(timeout)

    def pause(self) -> None:
        """Start no dead child again from now on. Tests of an outage need this."""
        with self._lock:
            self._paused = True

    def resume(self) -> None:
        """Start dead children again from now on."""
        with self._lock:
            self._paused = False

    def stop(self, groups: Sequence[Sequence[Child]], timeout: float) -> None:
        """Stop all children, one group after the other."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        for group in groups:
            stop_together(group, timeout)

    def _watch(self) -> None:
        last_starts: dict[str, float] = {}
        while not self._stopping.wait(WATCH_SECONDS):
            with self._lock:
                for child in self._children:
                    child.rotate_log()
                for child in () if self._paused else self._children:
                    last = last_starts.get(child.name, 0.0)
                    if child.has_died() and time.monotonic() - last >= RESTART_SECONDS:
                        log.warning("%s has died and is started again", child.name)
                        last_starts[child.name] = time.monotonic()
                        child.start()


def _feed(stdin: IO[bytes] | None, text: str) -> None:
    if stdin is None:
        return
    try:
        stdin.write(text.encode())
        stdin.close()
    except BrokenPipeError:
        log.warning("a child ended before it had read its configuration")
