"""Waits until workers have drawn challenges or made reports, which appear in the database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from edunn_serving.errors import ServiceError
from edunn_serving.grades import Attempt, Database
from server.grading.threads import Threads

# The pause between two looks. One query looks for all that is awaited.
LOOK_SECONDS = 0.02
# Or this many times as long as a look took, so that looking stays a small share of the work.
PAUSE_PER_LOOK = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an attempt is."""

    # Whether its challenges are drawn, or cannot be.
    is_drawn: bool
    # The newest report's revision.
    revision: int


@dataclass(eq=False, slots=True)
class _Awaited:
    attempt_id: str
    is_done: Callable[[Progress], bool]
    done: asyncio.Future[None]


class ProgressWatch:
    """Looks at the attempts that calls await, as long as there are any."""

    def __init__(self, database: Database, threads: Threads) -> None:
        self._database = database
        self._threads = threads
        self._awaited: set[_Awaited] = set()
        self._looking: asyncio.Task[None] | None = None

    async def wait(
        self, attempt_id: str, is_done: Callable[[Progress], bool], seconds: float
    ) -> bool:
        """Wait for an attempt, and tell whether it was done in time."""
        awaited = _Awaited(attempt_id, is_done, asyncio.get_running_loop().create_future())
        self._awaited.add(awaited)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_often())
        try:
            async with asyncio.timeout(seconds):
                await awaited.done
        except TimeoutError:
            return False
        finally:
            self._awaited.discard(awaited)
        return True

    async def now(self, attempt_id: str) -> Progress:
        """Return how far an attempt is now."""
        found = await self._threads.run(self._look, [attempt_id])
        return found.get(attempt_id, Progress(is_drawn=False, revision=0))

    async def _look_often(self) -> None:
        while self._awaited:
            began = time.monotonic()
            ids = sorted({each.attempt_id for each in self._awaited})
            try:
                found = await self._threads.run(self._look, ids)
            except ServiceError as error:
                self._fail(error)
                return
            for awaited in list(self._awaited):
                progress = found.get(awaited.attempt_id)
                if progress and awaited.is_done(progress) and not awaited.done.done():
                    awaited.done.set_result(None)
                    self._awaited.discard(awaited)
            took = time.monotonic() - began
            await asyncio.sleep(max(LOOK_SECONDS, PAUSE_PER_LOOK * took))

    def _look(self, ids: Sequence[str]) -> dict[str, Progress]:
        is_drawn = sa.or_(Attempt.challenges.is_not(None), Attempt.failure.is_not(None))
        wanted = sa.select(Attempt.id, is_drawn, Attempt.revision).where(Attempt.id.in_(ids))
        with self._database.read() as session:
            return {
                attempt_id: Progress(bool(drawn), revision)
                for attempt_id, drawn, revision in session.execute(wanted)
            }

    def _fail(self, error: ServiceError) -> None:
        for awaited in self._awaited:
            if not awaited.done.done():
                awaited.done.set_exception(error)
        self._awaited.clear()
