"""Reads files that may be replaced by anything while the service runs."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_regular(path: Path) -> bytes:
    """Return what a file has.

    Raises
    ------
    OSError
        It cannot be read, or is a pipe or a device. To read one might never end.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(None, "it is no regular file", str(path))
        return file.read()


def _open_at_once(path: str, flags: int) -> int:
    # To open a pipe would wait for its writer.
    return os.open(path, flags | os.O_NONBLOCK)
