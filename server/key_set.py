"""The issuer's public keys (JWKS), from a file or a URL, followed while the server runs."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from edunn_serving.regular_files import read_regular
from edunn_serving.settings import SettingsError
from server.exposure import is_loopback
from server.signed_tokens import SignedTokens

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
# A URL is read again after this time; sooner, but not more often than `MISS_SECONDS`, if a token
# names a key that is not known.
RELOAD_SECONDS = 60.0
MISS_SECONDS = 5.0
# For the whole answer, however slowly its bytes come.
ANSWER_SECONDS = 5.0
MAX_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024
# An answer that is packed could be much larger than it seems.
HEADERS = {"Accept-Encoding": "identity"}
STAY = "the keys of EDUNN_JWT_KEYS stay as they were"


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
            self._tokens.replace_keys(json.loads(await self._read()))
            trouble = ""
        except TimeoutError:
            trouble = f"{STAY}: there was no whole answer within {ANSWER_SECONDS:g} s"
        except aiohttp.ClientError as error:
            # Its text would have the URL, which may have a password.
            trouble = f"{STAY}: the URL gives no answer of HTTP ({type(error).__name__})"
        except (OSError, ValueError, RecursionError) as error:
            trouble = f"{STAY}: {error}"
        if trouble != self._trouble:
            self._trouble = trouble
            log.log(logging.ERROR if trouble else logging.INFO, trouble or "the keys are there")

    def _stat(self) -> tuple[int, ...]:
        try:
            found = Path(self._place).stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size

    async def _read(self) -> bytes:
        if self._is_url:
            return await _answer_of(self._place)
        return await asyncio.to_thread(read_regular, Path(self._place))


async def _answer_of(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with (
        aiohttp.ClientSession(
            timeout=timeout, headers=HEADERS, auto_decompress=False, trust_env=True
        ) as session,
        # A redirection could lead to a place without TLS.
        session.get(url, allow_redirects=False) as answer,
    ):
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"the URL answers with the status {answer.status}")
        data = b""
        async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
            data += chunk
            if len(data) > MAX_BYTES:
                raise ValueError(f"the answer has more than {MAX_BYTES} bytes")
        return data
