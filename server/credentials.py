"""What a caller shows to be known, and the places that know it."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from edunn_serving.callers import Caller
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.token_file import TokenFileError, TokenRecord, digest_of, read_tokens

log = logging.getLogger(__name__)

# A change of the file counts after this time at most, and the time that reading it takes.
WATCH_SECONDS = 0.25


class Credential(NamedTuple):
    """What a call has shown."""

    caller: Caller
    # By it the place that knows the credential finds it again.
    digest: bytes
    # In seconds of Unix time. Infinity for none.
    expires: float


class Credentials(Protocol):
    """A place that knows credentials."""

    def find(self, token: str) -> Credential | None:
        """Return what a token shows; None if it is unknown. An expired one is known.

        Raises
        ------
        ServiceError
            UNAUTHENTICATED: the token is of this place and wrong.
        """

    def holds(self, credential: Credential) -> bool:
        """Tell whether a credential that `find` has returned is still known."""


class Tokens:
    """Tokens that are known by their hashes.

    A hash is found by its beginning. A caller cannot choose the hash of a guess, so the time that
    this takes tells nothing of the tokens. The whole is compared in constant time.
    """

    def __init__(self, tokens: Iterable[Credential] = ()) -> None:
        self._by_beginning: dict[bytes, Credential] = {}
        self.replace(tokens)

    @classmethod
    def fixed(cls, callers: Mapping[str, Caller]) -> Tokens:
        """Return the tokens of a mapping from tokens to callers. They never expire."""
        return cls(
            Credential(caller, digest_of(token), float("inf")) for token, caller in callers.items()
        )

    def replace(self, tokens: Iterable[Credential]) -> None:
        """Know these tokens and no others."""
        self._by_beginning = {each.digest[:8]: each for each in tokens}

    def find(self, token: str) -> Credential | None:
        """Return what a token shows; None if it is unknown."""
        digest = digest_of(token)
        found = self._by_beginning.get(digest[:8])
        if found is None or not hmac.compare_digest(found.digest, digest):
            return None
        return found

    def holds(self, credential: Credential) -> bool:
        """Tell whether a credential is one of these."""
        found = self._by_beginning.get(credential.digest[:8])
        # The record may have changed since: its roles, or its expiry.
        return found == credential


class TokenFile(Tokens):
    """The tokens of a file. They follow its changes while `watch` runs."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._seen: tuple[int, ...] | None = None

    async def watch(self) -> None:
        """Follow the file until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(WATCH_SECONDS)

    async def look(self) -> None:
        """Read the file if it has changed. If it is damaged, the last tokens are kept."""
        seen = await asyncio.to_thread(self._stat)
        if seen == self._seen:
            return
        try:
            records = await asyncio.to_thread(read_tokens, self._path)
        except TokenFileError as error:
            log.error("the tokens stay as they were: %s", error)
        else:
            self.replace(map(_credential, records))
            log.info("%d tokens are known", len(records))
        self._seen = seen

    def _stat(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            # A file that is gone has no tokens. One that cannot be read says so when it is read.
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size


def _credential(record: TokenRecord) -> Credential:
    expires = float("inf") if record.expires is None else record.expires
    return Credential(record.caller, bytes.fromhex(record.digest), expires)


class ExpiredError(ServiceError):
    """A token is genuine, but has expired. So its caller does not guess."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.UNAUTHENTICATED, message)


def is_expired(credential: Credential) -> bool:
    """Tell whether a credential has expired."""
    return credential.expires <= time.time()
