"""Runs what blocks in threads, so that the server's event loop never waits for a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from edunn_serving.errors import unavailable

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
# Longer than the database's own limits, so that this one counts only if it stands still.
LONGEST_SECONDS = 15.0


class Threads:
    """A few threads."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="grading")

    async def run(self, function: Callable[P, T], /, *arguments: P.args, **options: P.kwargs) -> T:
        """Return what a function returns.

        Raises
        ------
        ServiceError
            UNAVAILABLE: it has not returned in time. It may still take effect.
        """
        call = partial(function, *arguments, **options)
        done = asyncio.get_running_loop().run_in_executor(self._executor, call)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await done
        except TimeoutError:
            raise unavailable("the database of grades stands still") from None
