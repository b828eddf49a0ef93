"""Has the chunks of an upload worked on in a thread, in their order, while the next ones arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.in_full import in_full

# About this many bytes of chunks may wait for the thread.
AHEAD_BYTES = 4 * 1024 * 1024


class InOrder:
    """Some work on each chunk of an upload. It never has two chunks at a time.

    Parameters
    ----------
    work
        Takes a chunk, in a thread.
    """

    def __init__(self, work: Callable[[bytes], None]) -> None:
        self._work = work
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._under_way: asyncio.Future[None] | None = None

    async def put(self, chunk: bytes) -> None:
        """Have a chunk worked on. Wait if many wait already. An error is that of an earlier one."""
        self._waiting.append(chunk)
        self._waiting_bytes += len(chunk)
        self._go_on()
        while self._waiting_bytes >= AHEAD_BYTES:
            await self._next()

    async def end(self) -> None:
        """Wait until all chunks are done."""
        while self._under_way is not None:
            await self._next()

    async def stop(self) -> None:
        """Wait for the chunks that the thread has, and leave out the others."""
        self._waiting, self._waiting_bytes = [], 0
        under_way = self._under_way
        self._under_way = None
        if under_way is None:
            return
        await in_full(asyncio.wait({under_way}))
        if not under_way.cancelled():
            # Its error is of no interest any more, and asyncio would log it.
            under_way.exception()

    async def _next(self) -> None:
        if self._under_way is not None:
            await asyncio.shield(self._under_way)
        self._go_on()

    def _go_on(self) -> None:
        """Give the thread what waits, if it is free."""
        if self._under_way is not None:
            done = self._under_way
            if not done.done():
                return
            self._under_way = None
            done.result()
        if self._waiting:
            chunks, self._waiting, self._waiting_bytes = self._waiting, [], 0
            self._under_way = asyncio.ensure_future(asyncio.to_thread(self._take, chunks))
            self._under_way.add_done_callback(self._note_free)

    def _note_free(self, done: asyncio.Future[None]) -> None:
        """Give the thread what came meanwhile. An error is told to the next `put` or `end`."""
        if done is self._under_way and not done.cancelled() and done.exception() is None:
            self._go_on()

    def _take(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            self._work(chunk)
