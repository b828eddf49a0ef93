"""Lets each account do something costly once at a time, while the others have their turns."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class OneAtATime:
    """The turns of each account. Within an account the first who asks is first."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        # Those of each account that have a turn or wait for one.
        self._asking: Counter[str] = Counter()

    @asynccontextmanager
    async def turn_of(self, account: str) -> AsyncIterator[Callable[[], bool]]:
        """Wait for an account's turn, which ends with the block.

        It gives a function that tells whether others of the account wait.
        """
        lock = self._locks.setdefault(account, asyncio.Lock())
        self._asking[account] += 1
        try:
            async with lock:
                yield lambda: self._asking[account] > 1
        finally:
            self._asking[account] -= 1
            if not self._asking[account]:
                del self._asking[account], self._locks[account]
