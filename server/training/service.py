"""The TrainingService: starts, shows, cancels and resumes trainings."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from edunn_serving.artifacts import (
    ArtifactMissingError,
    ArtifactStore,
    checkpoint_path,
    new_training_folder,
)
from edunn_serving.errors import (
    Reason,
    ServiceError,
    invalid_argument,
    invalid_arguments,
    quoted,
    unavailable,
)
from edunn_serving.internal.v1.training_pb2 import (
    PrepareTrainingRequest,
    PrepareTrainingResponse,
    TrainingRecord,
)
from edunn_serving.replies import STATUS
from edunn_serving.rpcs import TRAINING_SERVICE
from edunn_serving.settings import Settings
from edunn_serving.training_store import (
    Artifact,
    Change,
    StoredTraining,
    TrainingKey,
    as_read,
    end_training,
    new_training,
    shown,
)
from edunn_serving.v1.training_pb2 import (
    Training,
    TrainingOutcome,
    TrainingSpec,
    TrainingState,
)
from edunn_serving.v1.training_service_pb2 import (
    CancelTrainingRequest,
    CancelTrainingResponse,
    DeleteDatasetRequest,
    DownloadModelRequest,
    DownloadModelResponse,
    GetTrainingRequest,
    GetTrainingResponse,
    ListTrainingsRequest,
    ListTrainingsResponse,
    ResumeTrainingRequest,
    ResumeTrainingResponse,
    StartTrainingRequest,
    StartTrainingResponse,
    WatchTrainingRequest,
    WatchTrainingResponse,
)
from server.call import EOF, AnsweredWithStatusError, Call, Read, StreamMethod, UnaryMethod
from server.dispatcher import Dispatcher
from server.envelope import head_of
from server.grading.guard import Guard
from server.in_full import in_full, in_thread
from server.open_streams import OpenStreams
from server.training.datasets import Datasets
from server.training.events import TrainingEvents
from server.training.keeper import TrainingKeeper
from server.training.names import check_name
from server.training.store import TrainingStore, dataset_removed

DEFAULT_PAGE, MAX_PAGE = 50, 1000
# A training that others change at once is read and changed again, at most this often.
MAX_TRIES = 20
CHUNK_BYTES = 1024 * 1024

SomeMessage = TypeVar("SomeMessage", bound=Message)


# Raises if the caller may not train like this.
CheckTraining = Callable[[Call, TrainingSpec], Awaitable[None]]


class TrainingService:
    """The rpcs of the TrainingService."""

    descriptor = TRAINING_SERVICE

    def __init__(
        self, dispatcher: Dispatcher, settings: Settings, check: CheckTraining, guard: Guard
    ) -> None:
        self._dispatcher = dispatcher
        self._settings = settings
        self._check = check
        client = dispatcher.link.client
        self._artifacts = ArtifactStore(settings.artifacts)
        self._store = TrainingStore(client, settings.seal())
        self._datasets = Datasets(self._store, self._artifacts, settings, guard)
        self._events = TrainingEvents(client, self._store, dispatcher.closed)
        self._keeper = TrainingKeeper(client, self._store, self._artifacts, settings)
        self._watchers = OpenStreams(
            in_all=settings.max_streams, a_connection=settings.max_connection_streams
        )

    async def look(self) -> None:
        """Look for the workers that live, before the first call."""
        await self._keeper.look()

    async def run(self) -> None:
        """Look after trainings and read their events until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._events.run())
            tasks.create_task(self._keeper.run())

    def is_serving(self) -> bool:
        """Tell whether a worker for trainings lives."""
        return bool(self._keeper.workers)

    def unary_methods(self) -> Mapping[str, UnaryMethod]:
        """Return the methods with one request and one answer."""
        return {
            "ListDatasets": self._datasets.list,
            "DeleteDataset": self._delete_dataset,
            "StartTraining": self._start,
            "GetTraining": self._get,
            "ListTrainings": self._list,
            "CancelTraining": self._cancel,
            "ResumeTraining": self._resume,
        }

    def stream_methods(self) -> Mapping[str, StreamMethod]:
        """Return the other methods."""
        return {
            "UploadDataset": self._upload,
            "WatchTraining": self._watch,
            "DownloadModel": self._download,
        }

    async def _upload(self, call: Call, read: Read) -> AsyncIterator[bytes]:
        async for answer in self._datasets.upload(call, read, self._now_ms):
            yield answer

    async def _delete_dataset(self, call: Call, request: bytes) -> bytes:
        return await self._datasets.delete(call, _parsed(DeleteDatasetRequest, request).name)

    async def _start(self, call: Call, request: bytes) -> bytes:
        message = _parsed(StartTrainingRequest, request)
        spec = message.spec
        if message.training_id:
            violations: list[tuple[str, str]] = []
            check_name("training_id", message.training_id, violations)
            if violations:
                raise invalid_arguments(violations)
        key = TrainingKey(call.caller.name, message.training_id or secrets.token_urlsafe(16))
        digest = hashlib.sha256(spec.SerializeToString(deterministic=True)).digest()
        if message.training_id and (stored := await self._store.find(key)):
            return _started(stored, digest)
        await self._check(call, spec)
        if not spec.dataset:
            raise invalid_argument("spec.dataset", "expected the name of a data set, got none")
        dataset = await self._store.dataset(call.caller.name, spec.dataset)
        if not spec.HasField("seed"):
            spec.seed = secrets.randbits(64)
        prepared = await self._prepare(
            call,
            PrepareTrainingRequest(
                session_id=spec.session_id, layer=spec.layer, spec=spec, dataset=dataset.dataset
            ),
        )
        record = TrainingRecord(
            caller=call.caller.name,
            training_id=key.training_id,
            folder=new_training_folder(call.caller.name),
            spec=prepared.spec,
            layer=prepared.layer,
            loss=prepared.loss,
            dataset=dataset,
            incarnation=prepared.incarnation,
            parameters_version=prepared.parameters_version,
            request_digest=digest,
            checkpoint_bytes=prepared.checkpoint_bytes,
        )
        training = Training(
            training_id=key.training_id,
            spec=prepared.spec,
            state=TrainingState.TRAINING_STATE_QUEUED,
        )
        training.create_time.FromMilliseconds(self._now_ms())
        checkpoint = checkpoint_path(record.folder, 0)
        budget = self._settings.artifact_bytes
        # While a checkpoint is written the one before is there too.
        room = 2 * record.checkpoint_bytes
        async with self._store.reserved(
            call.caller.name, record.folder, room, budget, self._artifacts
        ) as reservation:
            await in_thread(self._artifacts.put, checkpoint, prepared.model)
            change = new_training(record, training, checkpoint)
            change.artifact = Artifact(record.folder, room, reservation)
            if not await in_full(self._store.change(change)):
                # The same request has come twice at once.
                await in_thread(self._artifacts.remove, record.folder)
                return _started(await self._store.get(key), digest)
        return StartTrainingResponse(training=training).SerializeToString()

    async def _prepare(
        self, call: Call, request: PrepareTrainingRequest
    ) -> PrepareTrainingResponse:
        """Have a worker check a training and copy its layer."""
        data = request.SerializeToString()
        deadline_ms = self._dispatcher.redis_ms(call.deadline)
        head = head_of("PrepareTraining", call.caller.name, deadline_ms, data)
        reply = await self._dispatcher.enqueue(head, data, call.deadline, call.account).reply
        if reply.kind == STATUS:
            raise AnsweredWithStatusError(reply.data)
        return PrepareTrainingResponse.FromString(reply.data)

    async def _get(self, call: Call, request: bytes) -> bytes:
        key = TrainingKey(call.caller.name, _parsed(GetTrainingRequest, request).training_id)
        stored = await self._store.get(key)
        return GetTrainingResponse(training=stored.training).SerializeToString()

    async def _list(self, call: Call, request: bytes) -> bytes:
        message = _parsed(ListTrainingsRequest, request)
        size = message.page_size or DEFAULT_PAGE
        if not 1 <= size <= MAX_PAGE:
            raise invalid_argument("page_size", f"expected 1 to {MAX_PAGE}, got {size}")
        after = _place_of(message.page_token) if message.page_token else None
        places = await self._store.page(call.caller.name, after, size + 1)
        answer = ListTrainingsResponse()
        for _, training_id in places[:size]:
            stored = await self._store.find(TrainingKey(call.caller.name, training_id))
            # One may have been forgotten meanwhile.
            if stored is not None:
                stored.training.ClearField("epochs")
                answer.trainings.append(stored.training)
        if len(places) > size:
            answer.next_page_token = _token_of(places[size - 1])
        return answer.SerializeToString()

    async def _cancel(self, call: Call, request: bytes) -> bytes:
        key = TrainingKey(call.caller.name, _parsed(CancelTrainingRequest, request).training_id)
        for _ in range(MAX_TRIES):
            stored = await self._store.get(key)
            training = stored.training
            if stored.has_ended or training.cancel_requested:
                break
            training.cancel_requested = True
            change = Change(key, as_read(stored), {"cancel": 1}, cancelled=True)
            if not stored.holder:
                # No worker computes it now, so it ends here.
                training.state = TrainingState.TRAINING_STATE_CANCELLED
                history = self._settings.training_history_seconds
                change.waits, change.cancelled = True, False
                change.events = [end_training(training, change, self._now_ms(), history)]
                change.values = {**shown(training), "cancel": 1}
            if await self._store.change(change):
                break
        else:
            raise unavailable("the training is changing")
        return CancelTrainingResponse(training=training).SerializeToString()

    async def _resume(self, call: Call, request: bytes) -> bytes:
        key = TrainingKey(call.caller.name, _parsed(ResumeTrainingRequest, request).training_id)
        for _ in range(MAX_TRIES):
            stored = await self._store.get(key)
            training = stored.training
            if training.state == TrainingState.TRAINING_STATE_SUCCEEDED:
                raise _ended(key.training_id)
            if not stored.has_ended:
                break
            await self._find_dataset(stored.record)
            training.state = TrainingState.TRAINING_STATE_QUEUED
            training.outcome = TrainingOutcome.TRAINING_OUTCOME_UNSPECIFIED
            training.cancel_requested = False
            for field in ("error", "end_time", "expire_time"):
                training.ClearField(field)
            record = stored.record.SerializeToString()
            values = {**shown(training), "record": record, "cancel": 0, "deaths": 0}
            change = Change(key, as_read(stored), values, ready=True, resumed=True)
            if await self._store.change(change):
                break
        else:
            raise unavailable("the training is changing")
        return ResumeTrainingResponse(training=training).SerializeToString()

    async def _find_dataset(self, record: TrainingRecord) -> None:
        """Find the data set of a training again, which may have been removed and uploaded anew."""
        dataset = record.dataset
        if not dataset.path or await self._store.is_stored(record.caller, dataset.path):
            return
        for each in (await self._store.datasets(record.caller)).values():
            if each.dataset.digest == dataset.dataset.digest:
                dataset.path = each.path
                return
        raise dataset_removed(dataset.dataset.name)

    async def _watch(self, call: Call, read: Read) -> AsyncIterator[bytes]:
        request = _parsed(WatchTrainingRequest, await _only(read))
        key = TrainingKey(call.caller.name, request.training_id)
        with self._watchers.one_more(call.peer):
            async for event in self._events.watch(key, request.after_event_id):
                yield WatchTrainingResponse(event=event).SerializeToString()

    async def _download(self, call: Call, read: Read) -> AsyncIterator[bytes]:
        request = _parsed(DownloadModelRequest, await _only(read))
        key = TrainingKey(call.caller.name, request.training_id)
        for _ in range(MAX_TRIES):
            stored = await self._store.get(key)
            try:
                data = await asyncio.to_thread(self._artifacts.get, stored.checkpoint)
            except ArtifactMissingError:
                # The training has gone on, and another checkpoint has taken the place of this one.
                continue
            for at in range(0, len(data), CHUNK_BYTES):
                chunk = data[at : at + CHUNK_BYTES]
                yield DownloadModelResponse(chunk=chunk).SerializeToString()
            return
        raise unavailable("the model is changing")

    def _now_ms(self) -> int:
        return self._dispatcher.redis_ms(time.monotonic())


def _parsed(kind: type[SomeMessage], request: bytes) -> SomeMessage:
    try:
        return kind.FromString(request)
    except DecodeError as error:
        raise invalid_argument("request", f"not a {kind.__name__}: {error}") from error


async def _only(read: Read) -> bytes:
    """Return the one request of a method that streams answers."""
    request = await read()
    if request is EOF:
        raise invalid_argument("request", "expected a request, got none")
    data: bytes = request
    return data


def _started(stored: StoredTraining, digest: bytes) -> bytes:
    """Answer a StartTraining with the training that its id has."""
    if stored.record.request_digest != digest:
        training_id = stored.record.training_id
        raise ServiceError(
            Reason.TRAINING_EXISTS,
            f"you have a training {quoted(training_id)} that does something else: "
            "choose another training_id",
            metadata={"training_id": training_id},
        )
    return StartTrainingResponse(training=stored.training).SerializeToString()


def _ended(training_id: str) -> ServiceError:
    return ServiceError(
        Reason.TRAINING_ENDED,
        f"the training {quoted(training_id)} has succeeded: start another one",
        metadata={"training_id": training_id},
    )


def _token_of(place: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place_of(token: str) -> tuple[int, str]:
    try:
        time_ms, name = json.loads(base64.urlsafe_b64decode(token.encode()))
        if type(time_ms) is not int or type(name) is not str:
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise invalid_argument(
            "page_token", "expected the next_page_token of a page before"
        ) from None
    return time_ms, name
