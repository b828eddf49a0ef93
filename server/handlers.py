"""The one wrapper around every rpc of every service.

It finds the caller, bounds the request, sets the deadline, runs the method, writes the log line,
and turns errors into statuses.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc

from edunn_serving.errors import Reason, ServiceError, logged_fault, quoted
from edunn_serving.rpcs import Rpc, rpcs_of
from server.abort import abort, abort_with_status
from server.admission import Admission, carefully
from server.authentication import Authenticator
from server.call import (
    EOF,
    AnsweredWithStatusError,
    Call,
    Context,
    Service,
    StreamMethod,
    UnaryMethod,
    answer_too_large,
    deadline_of,
)
from server.envelope import largest_field

log = logging.getLogger(__name__)


class Handlers(grpc.GenericRpcHandler):
    """Finds the handler of a call's method, in all services.

    If the server has little room, a unary method's handler is that of a stream with one request:
    it reads the request only if there is room. This must be the last of a server's handlers,
    because it answers every unknown method.
    """

    def __init__(
        self,
        services: Iterable[Service],
        authenticator: Authenticator,
        admission: Admission,
        *,
        max_message_bytes: int,
    ) -> None:
        self._authenticator = authenticator
        self._admission = admission
        self._max_message_bytes = max_message_bytes
        self._handlers: dict[str, Any] = {}
        self._careful: dict[str, Any] = {}
        for service in services:
            rpcs = rpcs_of(service.descriptor)
            for name, unary in service.unary_methods().items():
                handler = self._unary(rpcs[name], unary)
                path = rpcs[name].path
                self._handlers[path] = grpc.unary_unary_rpc_method_handler(handler)
                self._careful[path] = grpc.stream_unary_rpc_method_handler(
                    carefully(handler, admission)
                )
            for name, stream in service.stream_methods().items():
                self._handlers[rpcs[name].path] = grpc.stream_stream_rpc_method_handler(
                    self._stream(rpcs[name], stream)
                )

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a call."""
        careful = self._careful.get(details.method)
        if careful is not None and not self._admission.admit():
            return careful
        return self._handlers.get(details.method) or _unknown_method(details.method)

    def _unary(self, rpc: Rpc, method: UnaryMethod) -> Any:
        async def handle(request: bytes, context: Context) -> bytes:
            began = time.monotonic()
            self._admission.note_read(len(request))
            try:
                call = self._call(context)
                self._check_request(rpc, request)
                answer = await method(call, request)
                if len(answer) > self._max_message_bytes:
                    raise answer_too_large(len(answer), self._max_message_bytes)
            except AnsweredWithStatusError as answered:
                log.debug("%s refused by its worker", rpc.name)
                await abort_with_status(context, answered.status)
            except ServiceError as error:
                log.info("%s %s %s", rpc.name, error.code.name, error.reason.name)
                await abort(context, error)
            except asyncio.CancelledError:
                log.debug("%s cancelled by its caller", rpc.name)
                raise
            except Exception:
                await abort(context, logged_fault(rpc.name))
            if log.isEnabledFor(logging.DEBUG):
                log.debug("%s OK ms=%.1f", rpc.name, (time.monotonic() - began) * 1000)
            return answer

        return handle

    def _stream(self, rpc: Rpc, method: StreamMethod) -> Any:
        async def handle(_: object, context: Context) -> AsyncIterator[bytes]:
            async def read() -> Any:
                # See `Read` for why gRPC's iterator is not used.
                request: Any = await context.read()
                if request is not EOF:
                    self._check_request(rpc, request)
                return request

            try:
                async for answer in method(self._call(context), read):
                    yield answer
            except ServiceError as error:
                log.info("%s %s %s", rpc.name, error.code.name, error.reason.name)
                await abort(context, error)
            except Exception:
                await abort(context, logged_fault(rpc.name))

        return handle

    def _call(self, context: Context) -> Call:
        caller = self._authenticator.caller(context.invocation_metadata())
        return Call(caller, deadline_of(context), context.peer())

    def _check_request(self, rpc: Rpc, request: bytes) -> None:
        size, limit = len(request), self._max_message_bytes
        if size > limit:
            fields = rpc.request_type.DESCRIPTOR.fields_by_number
            number = largest_field(request)
            field = fields[number].name if number in fields else "request"
            raise ServiceError(
                Reason.TOO_LARGE,
                f"the request takes {size} bytes, {limit} are allowed, and most of them are "
                f"{field}: send a smaller batch",
                violations=[(field, f"the request may take {limit} bytes, got {size}")],
                metadata={"field": field, "bytes": str(size), "limit": str(limit)},
            )


def _unknown_method(path: str) -> Any:
    error = ServiceError(
        Reason.UNIMPLEMENTED,
        f"there is no method {quoted(path)}",
        metadata={"method": path},
    )

    async def handle(_: object, context: Context) -> None:
        log.info("UNIMPLEMENTED %s", quoted(path))
        await abort(context, error)

    # As the handler of a stream it can answer without reading the request.
    return grpc.stream_unary_rpc_method_handler(handle)
