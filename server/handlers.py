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

from edunn_serving.callers import Caller
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

    The caller is found before the call's request is read. If the server has little room, a unary
    method's handler is that of a stream with one request: it reads the request only if there is
    room.
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
        self._rpcs: dict[str, Rpc] = {}
        self._unary_methods: dict[str, UnaryMethod] = {}
        self._stream_methods: dict[str, StreamMethod] = {}
        for service in services:
            rpcs = rpcs_of(service.descriptor)
            self._rpcs |= {rpc.path: rpc for rpc in rpcs.values()}
            for name, unary in service.unary_methods().items():
                self._unary_methods[rpcs[name].path] = unary
            for name, stream in service.stream_methods().items():
                self._stream_methods[rpcs[name].path] = stream

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a call."""
        path = details.method
        rpc = self._rpcs.get(path)
        try:
            caller = self._authenticator.caller_of(rpc, details.invocation_metadata)
            if rpc is None:
                raise _unknown_method(path)
        except ServiceError as error:
            return _refusing(path, error)
        stream = self._stream_methods.get(path)
        if stream is not None:
            return grpc.stream_stream_rpc_method_handler(self._stream(rpc, stream, caller))
        handler = self._unary(rpc, self._unary_methods[path], caller)
        # Whether the service is well must be told also by a server without room.
        if rpc.is_open or self._admission.admit():
            return grpc.unary_unary_rpc_method_handler(handler)
        return grpc.stream_unary_rpc_method_handler(carefully(handler, self._admission))

    def _unary(self, rpc: Rpc, method: UnaryMethod, caller: Caller) -> Any:
        async def handle(request: bytes, context: Context) -> bytes:
            began = time.monotonic()
            if not rpc.is_open:
                self._admission.note_read(len(request))
            try:
                self._check_request(rpc, request)
                answer = await method(_call(caller, context), request)
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

    def _stream(self, rpc: Rpc, method: StreamMethod, caller: Caller) -> Any:
        async def handle(_: object, context: Context) -> AsyncIterator[bytes]:
            async def read() -> Any:
                # See `Read` for why gRPC's iterator is not used.
                request: Any = await context.read()
                if request is not EOF:
                    self._check_request(rpc, request)
                return request

            try:
                async for answer in method(_call(caller, context), read):
                    yield answer
            except AnsweredWithStatusError as answered:
                log.debug("%s refused by its worker", rpc.name)
                await abort_with_status(context, answered.status)
            except ServiceError as error:
                log.info("%s %s %s", rpc.name, error.code.name, error.reason.name)
                await abort(context, error)
            except Exception:
                await abort(context, logged_fault(rpc.name))

        return handle

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


def _call(caller: Caller, context: Context) -> Call:
    return Call(caller, deadline_of(context), context.peer())


def _unknown_method(path: str) -> ServiceError:
    return ServiceError(
        Reason.UNIMPLEMENTED,
        f"there is no method {quoted(path)}",
        metadata={"method": path},
    )


def _refusing(path: str, error: ServiceError) -> Any:
    """Return a handler that answers a call with an error."""

    async def handle(_: object, context: Context) -> None:
        log.info("%s %s %s", quoted(path), error.code.name, error.reason.name)
        await abort(context, error)

    # As the handler of a stream it can answer without reading the request.
    return grpc.stream_unary_rpc_method_handler(handle)
