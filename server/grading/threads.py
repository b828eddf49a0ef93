"""Runs what blocks in threads, so that the server's event loop never waits for a database."""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple, ParamSpec, TypeVar

from edunn_serving.errors import unavailable

P = ParamSpec("P")
T = TypeVar("T")

# Longer than the database's own limits, so that this one counts only if it stands still.
LONGEST_SECONDS = 15.0


class _Waiting(NamedTuple):
    """A call that waits for a thread. The smallest rank comes first, then the smallest number."""

    rank: int
    number: int
    call: Callable[[], Any]
    done: Future[Any]


class Threads:
    """Some threads, which do not keep a stopping server.

    A database that stands still may never let them go. So the executor of `concurrent.futures` is
    not used: at the end of a program its threads are waited for.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._waiting: queue.PriorityQueue[_Waiting] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._threads: list[threading.Thread] = []

    async def run(self, function: Callable[P, T], /, *arguments: P.args, **options: P.kwargs) -> T:
        """Return what a function returns.

        Raises
        ------
        ServiceError
            UNAVAILABLE: it has not returned in time. It may still take effect.
        """
        return await self._run(1, partial(function, *arguments, **options))

    async def run_soon(self, function: Callable[[], T]) -> T:
        """Return what a function returns, as `run` does. It comes before those of `run`."""
        return await self._run(0, function)

    async def _run(self, rank: int, function: Callable[[], T]) -> T:
        done: Future[T] = Future()
        self._waiting.put(_Waiting(rank, next(self._numbers), function, done))
        if len(self._threads) < self._count:
            name = f"grading-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await asyncio.wrap_future(done)
        except TimeoutError:
            raise unavailable("the database of grades stands still") from None

    def _work(self) -> None:
        while True:
            _, _, call, done = self._waiting.get()
            # A call that nobody awaits any longer is not begun.
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(call())
            except BaseException as error:
                done.set_exception(error)
            # The thread waits for its next call without the last one's data.
            del call, done
