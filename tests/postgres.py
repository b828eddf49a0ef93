"""A PostgreSQL of its own, from Debian's binaries, for tests.

As a program it does what the image of docker-compose.yml does: it makes a database of the user that
the environment names, and runs `postgres` with the arguments given.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from standalone.stack import free_port  # noqa: E402

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

    def __init__(
        self, binaries: Path, arguments: Sequence[str] = (), user: str = "edunn", password: str = ""
    ) -> None:
        self._binaries = binaries
        self._name, self._password = user, password
        self.port = free_port()
        # A later value wins.
        self._arguments = [
            "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200",
            "-c", "fsync=off", *arguments,
        ]  # fmt: skip
        if "-p" in arguments:
            self.port = int(arguments[arguments.index("-p") + 1])
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="edunn-postgres-"))
        self._data = self._folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://{self._name}@127.0.0.1:{self.port}/{self._name}"

    def __enter__(self) -> Postgres:
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
        secret = self._folder / "password"
        secret.write_text(self._password or "none")
        secret.chmod(0o644)
        method = "scram-sha-256" if self._password else "trust"
        self._run(
            "initdb", "-D", self._data, "-U", self._name, "-A", method, "--pwfile", secret, "-N",
            "-E", "UTF8",
        )  # fmt: skip
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", self._name, self._name)
        return self

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        program = self._binaries / "postgres"
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    program,
                    "-D",
                    self._data,
                    "-k",
                    self._folder,
                    *self._arguments,
                ],
                user=self._user,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd="/",
            )
        deadline = time.monotonic() + START_SECONDS
        ready = [str(self._binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q"]
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

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let the server and all its processes stand still during the block."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        pids = [self.process.pid, *map(int, children.split())]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(pids):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

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
            env={**os.environ, "LC_ALL": "C", "PGPASSWORD": self._password},
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)


def main() -> int:
    """Run as the image does, until SIGTERM."""
    binaries = find_binaries()
    if binaries is None:
        return 127
    user, password = os.environ["POSTGRES_USER"], os.environ["POSTGRES_PASSWORD"]
    stop = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Postgres(binaries, sys.argv[1:], user, password) as running:
        running.process.wait()
        signal.signal(signal.SIGTERM, stop)
        return running.process.returncode


if __name__ == "__main__":
    sys.exit(main())
