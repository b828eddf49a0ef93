"""The one wrapper around every rpc of every service.

It finds the caller, bounds the request, sets the deadline, runs the method, writes the log line,
and turns errors into statuses.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any, NoReturn

import grpc

from edunn_serving.callers import Caller
from edunn_serving.errors import Reason, ServiceError, logged_fault, quoted
from edunn_serving.rpcs import Rpc, rpcs_of
from server.abort import abort, abort_with_status
from server.admission import Admission, carefully
from server.audit import Audit
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
from server.credentials import Credential
from server.envelope import largest_field
from server.open_calls import OpenCalls
from server.request_ids import new_request_id

log = logging.getLogger(__name__)

NOBODY = Caller("", frozenset())


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
        audit: Audit,
        *,
        max_message_bytes: int,
    ) -> None:
        self._authenticator = authenticator
        self._admission = admission
        self._audit = audit
        self._max_message_bytes = max_message_bytes
        self.open_calls = OpenCalls(authenticator)
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
        path, metadata = details.method, details.invocation_metadata
        rpc = self._rpcs.get(path)
        if self._authenticator.asks_certificate(rpc, metadata):
            return self._by_certificate(path, rpc)
        try:
            credential = self._authenticator.credential_of(rpc, metadata)
            if rpc is None:
                raise _unknown_method(path)
        except ServiceError as error:
            return self._refusing(path, error)
        if path in self._stream_methods:
            return grpc.stream_stream_rpc_method_handler(self._stream(rpc, credential))
        handler = self._unary(rpc, credential.caller)
        # Whether the service is well must be told also by a server without room.
        if rpc.is_open or self._admission.admit():
            return grpc.unary_unary_rpc_method_handler(handler)
        return self._carefully(rpc, credential.caller)

    def _by_certificate(self, path: str, rpc: Rpc | None) -> Any:
        """Return a handler that finds the caller by the connection's certificate.

        gRPC tells the certificate only to handlers. This one reads the request itself.
        """

        def find(context: Context) -> tuple[Rpc, Credential]:
            credential = self._authenticator.credential_of_peer(rpc, context.auth_context())
            if rpc is None:
                raise _unknown_method(path)
            return rpc, credential

        async def handle_unary(_: object, context: Context) -> bytes:
            try:
                known, credential = find(context)
            except ServiceError as error:
                await self._refuse(_stranger(path, context), context, error)
            handler = self._carefully(known, credential.caller).stream_unary
            answer: bytes = await handler(_, context)
            return answer

        async def handle_stream(_: object, context: Context) -> AsyncIterator[bytes]:
            try:
                known, credential = find(context)
            except ServiceError as error:
                await self._refuse(_stranger(path, context), context, error)
            async for answer in self._stream(known, credential)(_, context):
                yield answer

        if path in self._stream_methods:
            return grpc.stream_stream_rpc_method_handler(handle_stream)
        return grpc.stream_unary_rpc_method_handler(handle_unary)

    def _carefully(self, rpc: Rpc, caller: Caller) -> Any:
        async def refuse(context: Context, error: ServiceError) -> NoReturn:
            await self._refuse(_call(rpc.name, caller, context), context, error)

        handler = carefully(self._unary(rpc, caller), self._admission, refuse)
        return grpc.stream_unary_rpc_method_handler(handler)

    def _unary(self, rpc: Rpc, caller: Caller) -> Any:
        method = self._unary_methods[rpc.path]

        async def handle(request: bytes, context: Context) -> bytes:
            began = time.monotonic()
            if not rpc.is_open:
                self._admission.note_read(len(request))
            call = _call(rpc.name, caller, context)
            try:
                self._check_request(rpc, request)
                answer = await method(call, request)
                if len(answer) > self._max_message_bytes:
                    raise answer_too_large(len(answer), self._max_message_bytes)
            except AnsweredWithStatusError as answered:
                log.debug("%s %s refused by its worker", call.request_id, rpc.name)
                self._audit.note_status(call, answered.status)
                await abort_with_status(context, answered.status, call.request_id)
            except ServiceError as error:
                await self._refuse(call, context, error)
            except asyncio.CancelledError:
                log.debug("%s %s cancelled by its caller", call.request_id, rpc.name)
                raise
            except Exception:
                await abort(context, _fault(call), call.request_id)
            if log.isEnabledFor(logging.DEBUG):
                milliseconds = (time.monotonic() - began) * 1000
                log.debug("%s %s OK ms=%.1f", call.request_id, rpc.name, milliseconds)
            return answer

        return handle

    def _stream(self, rpc: Rpc, credential: Credential) -> Any:
        method = self._stream_methods[rpc.path]

        async def handle(_: object, context: Context) -> AsyncIterator[bytes]:
            async def read() -> Any:
                # See `Read` for why gRPC's iterator is not used.
                request: Any = await context.read()
                if request is not EOF:
                    self._check_request(rpc, request)
                return request

            call = _call(rpc.name, credential.caller, context)
            with self.open_calls.one_more(credential) as open_call:
                try:
                    async for answer in method(call, read):
                        yield answer
                except ServiceError as error:
                    await self._refuse(call, context, error)
                except asyncio.CancelledError:
                    if open_call.end is None:
                        raise
                    open_call.take_back()
                    await self._refuse(call, context, open_call.end)
                except Exception:
                    await abort(context, _fault(call), call.request_id)

        return handle

    def _refusing(self, path: str, error: ServiceError) -> Any:
        """Return a handler that answers a call with an error."""

        async def handle(_: object, context: Context) -> None:
            await self._refuse(_stranger(path, context), context, error)

        # As the handler of a stream it can answer without reading the request.
        return grpc.stream_unary_rpc_method_handler(handle)

    async def _refuse(self, call: Call, context: Context, error: ServiceError) -> NoReturn:
        log.info("%s %s %s %s", call.request_id, call.method, error.code.name, error.reason.name)
        self._audit.note_error(call, error)
        await abort(context, error, call.request_id)

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


def _call(method: str, caller: Caller, context: Context) -> Call:
    return Call(caller, deadline_of(context), context.peer(), method, new_request_id())


def _stranger(path: str, context: Context) -> Call:
    """Return the call of a caller who is not known, or not let in."""
    return _call(quoted(path), NOBODY, context)


def _fault(call: Call) -> ServiceError:
    return logged_fault(f"{call.method} {call.request_id}")


def _unknown_method(path: str) -> ServiceError:
    return ServiceError(
        Reason.UNIMPLEMENTED,
        f"there is no method {quoted(path)}",
        metadata={"method": path},
    )
