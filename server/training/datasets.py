"""Data sets: uploaded in chunks, checked as they come, and stored whole or not at all."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from google.protobuf.message import DecodeError

from edunn_serving.artifacts import ArtifactStore, caller_folder, write_all
from edunn_serving.bundled_datasets import BUNDLED
from edunn_serving.dataset_files import array_bytes
from edunn_serving.errors import (
    Reason,
    ServiceError,
    invalid_argument,
    invalid_arguments,
    quoted,
)
from edunn_serving.internal.v1.training_pb2 import DatasetRecord
from edunn_serving.settings import Settings
from edunn_serving.v1.dataset_pb2 import ArraySpec, Dataset
from edunn_serving.v1.tensor_pb2 import DataType
from edunn_serving.v1.training_service_pb2 import (
    DatasetHeader,
    DeleteDatasetResponse,
    ListDatasetsResponse,
    UploadDatasetRequest,
    UploadDatasetResponse,
)
from server.call import EOF, Call, Read
from server.grading.guard import Guard
from server.in_full import in_full, in_thread
from server.open_streams import OpenStreams
from server.training.content import DTYPES, Content
from server.training.in_order import InOrder
from server.training.names import check_name
from server.training.store import TrainingStore, dataset_not_found

MAX_AXES = 32
# Uploads of one server, and of one connection.
MAX_UPLOADS, MAX_CONNECTION_UPLOADS = 16, 4


class Datasets:
    """The rpcs about data sets."""

    def __init__(
        self, store: TrainingStore, artifacts: ArtifactStore, settings: Settings, guard: Guard
    ) -> None:
        self._guard = guard
        self._store = store
        self._artifacts = artifacts
        self._settings = settings
        self._uploads = OpenStreams(in_all=MAX_UPLOADS, a_connection=MAX_CONNECTION_UPLOADS)

    async def upload(
        self, call: Call, read: Read, now_ms: Callable[[], int]
    ) -> AsyncIterator[bytes]:
        """Store a data set that comes in chunks."""
        with self._uploads.one_more(call.peer):
            header = _header_of(await _next(read))
            self._check(header)
            caller = call.caller.name
            known = await self._known(caller, header.name, header.digest, header.replace)
            if known is None:
                dataset = Dataset(
                    name=header.name,
                    x=header.x,
                    y=header.y,
                    size_bytes=array_bytes(header.x) + array_bytes(header.y),
                )
                dataset.create_time.FromMilliseconds(now_ms())
                known = await self._receive(call, header, dataset, read)
            yield known.SerializeToString()

    async def _receive(
        self, call: Call, header: DatasetHeader, dataset: Dataset, read: Read
    ) -> UploadDatasetResponse:
        caller = call.caller.name
        path = f"{caller_folder(caller)}/datasets/{secrets.token_hex(16)}.safetensors"
        content = Content(header, partial(self._guard.check_samples, call))
        budget = self._settings.artifact_bytes
        async with self._store.reserved(
            caller, path, dataset.size_bytes, budget, self._artifacts
        ) as reservation:
            await self._write(path, content, read)
            dataset.digest = content.finish()
            content.describe(dataset)
            known = await self._known(caller, header.name, dataset.digest, header.replace)
            if known is None:
                record = DatasetRecord(dataset=dataset, path=path)
                await in_full(self._put(caller, record, reservation))
                return UploadDatasetResponse(dataset=dataset)
            # The same bytes were there, though the header did not say so.
            await in_full(self._store.discard(caller, path, self._artifacts))
        return known

    async def _write(self, path: str, content: Content, read: Read) -> None:
        """Write and hash the chunks while the next ones arrive."""
        with_file = self._artifacts.writing(path)
        file = await in_thread(with_file.__enter__)
        try:
            await in_thread(write_all, file, content.file_header)
            # The digest takes longer than all the rest, so it has a thread of its own.
            works = [InOrder(partial(content.write, file)), InOrder(content.hash)]
            try:
                while (request := await read()) is not EOF:
                    if self._guard.note_call():
                        await self._guard.catch_up()
                    for work in works:
                        await work.put(request)
                for work in works:
                    await work.end()
            finally:
                # The threads must have done with the file before it is closed.
                for work in works:
                    await work.stop()
            content.check_complete()
        except BaseException as error:
            await in_thread(_leave, with_file, error)
            raise
        await in_thread(with_file.__exit__, None, None, None)

    async def _known(
        self, caller: str, name: str, digest: str, replace: bool
    ) -> UploadDatasetResponse | None:
        """Return the answer of an upload whose bytes are stored. The name then has them."""
        if name in BUNDLED:
            raise _exists(name, "edunn brings a data set of this name")
        own = await self._store.datasets(caller)
        present = own.get(name)
        if present is not None and digest and present.dataset.digest == digest:
            return UploadDatasetResponse(dataset=present.dataset, was_stored=True)
        if present is not None and not replace:
            raise _exists(name, "you have another data set of this name: set `replace`")
        if present is not None and await self._store.is_used(caller, present.path):
            raise _under_way(name)
        same = next(
            (each for each in own.values() if digest and each.dataset.digest == digest), None
        )
        if same is None:
            return None
        record = DatasetRecord.FromString(same.SerializeToString())
        record.dataset.name = name
        await self._put(caller, record)
        return UploadDatasetResponse(dataset=record.dataset, was_stored=True)

    async def _put(self, caller: str, record: DatasetRecord, reservation: str = "") -> None:
        """Give a name to a stored data set. What it had before is removed."""
        before = (await self._store.datasets(caller)).get(record.dataset.name)
        await self._store.put_dataset(caller, record, reservation)
        if before is not None and before.path != record.path:
            await self._remove_content(caller, before.path)

    async def list(self, call: Call, request: bytes) -> bytes:
        """List the caller's data sets and the service's."""
        own = await self._store.datasets(call.caller.name)
        found = dict(BUNDLED) | {name: record.dataset for name, record in own.items()}
        return ListDatasetsResponse(
            datasets=[found[name] for name in sorted(found)],
            used_bytes=await self._store.used_bytes(call.caller.name),
            budget_bytes=self._settings.artifact_bytes,
        ).SerializeToString()

    async def delete(self, call: Call, name: str) -> bytes:
        """Remove a data set of the caller's."""
        record = (await self._store.datasets(call.caller.name)).get(name)
        if record is None:
            if name in BUNDLED:
                raise invalid_argument("name", f"edunn brings the data set {name!r}: it stays")
            raise dataset_not_found(name)
        if await self._store.is_used(call.caller.name, record.path):
            raise _under_way(name)
        await self._store.remove_dataset(call.caller.name, name)
        await self._remove_content(call.caller.name, record.path)
        return DeleteDatasetResponse().SerializeToString()

    async def _remove_content(self, caller: str, path: str) -> None:
        """Remove what no name of the caller's has any more."""
        if any(each.path == path for each in (await self._store.datasets(caller)).values()):
            return
        await in_full(self._store.discard(caller, path, self._artifacts))

    def _check(self, header: DatasetHeader) -> None:
        violations = []
        for name, spec in (("x", header.x), ("y", header.y)):
            violations += [(f"header.{name}.{field}", text) for field, text in _faults(spec)]
        if not violations and header.x.shape[0] != header.y.shape[0]:
            violations.append(
                (
                    "header.y.shape",
                    f"expected as many samples as x has, {header.x.shape[0]}, "
                    f"got {header.y.shape[0]}",
                )
            )
        if header.digest and not re.fullmatch("[0-9a-f]{64}", header.digest):
            violations.append(("header.digest", "expected 64 hexadecimal digits in lower case"))
        check_name("header.name", header.name, violations)
        if violations:
            raise invalid_arguments(violations)
        size = array_bytes(header.x) + array_bytes(header.y)
        if size > self._settings.dataset_bytes:
            limit = self._settings.dataset_bytes
            raise ServiceError(
                Reason.TOO_LARGE,
                f"the data set would take {size} bytes, {limit} are allowed",
                violations=[("header.x.shape", f"the data set may take {limit} bytes, got {size}")],
                metadata={"bytes": str(size), "limit": str(limit)},
            )


def _faults(spec: ArraySpec) -> list[tuple[str, str]]:
    if spec.data_type not in DTYPES:
        names = ", ".join(map(DataType.Name, DTYPES))
        return [("data_type", f"expected one of {names}, got {spec.data_type}")]
    shape = list(spec.shape)
    if not 1 <= len(shape) <= MAX_AXES:
        return [("shape", f"expected 1 to {MAX_AXES} axes, got {len(shape)}")]
    if min(shape) < 1:
        return [("shape", f"expected sizes of 1 or more, got {shape}"[:300])]
    return []


async def _next(read: Read) -> UploadDatasetRequest:
    request = await read()
    if request is EOF:
        raise invalid_argument("header", "expected a header, the upload has ended before")
    return _parsed(request)


def _header_of(request: UploadDatasetRequest) -> DatasetHeader:
    if request.WhichOneof("part") != "header":
        raise invalid_argument("header", "expected a header in the first message")
    return request.header


def _parsed(request: bytes) -> UploadDatasetRequest:
    try:
        return UploadDatasetRequest.FromString(request)
    except DecodeError as error:
        raise invalid_argument("request", f"not an UploadDatasetRequest: {error}") from error


def _leave(with_file: Any, error: BaseException) -> None:
    """Leave the block of a file by an error, which removes the file."""
    with suppress(type(error)):
        with_file.__exit__(type(error), error, error.__traceback__)


def _exists(name: str, why: str) -> ServiceError:
    return ServiceError(
        Reason.DATASET_EXISTS,
        f"the data set {quoted(name)} cannot be stored: {why}",
        metadata={"dataset": name},
    )


def _under_way(name: str) -> ServiceError:
    return ServiceError(
        Reason.TRAINING_UNDER_WAY,
        f"a training that has not ended needs the data set {quoted(name)}: cancel it first",
        metadata={"dataset": name},
    )
