"""The issuer's public keys (JWKS), from a file or a URL, followed while the server runs."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from edunn_serving.settings import SettingsError
from server.exposure import is_loopback
from server.signed_tokens import SignedTokens

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
# A URL is read again after this time; sooner, but not more often than `MISS_SECONDS`, if a token
# names a key that is not known.
RELOAD_SECONDS = 60.0
MISS_SECONDS = 5.0
ANSWER_SECONDS = 5.0
MAX_BYTES = 1024 * 1024


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow no redirection: it could lead to a place without TLS."""


class KeySet:
    """Gives the keys of a place to signed tokens. If the place is away, the last keys stay.

    Raises
    ------
    SettingsError
        The place is a URL without TLS that is not of this machine.
    """

    def __init__(self, place: str, tokens: SignedTokens) -> None:
        self._place = place
        self._tokens = tokens
        self._is_url = "://" in place
        # The contents of a file as they were, or the time of the last read of a URL.
        self._seen: tuple[int, ...] | None = None
        self._read_at = float("-inf")
        self._trouble = ""
        if self._is_url:
            parts = urlsplit(place)
            is_here = parts.scheme == "http" and is_loopback(parts.hostname or "")
            if parts.scheme != "https" and not is_here:
                raise SettingsError("EDUNN_JWT_KEYS must be a file or an https:// URL")

    async def watch(self) -> None:
        """Follow the place until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Read the keys if it is time to. The event loop goes on meanwhile."""
        if self._is_url:
            wait = MISS_SECONDS if self._tokens.misses_key or self._trouble else RELOAD_SECONDS
            if time.monotonic() - self._read_at < wait:
                return
            self._read_at = time.monotonic()
        else:
            seen = await asyncio.to_thread(self._stat)
            if seen == self._seen:
                return
            self._seen = seen
        try:
            self._tokens.replace_keys(json.loads(await asyncio.to_thread(self._read)))
            trouble = ""
        except (OSError, URLError, ValueError, RecursionError) as error:
            trouble = f"the keys of EDUNN_JWT_KEYS stay as they were: {error}"
        if trouble != self._trouble:
            self._trouble = trouble
            log.log(logging.ERROR if trouble else logging.INFO, trouble or "the keys are there")

    def _stat(self) -> tuple[int, ...]:
        try:
            found = Path(self._place).stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> bytes:
        if not self._is_url:
            return Path(self._place).read_bytes()
        with build_opener(_NoRedirect).open(self._place, timeout=ANSWER_SECONDS) as answer:
            data: bytes = answer.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES} bytes")
        return data
