"""Authenticates what server and worker leave for each other in Redis.

Everybody who reaches Redis can read and remove what is there. Without the key that server and
worker share nobody can make a message, a reply or a record that they take for their own.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SALT_BYTES, NUMBER_BYTES, TAG_BYTES = 16, 8, 16
MARK_BYTES = SALT_BYTES + NUMBER_BYTES + TAG_BYTES
# A key from a shorter text could be guessed.
MIN_KEY_CHARACTERS = 32
# The keys of other processes that are remembered.
MAX_KEYS = 1000
# The kind of what a session's hash has.
STATE = "state"
# The kind of a trial's result.
TRIAL_SEAL = "trial"
# A number has 12 bytes.
ZEROS = bytes(12 - NUMBER_BYTES)


class ForgedError(ValueError):
    """Data was not sealed by who has the key, or was sealed for another place."""


class Seal:
    """Seals data with a key, by AES-GCM's authentication (GMAC). Without a key it changes nothing.

    A seal is for one kind of data and for one place, such as the session of a record. Data that is
    moved to another place is refused. GMAC must never use a number twice with a key. So each
    process has a key of its own, derived from the shared key and a random salt, and counts.

    It takes about a tenth of the time of BLAKE2b for a tensor of 4 KiB or more.

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
        self._ciphers: dict[bytes, AESGCM] = {}
        self._process = 0

    @property
    def is_open(self) -> bool:
        """Whether there is no key, so that nothing is sealed."""
        return not self._key

    def close(self, kind: str, data: bytes, *place: str) -> bytes:
        """Return sealed data."""
        return self.mark(kind, data, *place) + data if self._key else data

    def open(self, kind: str, sealed: bytes, *place: str) -> bytes:
        """Return the data that `close` was given.

        Raises
        ------
        ForgedError
            It was not sealed with the key, for this kind and place.
        """
        if not self._key:
            return sealed
        data = sealed[MARK_BYTES:]
        self.check(kind, sealed[:MARK_BYTES], data, *place)
        return data

    def mark(self, kind: str, data: bytes, *place: str) -> bytes:
        """Return the seal of data that is kept apart from it. Empty without a key."""
        if not self._key:
            return b""
        if self._process != os.getpid():
            # A process that has forked must not count on with its parent's key.
            self._process, self._salt = os.getpid(), os.urandom(SALT_BYTES)
            self._numbers = itertools.count()
        number = next(self._numbers).to_bytes(NUMBER_BYTES, "big")
        return self._salt + number + self._tag(self._salt, number, kind, data, place)

    def check(self, kind: str, mark: bytes, data: bytes, *place: str) -> None:
        """Check the seal of data that is kept apart from it.

        Raises
        ------
        ForgedError
            It was not sealed with the key, for this kind and place.
        """
        if not self._key:
            return
        salt, number = mark[:SALT_BYTES], mark[SALT_BYTES : SALT_BYTES + NUMBER_BYTES]
        tag = mark[SALT_BYTES + NUMBER_BYTES :]
        if len(mark) != MARK_BYTES or not hmac.compare_digest(
            tag, self._tag(salt, number, kind, data, place)
        ):
            raise ForgedError(f"a {kind} in Redis is not sealed with the key of this service")

    def _tag(
        self, salt: bytes, number: bytes, kind: str, data: bytes, place: Iterable[str]
    ) -> bytes:
        cipher = self._ciphers.get(salt)
        if cipher is None:
            if len(self._ciphers) >= MAX_KEYS:
                self._ciphers.clear()
            own = hashlib.blake2b(salt, key=self._key, digest_size=32).digest()
            cipher = self._ciphers[salt] = AESGCM(own)
        # The place is what is encrypted, and the data what is authenticated beside it, so that
        # nothing is copied. Only the tag is kept. No two places are written alike.
        where = repr((kind, *place)).encode()
        return cipher.encrypt(ZEROS + number, where, data)[-TAG_BYTES:]


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
