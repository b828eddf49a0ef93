"""The LayerService: it sends operations to workers, and answers with the catalogues itself."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import cast

from edunn_serving.internal.v1.training_pb2 import WholeModel
from edunn_serving.replies import STATUS
from edunn_serving.requests import parse_request
from edunn_serving.rpcs import LAYER_RPCS, LAYER_SERVICE
from edunn_serving.settings import Settings
from edunn_serving.v1.layer_service_pb2 import (
    CreateSessionRequest,
    DeleteSessionRequest,
    ExportModelResponse,
    GetSessionRequest,
)
from edunn_serving.v1.step_pb2 import TrainStepRequest
from edunn_serving.v1.training_pb2 import TrainingSpec
from server.audit import Audit
from server.call import EOF, AnsweredWithStatusError, Call, Read, StreamMethod, UnaryMethod
from server.catalogue import layer_types, optimizer_types
from server.compute_stream import ComputeStream
from server.dispatcher import Dispatcher
from server.envelope import head_of
from server.grading.guard import Guard, session_types
from server.limits_answer import limits_answer
from server.model_chunks import MAX_HEADER_BYTES, chunks_of, collect_model
from server.open_streams import OpenStreams
from server.overdue import Limits

IDLE_PRECISION_SECONDS = 0.5


class LayerService:
    """The rpcs of the LayerService."""

    descriptor = LAYER_SERVICE

    def __init__(
        self, dispatcher: Dispatcher, audit: Audit, settings: Settings, guard: Guard
    ) -> None:
        self._dispatcher = dispatcher
        self._guard = guard
        self._audit = audit
        self._settings = settings
        self._streams = OpenStreams(
            in_all=settings.max_streams, a_connection=settings.max_connection_streams
        )
        self._limits = Limits(IDLE_PRECISION_SECONDS)
        self._layer_types = layer_types().SerializeToString()
        self._optimizer_types = optimizer_types().SerializeToString()

    def unary_methods(self) -> Mapping[str, UnaryMethod]:
        """Return the methods that workers run, and those that list the catalogues."""
        on_worker = {
            name: self._on_worker(name)
            for name, rpc in LAYER_RPCS.items()
            if rpc.names_session and not (rpc.client_streaming or rpc.server_streaming)
        }
        return {
            **on_worker,
            "CreateSession": self._create_session,
            "DeleteSession": self._delete_session,
            "ListLayerTypes": self._list_layer_types,
            "ListOptimizerTypes": self._list_optimizer_types,
            "GetLimits": self._get_limits,
        }

    def stream_methods(self) -> Mapping[str, StreamMethod]:
        """Return Compute, and the methods whose models come and go in chunks."""
        return {
            "Compute": self._compute,
            "ExportModel": self._export_model,
            "ImportModel": self._import_model,
        }

    async def _list_layer_types(self, call: Call, request: bytes) -> bytes:
        return self._layer_types

    async def _list_optimizer_types(self, call: Call, request: bytes) -> bytes:
        return self._optimizer_types

    async def _get_limits(self, call: Call, request: bytes) -> bytes:
        return limits_answer(call.usage)

    async def _create_session(self, call: Call, request: bytes) -> bytes:
        complete = _complete_create_session(request)
        with call.usage.one_more_session():
            answer = await self._run("CreateSession", call, complete.SerializeToString())
        self._audit.note("session made", call, session=complete.session_id)
        return answer

    async def _delete_session(self, call: Call, request: bytes) -> bytes:
        answer = await self._run("DeleteSession", call, request)
        call.usage.note_session_ended()
        session = DeleteSessionRequest.FromString(request).session_id
        self._audit.note("session ended", call, session=session)
        return answer

    async def _compute(self, call: Call, read: Read) -> AsyncIterator[bytes]:
        with self._streams.one_more(call.peer):
            stream = ComputeStream(
                self._dispatcher, call, self._settings, self._limits, self._audit, self._check
            )
            async for response in stream.run(read):
                yield response

    async def _export_model(self, call: Call, read: Read) -> AsyncIterator[bytes]:
        request = await read()
        answer = await self._run("ExportModel", call, b"" if request is EOF else request)
        self._dispatcher.answers.hold(call.account, len(answer))
        try:
            for chunk in chunks_of(WholeModel.FromString(answer).file):
                yield ExportModelResponse(chunk=chunk).SerializeToString()
        finally:
            self._dispatcher.answers.release(call.account, len(answer))

    async def _import_model(self, call: Call, read: Read) -> AsyncIterator[bytes]:
        arrivals = self._dispatcher.arrivals
        limit = self._settings.session_parameter_bytes + MAX_HEADER_BYTES
        with arrivals.collecting(call.account) as collection:
            request = await collect_model(lambda: arrivals.read_next(read), limit, collection.grow)
        yield await self._run("ImportModel", call, request)

    def _on_worker(self, method: str) -> UnaryMethod:
        return partial(self._run, method)

    async def _check(self, method: str, call: Call, request: bytes) -> None:
        """Check an operation while an assignment is open."""
        if self._guard.note_call():
            await self._guard.check(call, method, request, self._types_of_session)

    async def check_training(self, call: Call, spec: TrainingSpec) -> None:
        """Check a training while an assignment is open."""
        request = TrainStepRequest(
            session_id=spec.session_id, layer=spec.layer, loss=spec.loss, optimizer=spec.optimizer
        )
        await self._check("TrainStep", call, request.SerializeToString())

    async def _types_of_session(self, call: Call, session_id: str) -> dict[str, frozenset[str]]:
        request = GetSessionRequest(session_id=session_id).SerializeToString()
        return session_types(await self._submit("GetSession", call, request))

    async def _run(self, method: str, call: Call, request: bytes) -> bytes:
        if self._guard.note_call():
            await self._check(method, call, request)
        return await self._submit(method, call, request)

    async def _submit(self, method: str, call: Call, request: bytes) -> bytes:
        deadline_ms = self._dispatcher.redis_ms(call.deadline)
        head = head_of(method, call.caller.name, deadline_ms, request, call.request_id)
        call.usage.check_operation(method, LAYER_RPCS[method], request)
        operation = self._dispatcher.enqueue(head, request, call.deadline, call.account)
        # Cancelling the call cancels the awaited reply too, so the operation leaves its lane.
        reply = await operation.reply
        if reply.kind == STATUS:
            raise AnsweredWithStatusError(reply.data)
        return reply.data


def _complete_create_session(request: bytes) -> CreateSessionRequest:
    """Choose the values that the caller left out. A second run of the request finds the same."""
    message = cast(CreateSessionRequest, parse_request(LAYER_RPCS["CreateSession"], request))
    if not message.session_id:
        message.session_id = secrets.token_urlsafe(16)
    if not message.HasField("seed"):
        message.seed = secrets.randbits(64)
    return message
