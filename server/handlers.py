"""The one wrapper around every rpc of every service.

It finds the caller, reads and bounds the request, sets the deadline, runs the method, bounds the
time in which the answer is taken, writes the log line, and turns errors into statuses.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import grpc

from edunn_serving.callers import ANYBODY, Caller
from edunn_serving.errors import Reason, ServiceError, logged_fault, quoted
from edunn_serving.rpcs import Rpc, rpcs_of
from edunn_serving.settings import Settings
from server.abort import drop
from server.answers import AnswerRoom
from server.arrivals import Arrivals
from server.audit import Audit
from server.authentication import Authenticator, DeniedError, Known
from server.call import (
    EOF,
    Call,
    Context,
    Service,
    StreamMethod,
    UnaryMethod,
    answer_too_large,
    deadline_of,
    unknown_method,
)
from server.connections import Connection, Connections, Trust
from server.envelope import request_too_large
from server.lanes import queue_full
from server.open_calls import OpenCalls
from server.overdue import Limits
from server.parts import UNCOUNTED_BYTES, check_parts
from server.quotas import Quotas
from server.refusals import Refusals, let_leave
from server.request_ids import new_request_id
from server.unpacking import GZIP, Unpacking
from server.unread_answers import UnreadAnswers

log = logging.getLogger(__name__)

NOBODY = Caller("", frozenset())

# The methods that are answered also when a limit is reached.
UNCOUNTED = frozenset({"/edunn_serving.v1.LayerService/GetLimits"})
NOT_COUNTED: AbstractContextManager[None] = nullcontext()
READER_PRECISION_SECONDS = 0.5

# Most of Compute's messages are many small operations. Only the large ones are worth a look.
CHECK_PARTS_THEMSELVES = frozenset({"Compute"})


class Handlers(grpc.GenericRpcHandler):
    """Finds the handler of a call's method, in all services.

    The caller is found before the call's request is read. gRPC would read the request of a unary
    method first and without bounds. So each handler is that of a stream and reads for itself.
    """

    def __init__(
        self,
        services: Iterable[Service],
        authenticator: Authenticator,
        arrivals: Arrivals,
        answers: AnswerRoom,
        connections: Connections,
        audit: Audit,
        quotas: Quotas,
        settings: Settings,
    ) -> None:
        self._authenticator = authenticator
        self._arrivals = arrivals
        self._connections = connections
        self._unread = UnreadAnswers(answers, connections, settings.reader_seconds)
        self._quotas = quotas
        self.open_calls = OpenCalls(authenticator)
        self._refusals = Refusals(connections, audit)
        self._unpacking = Unpacking(settings)
        self._max_message_bytes = settings.max_message_bytes
        # A request of this size need not be checked.
        self._unchecked_bytes = min(UNCOUNTED_BYTES, settings.max_message_bytes)
        self._max_connection_calls = settings.max_connection_calls
        self._limits = Limits(READER_PRECISION_SECONDS)
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
        # Made once, because most calls of a server that asks nobody who calls are of this kind.
        self._unary_of_anybody: dict[str, Any] = {
            path: grpc.stream_unary_rpc_method_handler(self._unary(self._rpcs[path], ANYBODY))
            for path in self._unary_methods
        }

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a call."""
        path, metadata = details.method, details.invocation_metadata
        rpc = self._rpcs.get(path)
        if self._authenticator.asks_certificate(rpc, metadata):
            return self._by_certificate(path, rpc)
        try:
            known = self._authenticator.who_calls(rpc, metadata)
            if rpc is None:
                raise unknown_method(path)
        except Exception as error:
            refused = _as_refusal(path, error)
            return grpc.stream_unary_rpc_method_handler(self._refusing(path, refused))
        if path in self._stream_methods:
            return grpc.stream_stream_rpc_method_handler(self._stream(rpc, known))
        if known.caller is ANYBODY:
            return self._unary_of_anybody[path]
        return grpc.stream_unary_rpc_method_handler(self._unary(rpc, known.caller))

    def _by_certificate(self, path: str, rpc: Rpc | None) -> Any:
        """Return a handler that finds the caller by the connection's certificate.

        gRPC tells the certificate only to handlers.
        """

        async def handle(requests: object, context: Context) -> Any:
            try:
                known = self._authenticator.who_calls_by_certificate(
                    rpc, context.invocation_metadata(), context.auth_context()
                )
                if rpc is None:
                    raise unknown_method(path)
            except Exception as error:
                return await self._refusing(path, _as_refusal(path, error))(requests, context)
            if path in self._stream_methods:
                return await self._stream(rpc, known)(requests, context)
            return await self._unary(rpc, known.caller)(requests, context)

        if path in self._stream_methods:
            return grpc.stream_stream_rpc_method_handler(handle)
        return grpc.stream_unary_rpc_method_handler(handle)

    def _unary(self, rpc: Rpc, caller: Caller) -> Any:
        method = self._unary_methods[rpc.path]
        is_counted = not rpc.is_open and rpc.path not in UNCOUNTED

        async def handle(_: object, context: Context) -> bytes:
            call = await self._call(rpc, caller, context)
            connection = call.connection
            connection.calls += 1
            has_arrived = False
            try:
                self._check_number(connection)
                counts = is_counted and bool(call.usage.limits)
                if counts:
                    await self._count(call)
                with call.usage.calls_at_once if counts else NOT_COUNTED:
                    request = await self._arrivals.read(
                        context.read, call.account, connection, may_be_slow=not rpc.is_open
                    )
                    has_arrived = True
                    connection.note_delivered(len(request))
                    if len(request) > self._unchecked_bytes or request.startswith(GZIP):
                        request = await self._checked(rpc, call, request)
                    self._arrivals.note_accepted(call.account, len(request))
                    answer = await method(call, request)
                if len(answer) > self._max_message_bytes:
                    raise answer_too_large(len(answer), self._max_message_bytes)
            except asyncio.CancelledError:
                self._refusals.note_cancelled(context, call, has_arrived=has_arrived)
                raise
            except Exception as error:
                # It is not kept while the refusal waits for its turn.
                request = b""
                await self._refusals.fail(call, context, error)
            finally:
                connection.calls -= 1
            if log.isEnabledFor(logging.DEBUG):
                took = (time.monotonic() - call.began) * 1000
                log.debug("%s %s OK ms=%.1f", call.request_id, rpc.name, took)
            connection.note_ended()
            self._unread.hold(context, call.peer, call.account, len(answer))
            return answer

        return handle

    def _stream(self, rpc: Rpc, known: Known) -> Any:
        method = self._stream_methods[rpc.path]

        async def handle(_: object, context: Context) -> None:
            call = await self._call(rpc, known.caller, context)
            connection = call.connection
            connection.calls += 1

            async def read() -> Any:
                await self._arrivals.pause(call.account)
                # See `Read` for why gRPC's iterator is not used.
                request: Any = await context.read()
                if request is EOF:
                    return request
                connection.note_delivered(len(request))
                return await self._checked(rpc, call, request)

            try:
                # A stream may be reset as soon as it is opened.
                await let_leave()
                self._check_number(connection)
                if not rpc.is_open:
                    await self._count(call)
                counted = NOT_COUNTED if rpc.is_open else call.usage.streams
                with counted, self.open_calls.one_more(known.credential):
                    async for answer in method(call, read):
                        seconds = self._unread.seconds_for(len(answer))
                        with self._limits.start(seconds, _not_read):
                            await context.write(answer)
            except asyncio.CancelledError:
                self._refusals.note_cancelled(context, call)
                raise
            except Exception as error:
                await self._refusals.fail(call, context, error)
            finally:
                connection.calls -= 1
            connection.note_ended()

        return handle

    async def _checked(self, rpc: Rpc, call: Call, request: bytes) -> bytes:
        """Return a request, unpacked. Refuse one that is too large, or has too many parts."""
        try:
            if not request.startswith(GZIP):
                await self._check(rpc, request)
                return request
            async with self._unpacking.unpacked(request, call.account) as unpacked:
                await self._check(rpc, unpacked)
                return unpacked
        except ServiceError:
            # Many people may have one address. They do not wait for each other's mistakes.
            if call.caller.name:
                self._arrivals.note_refused(call.account, len(request))
            raise

    async def _check(self, rpc: Rpc, request: bytes) -> None:
        if len(request) > self._max_message_bytes:
            raise request_too_large(rpc, request, self._max_message_bytes)
        if rpc.name not in CHECK_PARTS_THEMSELVES:
            await check_parts(rpc, request)

    async def _count(self, call: Call) -> None:
        """Count a call, if its caller may make one more.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        if not call.usage.is_known:
            await self._quotas.find(call.usage, call.account)
        call.usage.count_call()

    def _check_number(self, connection: Connection) -> None:
        """Refuse a call of a connection that has too many under way.

        Raises
        ------
        ServiceError
            QUEUE_FULL.
        """
        if connection.calls > self._max_connection_calls:
            raise queue_full()

    def _refusing(self, path: str, error: ServiceError) -> Any:
        """Return the function that answers a call with an error. It does not read the request."""

        async def handle(_: object, context: Context) -> None:
            peer = context.peer()
            connection = await self._connection_of(peer)
            connection.note_call(Trust.UNKNOWN)
            await self._refusals.check_guess(context, peer, connection, error)
            caller = error.caller if isinstance(error, DeniedError) else NOBODY
            call = self._new_call(quoted(path), caller, context, peer, connection)
            await self._refusals.refuse(call, context, error)

        return handle

    async def _connection_of(self, peer: str) -> Connection:
        """Return the connection of a call. Drop the call if its connection has ended."""
        connection = self._connections.of(peer)
        if connection.is_over:
            connection = await self._connections.of_newcomer(peer)
            if connection.is_over:
                drop()
        return connection

    async def _call(self, rpc: Rpc, caller: Caller, context: Context) -> Call:
        """Return a call. Drop it if its connection has ended."""
        peer = context.peer()
        connection = await self._connection_of(peer)
        connection.note_call(Trust.CALLING if rpc.is_open else Trust.KNOWN)
        return self._new_call(rpc.name, caller, context, peer, connection)

    def _new_call(
        self, method: str, caller: Caller, context: Context, peer: str, connection: Connection
    ) -> Call:
        account = caller.acted_by or caller.name or connection.address
        began = time.monotonic()
        return Call(
            caller,
            began,
            deadline_of(context, began),
            peer,
            method,
            new_request_id(),
            account,
            connection,
            self._quotas.usage_of(caller, account),
        )


def _as_refusal(path: str, error: Exception) -> ServiceError:
    """Return the error of a call of which it is not known who calls."""
    return error if isinstance(error, ServiceError) else logged_fault(quoted(path))


def _not_read() -> ServiceError:
    return ServiceError(
        Reason.DEADLINE_EXCEEDED, "the stream's answers were not read: the stream is closed"
    )
