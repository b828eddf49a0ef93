"""The file of the callers' tokens. It has the hash of each token, not the token itself.

A token is 32 random bytes, so a fast hash protects it: nobody can try them all.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from edunn_serving.callers import Caller, Role, checked_name
from edunn_serving.limits import checked_limits
from edunn_serving.regular_files import read_regular

# Programs that look for lost secrets find a token by its beginning.
PREFIX = "edunn_"
SECRET_BYTES = 32
VERSION = 1


class TokenFileError(ValueError):
    """The file cannot be used, or has no such token. The message is a sentence."""


@dataclass(frozen=True)
class TokenRecord:
    """A token, as the file keeps it."""

    # Names the token in lists and in the audit log. It is no secret.
    id: str
    # The caller's name.
    name: str
    role: Role
    # `digest_of` the token, in hexadecimal.
    digest: str
    # In seconds of Unix time. None if it never expires.
    expires: float | None = None
    label: str = ""
    created: float = 0.0
    limits: Mapping[str, float] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        """The caller that the token belongs to."""
        return Caller(self.name, frozenset({self.role}), self.limits)


def digest_of(token: str) -> bytes:
    """Return the hash by which a token is known."""
    return hashlib.blake2b(token.encode(errors="replace"), digest_size=32).digest()


def read_tokens(path: Path) -> list[TokenRecord]:
    """Return the tokens of a file; none if there is no file.

    Raises
    ------
    TokenFileError
        The file cannot be read, or is none of tokens.
    """
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TokenFileError(f"{path} cannot be read: {error.strerror}") from error
    try:
        content = json.loads(data)
        if content["version"] != VERSION:
            raise ValueError("it is of another version of edunn-serving")
        return [_record(each) for each in content["tokens"]]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise TokenFileError(f"{path} is no file of tokens: {error}") from None


def _record(fields: dict[str, Any]) -> TokenRecord:
    record = TokenRecord(**fields)
    checked_name(record.name)
    if len(bytes.fromhex(record.digest)) != len(digest_of("")):
        raise ValueError("a token's digest has another length")
    if not isinstance(record.id, str) or not isinstance(record.label, str):
        raise ValueError("a token's id or label is no text")
    if record.expires is not None and not _is_time(record.expires):
        raise ValueError("a token's expiry is no time")
    if not _is_time(record.created):
        raise ValueError("the time of a token's making is none")
    return replace(record, role=Role(record.role), limits=checked_limits(record.limits))


def _is_time(value: object) -> bool:
    # A token that expires at NaN would never expire.
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value)


@contextmanager
def _editing(path: Path) -> Iterator[list[TokenRecord]]:
    """Give the file's tokens to a change, and write them back. Changes come one after the other.

    A reader finds the file as it was or as it is, but nothing in between.
    """
    with _lock(path):
        records = read_tokens(path)
        yield records
        content = {"version": VERSION, "tokens": [asdict(each) for each in records]}
        fresh = path.with_name(f"{path.name}.new")
        with open(fresh, "w", opener=_private) as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    try:
        lock = open(path.with_name(f"{path.name}.lock"), "a", opener=_private)  # noqa: SIM115
    except OSError as error:
        raise TokenFileError(f"{path} cannot be written: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def make_token(
    path: Path,
    name: str,
    role: Role,
    *,
    seconds: float | None = None,
    label: str = "",
    limits: Mapping[str, float] | None = None,
) -> tuple[TokenRecord, str]:
    """Make a token and return it with its record. Nobody can read the token again.

    Raises
    ------
    TokenFileError
        The file cannot be used.
    ValueError
        A name or a limit is wrong.
    """
    checked_name(name)
    with _editing(path) as records:
        record, token = _new(records, name, role, seconds, label, checked_limits(limits or {}))
        records.append(record)
    return record, token


def revoke_tokens(path: Path, which: str) -> list[TokenRecord]:
    """Remove the token of an id, or all tokens of a caller's name, and return their records.

    Raises
    ------
    TokenFileError
        The file cannot be used, or there is no such token.
    """
    with _editing(path) as records:
        removed = [each for each in records if which in (each.id, each.name)]
        if not removed:
            raise TokenFileError(f"there is no token {which!r}: see `edunn-serve tokens list`")
        records[:] = [each for each in records if each not in removed]
    return removed


def rotate_token(path: Path, token_id: str, *, keep_seconds: float) -> tuple[TokenRecord, str]:
    """Make a token in place of another, which lasts `keep_seconds` more at most.

    The new token has the caller, label and limits of the old one, and lasts as long as the old one
    would have from its making on.

    Raises
    ------
    TokenFileError
        The file cannot be used, or there is no such token.
    """
    with _editing(path) as records:
        found = [at for at, each in enumerate(records) if each.id == token_id]
        if not found:
            raise TokenFileError(f"there is no token {token_id!r}: see `edunn-serve tokens list`")
        old = records[found[0]]
        lasts = None if old.expires is None else old.expires - old.created
        record, token = _new(records, old.name, old.role, lasts, old.label, old.limits)
        end = min(time.time() + keep_seconds, float("inf") if old.expires is None else old.expires)
        records[found[0]] = replace(old, expires=end)
        records.append(record)
    return record, token


def _new(
    records: list[TokenRecord],
    name: str,
    role: Role,
    seconds: float | None,
    label: str,
    limits: Mapping[str, float],
) -> tuple[TokenRecord, str]:
    taken = {each.id for each in records}
    token_id = next(new for _ in iter(int, 1) if (new := secrets.token_hex(4)) not in taken)
    token = f"{PREFIX}{token_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    now = time.time()
    expires = None if seconds is None else now + seconds
    digest = digest_of(token).hex()
    return TokenRecord(token_id, name, role, digest, expires, label, now, limits), token
