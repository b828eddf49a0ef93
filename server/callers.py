"""The places that know this server's callers, as the settings name them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from edunn_serving.settings import Settings
from server.authentication import Authenticator
from server.certificates import Certificates
from server.credentials import Credentials, TokenFile, Tokens
from server.key_set import KeySet
from server.signed_tokens import SignedTokens

log = logging.getLogger(__name__)


class Callers:
    """Knows the callers, and follows changes of who they are."""

    def __init__(self, settings: Settings) -> None:
        places: list[Credentials] = []
        self._file = TokenFile(Path(settings.tokens_file)) if settings.tokens_file else None
        if self._file is not None:
            places.append(self._file)
        if fixed := settings.callers():
            log.warning("EDUNN_TOKENS is for tests: `edunn-serve tokens make` makes kept tokens")
            places.append(Tokens.fixed(fixed))
        self._keys = None
        if settings.jwt_keys:
            signed = SignedTokens(settings)
            self._keys = KeySet(settings.jwt_keys, signed)
            places.append(signed)
        certificates = Certificates() if settings.tls_client_ca else None
        self.authenticator = Authenticator(places, certificates)

    async def look(self) -> None:
        """Read what the callers are known by, before the first call."""
        for followed in self._followed():
            await followed.look()

    async def watch(self) -> None:
        """Follow changes until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for followed in self._followed():
                tasks.create_task(followed.watch())
            # A server's parts run until it stops.
            tasks.create_task(asyncio.Event().wait())

    def _followed(self) -> list[TokenFile | KeySet]:
        return [each for each in (self._file, self._keys) if each is not None]
