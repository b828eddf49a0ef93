"""Looks after trainings: those of dead workers go on, and ended ones are forgotten in time.

Every server does it. What two of them do at once counts once, because a training changes only if
it is as it was read.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import redis
from redis.asyncio import Redis

from edunn_serving import keys
from edunn_serving.artifacts import ArtifactStore
from edunn_serving.celery_message import task_message
from edunn_serving.errors import ServiceError, internal_error
from edunn_serving.pools import TRAINING
from edunn_serving.redis_text import text_of
from edunn_serving.scripts import Script
from edunn_serving.settings import Settings
from edunn_serving.training_store import (
    SLICE_TASK,
    Change,
    StoredTraining,
    TrainingKey,
    as_read,
    end_training,
    shown,
)
from edunn_serving.v1.layer_service_pb2 import OperationError
from edunn_serving.v1.training_pb2 import TrainingState
from server.training.store import TrainingStore

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
# A training that has killed this many workers in one slice has failed.
MAX_DEATHS = 3
FORGOTTEN_A_LOOK = 20


class TrainingKeeper:
    """Looks at the trainings of all callers, again and again."""

    def __init__(
        self, client: Redis, store: TrainingStore, artifacts: ArtifactStore, settings: Settings
    ) -> None:
        # redis-py's types tell neither bytes from text nor one answer from another.
        self._client: Any = client
        self._store = store
        self._artifacts = artifacts
        self._settings = settings
        self._live_workers: Any = client.register_script(Script.named("live_workers").text)
        # The workers that have given a sign of life lately.
        self.workers: frozenset[str] = frozenset()
        # How many tasks too few the last look found.
        self._missing = 0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look once at the workers and at all trainings."""
        try:
            now_ms, workers = await self._live_workers(
                [TRAINING.signs_of_life], [self._settings.worker_timeout_seconds]
            )
            self.workers = frozenset(map(text_of, workers))
            await self._revive(now_ms)
            await self._send_missing()
            await self._forget(now_ms)
        except (redis.RedisError, OSError, ServiceError) as error:
            log.info("the trainings are not looked after: %s", error)

    async def _revive(self, now_ms: int) -> None:
        """Let the trainings of dead workers go on with others."""
        held = await self._client.hgetall(keys.held_trainings())
        for key, holder in held.items():
            if text_of(holder).split(" ")[0] in self.workers:
                continue
            stored = await self._read(key)
            if stored is None or stored.holder != text_of(holder):
                # A training that has gone on meanwhile, or is no more.
                await self._client.hdel(keys.held_trainings(), key)
                continue
            await self._take_from(stored, now_ms)

    async def _read(self, key: bytes) -> StoredTraining | None:
        """Return a training by its key; None if there is none of ours."""
        try:
            return await self._store.find(TrainingKey(*keys.read_training(text_of(key))))
        except ValueError as error:
            log.warning("a training is left alone: %s", error)
            return None

    async def _take_from(self, stored: StoredTraining, now_ms: int) -> None:
        deaths = stored.deaths + 1
        log.warning("the worker %s has died over training %s (%d)",
                    stored.holder, stored.record.folder, deaths)  # fmt: skip
        change = Change(stored.key, as_read(stored), {}, released=True)
        if deaths < MAX_DEATHS:
            change.ready = True
            change.values = {"holder": "", "deaths": deaths}
        else:
            error = internal_error(stored.record.folder)
            error.message = f"{deaths} workers have died over one slice of the training; it is kept"
            training = stored.training
            training.state = TrainingState.TRAINING_STATE_FAILED
            status = error.to_status().SerializeToString()
            training.error.CopyFrom(OperationError.FromString(status))
            history = self._settings.training_history_seconds
            change.events = [end_training(training, change, now_ms, history)]
            change.values = {**shown(training), "holder": "", "deaths": 0}
        await self._store.change(change)

    async def _send_missing(self) -> None:
        """Send a task for each training that waits without one.

        A task is lost if its worker dies before it takes a training, or if Redis loses its queue.
        """
        callers = await self._client.zrange(keys.ready_callers(), 0, -1)
        waiting = 0
        for caller in callers:
            waiting += await self._client.llen(keys.ready_trainings(text_of(caller)))
        missing = waiting - await self._client.llen(TRAINING.queue)
        # A worker may be about to take a training with the task that it has just received.
        lasting = min(missing, self._missing)
        for _ in range(max(0, lasting)):
            await self._client.lpush(
                TRAINING.queue, task_message(SLICE_TASK, TRAINING.queue, self._store.seal)
            )
        self._missing = missing

    async def _forget(self, now_ms: int) -> None:
        """Forget trainings whose time has come, with their files."""
        due = await self._client.zrangebyscore(
            keys.ended_trainings(), "-inf", now_ms, 0, FORGOTTEN_A_LOOK
        )
        for key in due:
            stored = await self._read(key)
            if stored is not None:
                record = stored.record
                await asyncio.to_thread(self._artifacts.remove, record.folder)
                await self._remove(TrainingKey(record.caller, record.training_id), record.folder)
            await self._client.zrem(keys.ended_trainings(), key)

    async def _remove(self, key: TrainingKey, folder: str) -> None:
        pipeline = self._client.pipeline(transaction=True)
        pipeline.delete(keys.training(*key), keys.training_events(*key))
        pipeline.zrem(keys.trainings(key.caller), key.training_id)
        pipeline.hdel(keys.artifacts(key.caller), folder)
        await pipeline.execute()
