"""The events of trainings for any number of watchers, over one connection to Redis."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import redis
from redis.asyncio import Redis

from edunn_serving import keys
from edunn_serving.errors import invalid_argument, quoted, unavailable
from edunn_serving.training_store import EVENT_SEAL, TrainingKey
from edunn_serving.v1.training_pb2 import TrainingEvent
from server.training.store import TrainingStore

log = logging.getLogger(__name__)

EVENT_ID = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")
# The parts of an event's id are a time in ms and a number. Redis takes parts up to 2**64 - 1, but
# refuses to look for events after the last id.
MAX_ID_PART = 2**63 - 1
FIRST_ID = "0-0"
EVENTS_A_READ = 200
# A new watcher's training joins the common read within this time.
BLOCK_MS = 100
RETRY_SECONDS = 0.2


class TrainingEvents:
    """Wakes the watchers of a training when it has a new event.

    One read waits for the events of all watched trainings. Each watcher then reads its own from
    where it is, so a slow watcher holds up nobody.
    """

    def __init__(self, client: Redis, store: TrainingStore, closed: asyncio.Event) -> None:
        # redis-py's types tell neither bytes from text nor one answer from another.
        self._client: Any = client
        self._store = store
        self._closed = closed
        self._watchers: Counter[str] = Counter()
        self._last: dict[str, str] = {}
        self._news = asyncio.Condition()
        # Set while a training is watched.
        self._is_watched = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            await self._is_watched.wait()
            try:
                found = await self._client.xread(dict(self._last), count=1000, block=BLOCK_MS)
            except (redis.RedisError, OSError) as error:
                log.info("the events of trainings are not read: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                found = [[key.encode(), [(b"", {})]] for key in self._last]
            if not found:
                continue
            entries = found.items() if isinstance(found, dict) else found
            for key, events in entries:
                if key.decode() in self._last and events[-1][0]:
                    self._last[key.decode()] = events[-1][0].decode()
            async with self._news:
                self._news.notify_all()

    async def watch(self, key: TrainingKey, after: str) -> AsyncIterator[TrainingEvent]:
        """Yield the events of a training after one of them, until its end.

        Raises
        ------
        ServiceError
            TRAINING_NOT_FOUND; INVALID_ARGUMENT: no event can have this id; UNAVAILABLE: Redis is
            away or the server stops.
        """
        if after and not _is_event_id(after):
            raise invalid_argument(
                "after_event_id", f"expected the id of an event, got {quoted(after)}"
            )
        stream, place = keys.training_events(*key), after or FIRST_ID
        # The common read does not begin where a watcher says, because it is for the others too.
        seen = FIRST_ID
        await self._store.get(key)
        self._watchers[stream] += 1
        try:
            while True:
                stored = await self._store.get(key)
                events = await self._read(key, place)
                for event in events:
                    place = seen = event.event_id
                    yield event
                # An end that was read before its events were is seen in the next turn.
                if not events:
                    if stored.has_ended:
                        return
                    self._last.setdefault(stream, seen)
                    self._is_watched.set()
                    await self._wait()
        finally:
            self._watchers[stream] -= 1
            if not self._watchers[stream]:
                del self._watchers[stream]
                self._last.pop(stream, None)
            if not self._last:
                self._is_watched.clear()

    async def _read(self, key: TrainingKey, place: str) -> list[TrainingEvent]:
        stream = keys.training_events(*key)
        try:
            found = await self._client.xrange(stream, f"({place}", "+", EVENTS_A_READ)
        except (redis.RedisError, OSError) as error:
            raise unavailable("the store is away") from error
        events = []
        for event_id, fields in found:
            sealed = fields.get(b"event", b"")
            event = TrainingEvent.FromString(self._store.seal.open(EVENT_SEAL, sealed, *key))
            event.event_id = event_id.decode()
            events.append(event)
        return events

    async def _wait(self) -> None:
        """Wait for news of any training. A training that is forgotten has none."""
        if self._closed.is_set():
            raise unavailable("the server is stopping")
        closed = asyncio.ensure_future(self._closed.wait())
        news = asyncio.ensure_future(self._next_news())
        try:
            await asyncio.wait({closed, news}, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()
            news.cancel()

    async def _next_news(self) -> None:
        async with self._news:
            await self._news.wait()


def _is_event_id(given: str) -> bool:
    parts = EVENT_ID.fullmatch(given)
    return parts is not None and all(int(part) <= MAX_ID_PART for part in parts.groups())
