"""Ends refused calls: with a status, and with lines in the log and in the audit log.

A refusal costs as much as a small call. So those of an account take turns, and connections that
bring too many are cut.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import NoReturn

from google.rpc.status_pb2 import Status

from edunn_serving.errors import Reason, ServiceError, info_of, logged_fault
from server.abort import abort, abort_with_status
from server.arrivals import NotArrivedError
from server.audit import Audit
from server.call import AnsweredWithStatusError, Call, Context
from server.connections import Connection, Connections
from server.credentials import ExpiredError
from server.failures import Failures
from server.one_at_a_time import OneAtATime
from server.request_ids import new_request_id

log = logging.getLogger(__name__)

# A cancellation is heard after this many turns of the event loop.
TURNS_TO_LEAVE = 2
# The refused calls of an account are this far apart, if there are several.
APART_SECONDS = 0.002
# A stranger that has failed too often waits this long before its connection is cut.
FAILURE_SECONDS = 0.5


class Refusals:
    """Refuses calls, and cuts the connections of those that are refused too often."""

    def __init__(self, connections: Connections, audit: Audit) -> None:
        self._connections = connections
        self._audit = audit
        self._turns = OneAtATime()
        self._guesses = Failures("have no valid token", burst=50, a_second=1)
        self._expired = Failures("have an expired token", burst=2000, a_second=200)
        self._unsent = Failures("do not send their requests", burst=300, a_second=2)
        self._beyond_quota = Failures("are beyond a limit", burst=2000, a_second=200)

    async def fail(self, call: Call, context: Context, error: Exception) -> NoReturn:
        """End a call with the status of an error."""
        if isinstance(error, AnsweredWithStatusError | ServiceError):
            # The functions that it went through would keep the call's request until its turn.
            error.__traceback__ = None
        if isinstance(error, ServiceError):
            self._count(call, error)
        await self._await_turn(context, call.account, call.connection, call)
        if isinstance(error, AnsweredWithStatusError):
            reason = info_of(Status.FromString(error.status)).reason
            log.info("%s %s %s by its worker", call.request_id, call.method, reason)
            self._audit.note_status(call, error.status)
            await abort_with_status(context, error.status, call.request_id)
        if isinstance(error, ServiceError):
            await self.refuse(call, context, error)
        fault = logged_fault(f"{call.method} {call.request_id}")
        await abort(context, fault, call.request_id)

    async def check_guess(
        self, context: Context, peer: str, connection: Connection, error: ServiceError
    ) -> None:
        """Wait before a call is refused of which it is not known who calls.

        If it is one guess of a token too many, it ends here.
        """
        await self._await_turn(context, connection.address, connection)
        if error.reason is not Reason.UNAUTHENTICATED:
            return
        # The tokens of a class, which may all have one address, often expire together.
        counted = self._expired if isinstance(error, ExpiredError) else self._guesses
        if not counted.one_more(connection.address):
            await self._cut_guesser(peer, connection)
            await abort(context, error, new_request_id())

    async def refuse(self, call: Call, context: Context, error: ServiceError) -> NoReturn:
        """End a call with an error, at once."""
        log.info("%s %s %s %s", call.request_id, call.method, error.code.name, error.reason.name)
        self._audit.note_error(call, error)
        await abort(context, error, call.request_id)

    def note_cancelled(
        self, context: Context, call: Call | None = None, *, has_arrived: bool = True
    ) -> None:
        """Note a call that its caller has cancelled. Cut a connection that does little else.

        A call that has waited in vain, such as one whose deadline has passed, does not count. If
        its request has not arrived, it counts as one that does not send it.
        """
        if call is not None:
            if not has_arrived and call.connection.has_small_calls():
                self._count_in(self._unsent, call)
            if call.has_waited(time.monotonic()):
                return
        peer = context.peer()
        if not self._connections.of(peer).note_cancelled():
            self._connections.cut_flood(peer, "it cancels nearly all of its calls")

    def _count(self, call: Call, error: ServiceError) -> None:
        """Count a refused call. Cut a connection of an account that has too many of them."""
        if isinstance(error, NotArrivedError):
            self._count_in(self._unsent, call)
        elif error.reason is Reason.QUOTA:
            self._count_in(self._beyond_quota, call)

    def _count_in(self, counted: Failures, call: Call) -> None:
        if not counted.one_more(call.account):
            self._connections.cut_flood(call.peer, f"too many calls of its caller {counted.what}")

    async def _await_turn(
        self, context: Context, account: str, connection: Connection, call: Call | None = None
    ) -> None:
        """Wait before a call is refused, until the account's other refused calls have been.

        A cancellation that has come already ends the call here, which costs less.
        """
        try:
            async with self._turns.turn_of(account) as others:
                await let_leave()
                if others() and not connection.is_over:
                    await asyncio.sleep(APART_SECONDS)
        except asyncio.CancelledError:
            self.note_cancelled(context, call)
            raise

    async def _cut_guesser(self, peer: str, connection: Connection) -> None:
        """Cut a connection of an address that has failed too often, after a pause.

        It is neither logged nor answered, because that costs more than the guess. Its other calls
        must not guess on meanwhile.
        """
        if not connection.is_doomed:
            connection.is_doomed = True
            await asyncio.sleep(FAILURE_SECONDS)
        self._connections.cut_flood(peer, "too many calls of its address had no valid token")


async def let_leave() -> None:
    """Let a cancellation that has come already end the present task."""
    for _ in range(TURNS_TO_LEAVE):
        await asyncio.sleep(0)
