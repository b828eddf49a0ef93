"""The exchange: a folder through which servers and workers of one machine hand large tensors.

In Redis a request is written into the append-only file, and an answer is copied by a script. Both
are received in parts and put together again. A file is written once and read once. Whether a
worker shares a server's folder is seen in the folder itself: the server leaves a file there, its
mark of presence, and names it in each batch.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

# A name of a file of the exchange. It comes from others, and must not lead out of the folder.
NAME = re.compile("[0-9a-f]{32}")
# The rights of all others in a folder.
OTHERS = stat.S_IRWXG | stat.S_IRWXO
# The most pieces that the system writes at once.
PIECES_A_WRITE = 512


class Exchange:
    """One folder. Without one it hands over nothing."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None

    def enter(self) -> str:
        """Leave a mark of presence, and return its name; empty if that is impossible."""
        if self._folder is None:
            return ""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._is_private():
            log.warning("%s is not used: it is no folder of this user alone", self._folder)
            return ""
        return self.put([]) or ""

    def has(self, presence: str) -> bool:
        """Tell whether this is the folder in which a server has left its mark."""
        path = self._path(presence)
        return path is not None and path.exists() and self._is_private()

    def put(self, pieces: Sequence[bytes | memoryview]) -> str | None:
        """Write a file, and return its name; None if there is no room, or no folder."""
        name = secrets.token_hex(16)
        path = self._path(name)
        if path is None:
            return None
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                _write(file, pieces)
            finally:
                os.close(file)
        except OSError as error:
            log.debug("the exchange takes no file: %s", error)
            self.remove(name)
            return None
        return name

    def take(self, name: str) -> bytes | None:
        """Read a file and remove it; None if there is none."""
        data = self.read(name)
        if data is not None:
            self.remove(name)
        return data

    def read(self, name: str) -> bytes | None:
        """Read a file; None if there is none."""
        path = self._path(name)
        if path is None:
            return None
        try:
            # Without O_NONBLOCK the open of a FIFO would wait.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            file = os.open(path, flags)
            try:
                data = _read(file)
            finally:
                os.close(file)
        except OSError as error:
            log.debug("the exchange does not have a file: %s", error)
            return None
        return data

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        path = self._path(name)
        if path is not None:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def sweep(self, presence: str, seconds: float) -> None:
        """Remove files that are older. A worker or a server has died over them."""
        mark = self._path(presence)
        if self._folder is None or mark is None:
            return
        oldest = time.time() - seconds
        with suppress(OSError):
            # Touched, so that other servers do not remove it.
            mark.touch(mode=0o600)
            names = filter(NAME.fullmatch, os.listdir(self._folder))
            for path in map(self._folder.joinpath, names):
                # Its reader may remove it meanwhile.
                with suppress(OSError):
                    if path.lstat().st_mtime < oldest:
                        path.unlink()

    def _is_private(self) -> bool:
        """Tell whether nobody but this process's user reaches the folder."""
        if self._folder is None:
            return False
        try:
            found = self._folder.stat()
        except OSError:
            return False
        return found.st_uid == os.geteuid() and not found.st_mode & OTHERS

    def _path(self, name: str) -> Path | None:
        return self._folder / name if self._folder and NAME.fullmatch(name) else None


def _write(file: int, pieces: Sequence[bytes | memoryview]) -> None:
    left = [memoryview(piece) for piece in pieces if len(piece)]
    while left:
        written = os.writev(file, left[:PIECES_A_WRITE])
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if left:
            left[0] = left[0][written:]


def _read(file: int) -> bytes:
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):
        raise OSError("not a regular file")
    data = os.read(file, found.st_size)
    if len(data) != found.st_size:
        raise OSError("it was read in part")
    return data
