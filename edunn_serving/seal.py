"""Authenticates what server and worker leave for each other in Redis.

Whoever reaches Redis can read and remove what is there. Without the key that server and worker
share nobody can make a message, a reply or a record that they take for their own.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

TAG_BYTES = 16
# A key from a shorter text could be guessed.
MIN_KEY_CHARACTERS = 32
Part = bytes | str


class ForgedError(ValueError):
    """Data was not sealed by who has the key, or was sealed for another place."""


class Seal:
    """Seals data with a key: BLAKE2b, keyed, of 16 bytes. Without a key it changes nothing.

    A seal is for one kind of data and for one place, such as the session of a record. Data that is
    moved to another place is refused.

    Raises
    ------
    ValueError
        The key is too short.
    """

    def __init__(self, key: str) -> None:
        if key and len(key) < MIN_KEY_CHARACTERS:
            raise ValueError(
                f"the key has fewer than {MIN_KEY_CHARACTERS} characters; `openssl rand -hex 32` "
                "makes one"
            )
        self._key = hashlib.blake2b(key.encode(), person=b"edunn seal").digest() if key else b""

    @property
    def is_open(self) -> bool:
        """Whether there is no key, so that nothing is sealed."""
        return not self._key

    def close(self, kind: str, data: bytes, *place: Part) -> bytes:
        """Return sealed data."""
        return self._tag(kind, data, place) + data if self._key else data

    def open(self, kind: str, sealed: bytes, *place: Part) -> bytes:
        """Return the data that `close` was given.

        Raises
        ------
        ForgedError
            It was not sealed with the key, for this kind and place.
        """
        if not self._key:
            return sealed
        data = sealed[TAG_BYTES:]
        if not hmac.compare_digest(sealed[:TAG_BYTES], self._tag(kind, data, place)):
            raise ForgedError(f"a {kind} in Redis is not sealed with the key of this service")
        return data

    def _tag(self, kind: str, data: bytes, place: Iterable[Part]) -> bytes:
        mac = hashlib.blake2b(key=self._key, digest_size=TAG_BYTES, person=kind.encode())
        for part in place:
            text = part.encode() if isinstance(part, str) else part
            # With its length, so that no part can be taken for the beginning of the next one.
            mac.update(len(text).to_bytes(8, "little") + text)
        mac.update(data)
        return mac.digest()


def read_key(path: str) -> str:
    """Return the key of a file; empty if no file is named.

    Raises
    ------
    OSError, ValueError
        The file cannot be read, or is empty.
    """
    if not path:
        return ""
    key = Path(path).read_text().strip()
    if not key:
        raise ValueError("the file is empty")
    return key


def digest_of(parts: Iterable[bytes]) -> bytes:
    """Return a hash of several parts. It is sealed with the message that they belong to."""
    digest = hashlib.blake2b(digest_size=TAG_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()
