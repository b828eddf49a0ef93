"""The LayerService: decodes no more than it must, has the work done, encodes the answer."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from edunn_serving.errors import ServiceError, invalid_argument, logged_fault
from edunn_serving.replies import RESPONSE, STATUS
from edunn_serving.v1.layer_service_pb2 import DESCRIPTOR, CreateSessionRequest
from server.admission import AdmittingHandler
from server.authentication import Authenticator
from server.catalogue import layer_types
from server.compute_stream import ComputeStream, answer_too_large
from server.dispatcher import Dispatcher
from server.envelope import head_of
from server.status import abort, abort_with_status

log = logging.getLogger(__name__)

SERVICE = DESCRIPTOR.services_by_name["LayerService"].full_name

# The methods that workers run. Their requests and responses pass through the server as bytes.
WORKER_METHODS = (
    "CreateSession",
    "GetSession",
    "DeleteSession",
    "AddLayer",
    "Forward",
    "Backward",
    "GetParameters",
    "SetParameters",
)

Context = grpc.aio.ServicerContext[bytes, bytes]
UnaryHandler = Callable[[bytes, Context], Awaitable[bytes]]


class LayerService:
    """The rpcs of the LayerService."""

    def __init__(
        self, dispatcher: Dispatcher, authenticator: Authenticator, *, max_message_bytes: int
    ) -> None:
        self._dispatcher = dispatcher
        self._max_message_bytes = max_message_bytes
        self._authenticator = authenticator
        self._layer_types = layer_types().SerializeToString()

    def handlers(self) -> grpc.GenericRpcHandler:
        """Return the handlers to register with a server."""
        # Without serializers: the bytes of most messages are none of the server's business.
        on_worker = {method: self._on_worker(method) for method in WORKER_METHODS}
        unary = {**on_worker, "ListLayerTypes": self._list_layer_types}
        handlers: dict[str, Any] = {
            name: grpc.unary_unary_rpc_method_handler(each) for name, each in unary.items()
        }
        handlers["Compute"] = grpc.stream_stream_rpc_method_handler(self._compute)
        return AdmittingHandler(SERVICE, handlers, on_worker, self._dispatcher.admission)

    async def _list_layer_types(self, request: bytes, context: Context) -> bytes:
        try:
            self._authenticator.caller(context.invocation_metadata())
        except ServiceError as error:
            await abort(context, error)
        return self._layer_types

    async def _compute(
        self, requests: AsyncIterator[bytes], context: Context
    ) -> AsyncIterator[bytes]:
        try:
            caller = self._authenticator.caller(context.invocation_metadata())
            stream = ComputeStream(
                self._dispatcher,
                caller,
                deadline_of(context),
                max_message_bytes=self._max_message_bytes,
            )
            # Not by way of `requests`, which keeps each message until it has the next.
            async for response in stream.run(context.read):
                yield response
        except ServiceError as error:
            log.info("Compute %s %s", error.code.name, error.reason.name)
            await abort(context, error)
        except Exception:
            await abort(context, logged_fault("Compute"))

    def _on_worker(self, method: str) -> UnaryHandler:
        async def handle(request: bytes, context: Context) -> bytes:
            began = time.monotonic()
            self._dispatcher.admission.note_read(len(request))
            try:
                caller = self._authenticator.caller(context.invocation_metadata())
                if method == "CreateSession":
                    request = _complete_create_session(request)
                deadline = deadline_of(context)
                head = head_of(method, caller, self._dispatcher.redis_ms(deadline), request)
                reply = await self._dispatcher.submit(head, request, deadline)
            except ServiceError as error:
                log.info("%s %s %s", method, error.code.name, error.reason.name)
                await abort(context, error)
            except asyncio.CancelledError:
                log.debug("%s cancelled by its caller", method)
                raise
            except Exception:
                await abort(context, logged_fault(method))
            if log.isEnabledFor(logging.DEBUG):
                log.debug(
                    "%s session=%s ok=%s ms=%.1f",
                    method, head.session_id, reply.kind == RESPONSE,
                    (time.monotonic() - began) * 1000,
                )  # fmt: skip
            if reply.kind == STATUS:
                await abort_with_status(context, reply.data)
            if len(reply.data) > self._max_message_bytes:
                await abort(context, answer_too_large(len(reply.data), self._max_message_bytes))
            return reply.data

        return handle


def deadline_of(context: Context) -> float:
    """Return a call's deadline by the monotonic clock, infinity where it has none."""
    remaining = context.time_remaining()
    return math.inf if remaining is None else time.monotonic() + remaining


def _complete_create_session(request: bytes) -> bytes:
    """Choose what the caller left to the service, once, so that a second run finds the same."""
    try:
        message = CreateSessionRequest.FromString(request)
    except DecodeError as error:
        raise invalid_argument("request", f"not a CreateSessionRequest: {error}") from error
    if not message.session_id:
        message.session_id = secrets.token_urlsafe(16)
    if not message.HasField("seed"):
        message.seed = secrets.randbits(64)
    return message.SerializeToString()
