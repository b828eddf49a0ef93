"""Trainings, data sets and budgets in Redis, as a server reads and changes them."""

from __future__ import annotations

import functools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

import redis
from redis.asyncio import Redis

from edunn_serving import keys
from edunn_serving.artifacts import ArtifactStore
from edunn_serving.bundled_datasets import BUNDLED
from edunn_serving.errors import Reason, ServiceError, quoted, unavailable
from edunn_serving.internal.v1.training_pb2 import DatasetRecord
from edunn_serving.redis_text import text_of
from edunn_serving.scripts import Script
from edunn_serving.seal import Seal
from edunn_serving.training_store import CHANGE_SCRIPT, Change, StoredTraining, TrainingKey
from server.in_full import in_full, in_thread

log = logging.getLogger(__name__)

# A file that is not complete after this time belongs to a server that has died.
RESERVED, RESERVED_MS = "reserved:", 6 * 3600 * 1000
# The kind of the seals of data sets.
DATASET_SEAL = "dataset"

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _told(
    method: Callable[Parameters, Awaitable[Result]],
) -> Callable[Parameters, Awaitable[Result]]:
    """Turn Redis's errors into ours."""

    @functools.wraps(method)
    async def told(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return await method(*args, **kwargs)
        except redis.OutOfMemoryError as error:
            raise ServiceError(
                Reason.QUOTA, "the store has no memory left: try again later", retry_after=5.0
            ) from error
        except (redis.RedisError, OSError) as error:
            raise unavailable("the store is away") from error

    return told


class TrainingStore:
    """The trainings and data sets of all callers. Errors: UNAVAILABLE, QUOTA if Redis is full."""

    def __init__(self, client: Redis, seal: Seal) -> None:
        self.seal = seal
        # redis-py's types tell neither bytes from text nor one answer from another.
        self.client: Any = client
        self._change: Any = client.register_script(CHANGE_SCRIPT.text)
        script = Script.named("reserve_artifact", prefix=RESERVED, reserved_ms=RESERVED_MS)
        self._reserve: Any = client.register_script(script.text)

    @_told
    async def find(self, key: TrainingKey) -> StoredTraining | None:
        """Return a training; None if there is none."""
        fields = await self.client.hgetall(keys.training(*key))
        return StoredTraining.of(key, fields, self.seal) if fields else None

    async def get(self, key: TrainingKey) -> StoredTraining:
        """Return a training. TRAINING_NOT_FOUND: there is none."""
        stored = await self.find(key)
        if stored is None:
            raise training_not_found(key.training_id)
        return stored

    @_told
    async def change(self, change: Change) -> bool:
        """Make a change; False if the training was changed by somebody else meanwhile."""
        return bool(await self._change(*change.keys_and_arguments(self.seal)) == b"done")

    @_told
    async def page(
        self, caller: str, after: tuple[int, str] | None, size: int
    ) -> list[tuple[int, str]]:
        """Return the times and ids of trainings, the newest first, from one on."""
        found: list[tuple[int, str]] = []
        offset, newest = 0, after[0] if after else "+inf"
        while len(found) < size:
            entries = await self.client.zrevrangebyscore(
                keys.trainings(caller), newest, "-inf", offset, size, withscores=True
            )
            if not entries:
                break
            offset += len(entries)
            places = [(int(time), text_of(name)) for name, time in entries]
            # Those of one ms are in the order of their names.
            found += [place for place in places if after is None or place < after]
        return found[:size]

    @_told
    async def datasets(self, caller: str) -> dict[str, DatasetRecord]:
        """Return a caller's own data sets, by name."""
        found = await self.client.hgetall(keys.datasets(caller))
        return {
            name: DatasetRecord.FromString(self.seal.open(DATASET_SEAL, data, caller, name))
            for name, data in ((text_of(each), data) for each, data in found.items())
        }

    async def dataset(self, caller: str, name: str) -> DatasetRecord:
        """Return a data set of the caller's or of the service's. DATASET_NOT_FOUND: none."""
        own = (await self.datasets(caller)).get(name)
        if own is not None:
            return own
        bundled = BUNDLED.get(name)
        if bundled is None:
            raise dataset_not_found(name)
        return DatasetRecord(dataset=bundled)

    @_told
    async def put_dataset(self, caller: str, record: DatasetRecord, reservation: str = "") -> None:
        """Store the record of a data set. A reservation of its bytes becomes their place."""
        pipeline = self.client.pipeline(transaction=True)
        name = record.dataset.name
        sealed = self.seal.close(DATASET_SEAL, record.SerializeToString(), caller, name)
        pipeline.hset(keys.datasets(caller), name, sealed)
        if reservation:
            pipeline.hset(keys.artifacts(caller), record.path, record.dataset.size_bytes)
            pipeline.hdel(keys.artifacts(caller), reservation)
        await pipeline.execute()

    @_told
    async def remove_dataset(self, caller: str, name: str) -> None:
        """Forget the record of a data set."""
        await self.client.hdel(keys.datasets(caller), name)

    async def is_used(self, caller: str, path: str) -> bool:
        """Tell whether a training that has not ended needs a data set."""
        for training_id in await self._active(caller):
            stored = await self.find(TrainingKey(caller, training_id))
            if stored is not None and stored.record.dataset.path == path:
                return True
        return False

    @_told
    async def _active(self, caller: str) -> list[str]:
        members = await self.client.smembers(keys.active_trainings(caller))
        return list(map(text_of, members))

    @_told
    async def _room_for(
        self, caller: str, path: str, size: int, budget: int
    ) -> tuple[str, list[str]]:
        """Reserve bytes of a caller's budget. QUOTA: there is no room.

        Returns the reservation's name, and the paths that servers have left behind that died.
        """
        fits, used, name, lost = await self._reserve([keys.artifacts(caller)], [path, size, budget])
        if not fits:
            raise ServiceError(
                Reason.QUOTA,
                f"your data sets, checkpoints and models take {used} bytes, {budget} are allowed, "
                f"and {size} more would be needed: delete data sets, or let trainings be forgotten",
                metadata={"quota": "artifact_bytes", "limit": str(budget), "used": str(used)},
            )
        return text_of(name), list(map(text_of, lost))

    @_told
    async def release(self, caller: str, path: str) -> None:
        """Give back the bytes of an artifact."""
        await self.client.hdel(keys.artifacts(caller), path)

    @_told
    async def is_stored(self, caller: str, path: str) -> bool:
        """Tell whether a caller has an artifact."""
        return bool(await self.client.hexists(keys.artifacts(caller), path))

    @_told
    async def used_bytes(self, caller: str) -> int:
        """Return the bytes of a caller's artifacts."""
        return sum(map(int, await self.client.hvals(keys.artifacts(caller))))

    @asynccontextmanager
    async def reserved(
        self, caller: str, path: str, size: int, budget: int, artifacts: ArtifactStore
    ) -> AsyncIterator[str]:
        """Reserve bytes for a file while the block makes it, and give the reservation's name.

        The block makes a place of it in the step that makes the file count. What is still reserved
        at the end is given back. If the block fails, the file is removed.
        """
        name, lost = await self._room_for(caller, path, size, budget)
        for each in lost:
            await self.discard(caller, each, artifacts)
        try:
            yield name
        except BaseException:
            # The block may have failed after the step that made the file count.
            if await self.is_stored(caller, name):
                await in_full(self.discard(caller, path, artifacts, reservation=name))
            raise
        await self.release(caller, name)

    async def discard(
        self, caller: str, path: str, artifacts: ArtifactStore, *, reservation: str = ""
    ) -> None:
        """Remove a file of which nothing tells any more, and give back its bytes.

        If the artifact store is away, a later reservation of the caller's removes the file.
        """
        try:
            await in_thread(artifacts.remove, path)
        except ServiceError as error:
            log.warning("the file %s stays for now: %s", path, error.message)
            await self._abandon(caller, path, reservation)
        else:
            await self.release(caller, reservation or path)

    @_told
    async def _abandon(self, caller: str, path: str, reservation: str) -> None:
        """Let a place in a caller's budget, or a reservation, be taken for one of a dead server."""
        place = reservation or path
        size = int(await self.client.hget(keys.artifacts(caller), place) or 0)
        pipeline = self.client.pipeline(transaction=True)
        pipeline.hset(keys.artifacts(caller), f"{RESERVED}0:{path}", size)
        pipeline.hdel(keys.artifacts(caller), place)
        await pipeline.execute()


def training_not_found(training_id: str) -> ServiceError:
    """Return the error of a training that does not exist, is forgotten, or is another caller's."""
    return ServiceError(
        Reason.TRAINING_NOT_FOUND,
        f"there is no training {quoted(training_id)}: it was never started, or is forgotten",
        metadata={"training_id": training_id},
    )


def dataset_removed(name: str) -> ServiceError:
    """Return the error of a training whose data set is no more. Its name may have another one."""
    return ServiceError(
        Reason.DATASET_NOT_FOUND,
        f"the data set {quoted(name)} with which the training began has been removed: upload the "
        "same elements again",
        metadata={"dataset": name},
    )


def dataset_not_found(name: str) -> ServiceError:
    """Return the error of a data set that does not exist or is another caller's."""
    return ServiceError(
        Reason.DATASET_NOT_FOUND,
        f"there is no data set {quoted(name)}: ListDatasets has those that there are",
        metadata={"dataset": name},
    )
