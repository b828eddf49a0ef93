"""Unpacks compressed requests within bounds.

A few kilobytes of compressed zeros become a request of the largest size. gRPC would unpack them
before anybody has counted them, so it hands compressed requests over as they are.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edunn_serving.errors import Reason, ServiceError, invalid_argument
from edunn_serving.settings import Settings
from server.lanes import queue_full
from server.one_at_a_time import OneAtATime

# The data of gzip begins with these bytes, and no message of protobuf does: they would begin a
# field of a type that there is not.
GZIP = b"\x1f\x8b"
GZIP_WINDOW = 16 + zlib.MAX_WBITS
# A request up to this size is unpacked at once. A larger one would hold up other calls.
AT_ONCE_BYTES = 128 * 1024


class Unpacking:
    """Unpacks requests, of each account one large one at a time."""

    def __init__(self, settings: Settings) -> None:
        self._max_message_bytes = settings.max_message_bytes
        self._max_waiting_bytes = settings.max_arriving_bytes
        # The bytes of each account's compressed requests that are unpacked or wait for it.
        self._waiting: Counter[str] = Counter()
        self._turns = OneAtATime()

    @asynccontextmanager
    async def unpacked(self, packed: bytes, account: str) -> AsyncIterator[bytes]:
        """Give the request that gzip data stands for.

        While an account has a large one, its other large ones wait.

        Raises
        ------
        ServiceError
            TOO_LARGE: it is larger than requests may be. INVALID_ARGUMENT: the data is broken.
            QUEUE_FULL: too many bytes of the account, or of all, wait to be unpacked.
        """
        request = _unpack(packed, AT_ONCE_BYTES)
        if request is not None:
            yield request
            return
        async with self._turn_of(account, len(packed)):
            request = await asyncio.to_thread(_unpack, packed, self._max_message_bytes)
            if request is None:
                raise self._too_large()
            yield request

    @asynccontextmanager
    async def _turn_of(self, account: str, size: int) -> AsyncIterator[None]:
        """Wait for an account's turn, if there is room for its data meanwhile."""
        own = self._waiting[account] + size
        others = self._waiting.total() + size
        if self._waiting[account] and own > self._max_waiting_bytes / 2:
            raise queue_full()
        if self._waiting and others > self._max_waiting_bytes:
            raise queue_full()
        self._waiting[account] += size
        try:
            async with self._turns.turn_of(account):
                yield
        finally:
            self._waiting[account] -= size
            if not self._waiting[account]:
                del self._waiting[account]

    def _too_large(self) -> ServiceError:
        limit = self._max_message_bytes
        return ServiceError(
            Reason.TOO_LARGE,
            f"the request takes more than the {limit} bytes that are allowed once it is unpacked: "
            "send a smaller batch",
            violations=[("request", f"the request may take {limit} bytes unpacked, got more")],
            metadata={"field": "request", "limit": str(limit)},
        )


def _unpack(packed: bytes, most: int) -> bytes | None:
    """Return the request, or None if it has more bytes than `most`.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT: the data is broken.
    """
    unpacker = zlib.decompressobj(GZIP_WINDOW)
    try:
        request = unpacker.decompress(packed, most + 1)
    except zlib.error as error:
        raise _broken(str(error)) from error
    if len(request) > most:
        return None
    if not unpacker.eof or unpacker.unused_data:
        raise _broken("it ends too early or too late")
    return request


def _broken(why: str) -> ServiceError:
    return invalid_argument("request", f"its gzip data is broken: {why}")
