"""The places that know this server's callers, as the settings name them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from edunn_serving.settings import Settings
from server.authentication import Authenticator
from server.certificates import Certificates
from server.credentials import Credentials, TokenFile, Tokens

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
        certificates = Certificates() if settings.tls_client_ca else None
        self.authenticator = Authenticator(places, certificates)

    async def look(self) -> None:
        """Read what the callers are known by, before the first call."""
        if self._file is not None:
            await self._file.look()

    async def watch(self) -> None:
        """Follow changes until cancelled."""
        if self._file is not None:
            await self._file.watch()
        else:
            await asyncio.Event().wait()
