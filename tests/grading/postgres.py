"""A PostgreSQL of its own, from Debian's binaries, for tests."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from standalone.stack import free_port

# PostgreSQL refuses to run as root.
UNPRIVILEGED = "nobody"
START_SECONDS = 60.0


def find_binaries() -> Path | None:
    """Return the folder of a PostgreSQL; None if there is none on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


class Postgres:
    """A server with an empty database, as a context manager."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self.port = free_port()
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="edunn-postgres-"))
        self._data = self._folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://edunn@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Postgres:
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
        self._run("initdb", "-D", self._data, "-U", "edunn", "-A", "trust", "-N", "-E", "UTF8")
        self.start()
        return self

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    self._binaries / "postgres", "-D", self._data, "-p", str(self.port),
                    "-c", "listen_addresses=127.0.0.1", "-k", self._folder,
                    "-c", "fsync=off", "-c", "max_connections=200",
                ],
                user=self._user,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd="/",
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        ready = [self._binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        while subprocess.run(ready, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server at once, as a loss of power would."""
        if self.process.poll() is None:
            # SIGQUIT also ends the processes that serve its connections.
            self.process.send_signal(3)
            self.process.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._binaries / program, *arguments],
            user=self._user,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
