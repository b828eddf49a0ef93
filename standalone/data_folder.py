"""The folder of a stack's sessions and logs. Only its owner can read it, and one stack uses it."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

from standalone.errors import StackError

LOCK = "lock"
TOKENS_FILE = "tokens.json"
KEY_FILE = "shared.key"
AUDIT_FILE = "audit.jsonl"
EXCHANGE = "exchange"


def prepare(folder: Path) -> Path:
    """Make the folder if it is missing, and return it.

    Raises
    ------
    StackError
        The folder cannot be made or written, or has other files in it.
    """
    if not str(folder).isprintable():
        raise StackError(f"{str(folder)!r} cannot be the data folder: its name is not printable")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / LOCK).exists() and any(folder.iterdir()):
            raise StackError(
                f"{folder} has files in it that are none of a stack's: choose an empty folder"
            )
        folder.chmod(0o700)
        with open(folder / LOCK, "a", opener=private):
            return folder
    except OSError as error:
        raise StackError(f"{folder} cannot be the data folder: {error.strerror}") from error


def claim(folder: Path) -> IO[str]:
    """Make the folder if it is missing, and claim it until the returned lock is closed.

    Raises
    ------
    StackError
        The folder cannot be made or written, has other files in it, or is in use.
    """
    lock = open(prepare(folder) / LOCK, "a", opener=private)  # noqa: SIM115  # returned open
    try:
        # Two Redis servers that write into one folder would destroy its files.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StackError(f"{folder} is in use by another stack: choose another folder") from error
    return lock


def shared_key(folder: Path) -> Path:
    """Return the file of the key that the stack's server and workers share. Make it if needed."""
    path = folder / KEY_FILE
    if not path.exists():
        fresh = path.with_name(f"{KEY_FILE}.new")
        with open(fresh, "w", opener=private) as file:
            file.write(secrets.token_hex(32) + "\n")
        fresh.replace(path)
    return path


def private(path: str, flags: int) -> int:
    """Open a file that only its owner may read. This is an opener for `open`."""
    return os.open(path, flags, 0o600)
