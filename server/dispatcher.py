"""Hands operations to workers in batches that are as large as the load makes them.

As many batches are under way as there are live workers. An operation that finds all of them free
leaves at once; others gather, until a batch is back or is not soon to be expected, then leave
together. Operations of one session run in the order in which they arrived: while some are with a
worker, the next wait in their lane.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass, field
from functools import partial

from redis.exceptions import RedisError

from edunn_serving.batch_message import OperationHead
from edunn_serving.errors import ServiceError, internal_error, unavailable
from edunn_serving.keys import SessionKey
from edunn_serving.replies import Reply
from edunn_serving.settings import Settings
from server.admission import Admission
from server.lanes import Lanes
from server.metrics import Counts
from server.operation import PendingOperation
from server.redis_link import RedisLink
from server.work_estimate import WorkEstimate

log = logging.getLogger(__name__)

SWEEP_SECONDS = 0.25
# A second worker is used at once for so much work, in seconds of computing: a batch costs the
# machine about as much whatever its size, so less work had better wait to leave with more.
WORTH_A_WORKER_SECONDS = 0.004
# But a batch that has been under way for so long is not waited for.
LONGEST_GATHERING_SECONDS = 0.02
# The event loop's timers are no more exact than this, and may be early.
TIMER_SECONDS = 0.002
# Workers are quick while no batch has been under way for longer.
QUICK_SECONDS = 0.05
RETRY_SECONDS = 1.0
# A stopping server waits until no call has come for so long: what gRPC has taken in but not handed
# over when it shuts down would end as CANCELLED, after which no client tries again.
QUIET_SECONDS = 0.1
DRAIN_POLL_SECONDS = 0.02
# An operation over which this many workers have died is not tried again.
MAX_DEATHS = 2


@dataclass(slots=True, eq=False)
class Flight:
    """A batch on its way."""

    batch_id: str
    operations: list[PendingOperation]
    sent: float = field(default_factory=time.monotonic)
    # Since when Redis has it or may have it; None while it is on its way there.
    stored: float | None = None
    # What stands for it in the queue.
    message: str = ""

    def sessions(self) -> set[SessionKey]:
        return {operation.session for operation in self.operations}


class Dispatcher:
    """Takes operations, gives their replies; in between it batches, sends and watches."""

    def __init__(self, settings: Settings, server_id: str) -> None:
        self._settings = settings
        self.counts = Counts()
        self._lanes = Lanes(
            self.counts,
            max_operations=settings.max_queued_operations,
            max_bytes=settings.max_queued_bytes,
        )
        self.admission = Admission(self._lanes)
        self._link = RedisLink(settings, server_id, self._on_reply, self._on_change)
        self._flights: dict[str, Flight] = {}
        self._pump_scheduled = False
        # When the batch was sent for which what waits gathers.
        self._gathering_since = 0.0
        self._estimate = WorkEstimate()
        # Since when nothing could be served, by the monotonic clock; None while it can.
        self._away_since: float | None = time.monotonic()
        # Set when the server stops: no operation is taken any more.
        self.closed = asyncio.Event()
        self._last_refused = 0.0

    @property
    def link(self) -> RedisLink:
        return self._link

    def gauges(self) -> dict[str, tuple[str, float]]:
        """Return what is so at the moment: by name what it is, and its value."""
        return {
            "queue_operations": ("Operations that wait to be sent.", self._lanes.waiting),
            "queue_bytes": ("Bytes of their requests.", self._lanes.waiting_bytes),
            "batches_under_way": ("Batches that workers have.", len(self._flights)),
            "workers": ("Workers that have given a sign of life.", len(self._link.workers)),
            "redis_up": ("1 while Redis answers.", float(self._link.up)),
        }

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run())
            tasks.create_task(self._sweep())

    async def submit(self, head: OperationHead, request: bytes) -> Reply:
        """Have an operation run and return its reply.

        Raises
        ------
        ServiceError
            QUEUE_FULL; UNAVAILABLE where Redis or all workers are away; DEADLINE_EXCEEDED; or
            INTERNAL where the operation has cost workers their life.
        """
        # Where the caller is cancelled, so is what it awaits: the operation leaves the queue.
        return await self.enqueue(head, request).reply

    def enqueue(self, head: OperationHead, request: bytes) -> PendingOperation:
        """Let an operation wait for its turn. Cancelling its reply takes it back.

        Raises
        ------
        ServiceError
            QUEUE_FULL; UNAVAILABLE where Redis is away or the server is stopping.
        """
        try:
            return self._enqueue(head, request)
        except ServiceError as error:
            self.counts.refused[error.reason.name] += 1
            raise

    def _enqueue(self, head: OperationHead, request: bytes) -> PendingOperation:
        if self.closed.is_set():
            self._last_refused = time.monotonic()
            raise unavailable("the server is stopping")
        if not self._link.up:
            raise unavailable("the store is away")
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        operation = PendingOperation(head, request, reply, self._estimate.is_slow(head))
        self._lanes.append(operation)
        self._schedule_pump()
        return operation

    async def drain(self, seconds: float) -> None:
        """Take no operation from now on, and finish those that were taken, within `seconds`.

        Who is refused is told to wait for a second, so that it soon gets quiet.
        """
        self.closed.set()
        began = self._last_refused = time.monotonic()
        while (elapsed := time.monotonic() - began) < seconds:
            quiet = time.monotonic() - self._last_refused >= QUIET_SECONDS
            # Callers that do not heed the pause must not keep the server from stopping.
            if not self._has_wanted() and (quiet or elapsed >= RETRY_SECONDS):
                return
            await asyncio.sleep(DRAIN_POLL_SECONDS)

    def _has_wanted(self) -> bool:
        flights = self._flights.values()
        under_way = any(each.is_wanted() for flight in flights for each in flight.operations)
        return bool(self._lanes.waiting) or under_way

    async def forget(self) -> None:
        """Remove what the server keeps in Redis for itself."""
        await self._link.forget()

    def _schedule_pump(self) -> None:
        # At the end of this turn of the event loop, so that what arrives together leaves together.
        if not self._pump_scheduled:
            self._pump_scheduled = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Send as many batches as there are free workers."""
        self._pump_scheduled = False
        while self._link.up and self._has_place():
            if self._should_gather():
                break
            operations = self._lanes.take(
                max_operations=self._settings.max_batch_operations,
                max_bytes=self._settings.max_batch_bytes,
            )
            if not operations:
                break
            self.counts.batches += 1
            flight = Flight(uuid.uuid4().hex, operations)
            self._flights[flight.batch_id] = flight
            self._send(flight)

    def _has_place(self) -> bool:
        """Tell whether one more batch may leave.

        Where batches come back quickly a full one may leave before a worker is free, so that the
        first of them finds it there. What has left can no longer be called off.
        """
        workers = len(self._link.workers)
        if len(self._flights) != workers:
            return len(self._flights) < workers
        full = self._lanes.waiting >= self._settings.max_batch_operations
        if not (workers and full):
            return False
        oldest = min(flight.sent for flight in self._flights.values())
        return time.monotonic() - oldest < QUICK_SECONDS

    def _send(self, flight: Flight, *, although_full: bool = False) -> None:
        flight.message = self._link.send(
            flight.batch_id,
            (operation.head for operation in flight.operations),
            (operation.request for operation in flight.operations),
            partial(self._on_stored, flight, although_full),
            although_full=although_full,
        )

    def _on_stored(self, flight: Flight, although_full: bool, full: ServiceError | None) -> None:
        if full is None:
            flight.stored = time.monotonic()
        elif although_full:
            self._fail_flight(flight, full)
        else:
            self._send_deletions(flight, full)

    def _should_gather(self) -> bool:
        """Tell whether what waits should wait for company, though a worker is free.

        It should while a batch is under way that may soon be back, unless it is much already.
        """
        # A batch that is expected to be slow is not waited for.
        quick = [each.sent for each in self._flights.values() if not each.operations[0].is_slow]
        if not quick or not self._lanes.waiting:
            return False
        if self._lanes.waiting * self._estimate.usual_seconds >= WORTH_A_WORKER_SECONDS:
            return False
        newest = max(quick)
        left = newest + LONGEST_GATHERING_SECONDS - time.monotonic()
        if left < TIMER_SECONDS:
            return False
        if self._gathering_since != newest:
            self._gathering_since = newest
            asyncio.get_running_loop().call_later(left, self._pump)
        return True

    def _send_deletions(self, flight: Flight, full: ServiceError) -> None:
        """Send what makes room in a full store, and refuse the rest of the flight."""
        deletions = [each for each in flight.operations if each.head.method == "DeleteSession"]
        if not deletions:
            self._fail_flight(flight, full)
            return
        for operation in flight.operations:
            if operation.head.method != "DeleteSession" and operation.is_wanted():
                operation.reply.set_exception(full)
        sessions = flight.sessions()
        flight.operations = deletions
        self._lanes.release(sessions - flight.sessions())
        self._send(flight, although_full=True)

    def _on_reply(self, batch_id: str, replies: list[Reply]) -> None:
        flight = self._flights.pop(batch_id, None)
        if flight is None:
            log.info("batch %s was answered after it had been given up", batch_id)
            return
        for operation, reply in zip(flight.operations, replies, strict=True):
            self.counts.note_reply(operation.head.method, reply)
            self._estimate.note(operation.head, reply.seconds)
            if operation.is_wanted():
                operation.reply.set_result(reply)
        self._lanes.release(flight.sessions())
        self._schedule_pump()

    def _on_change(self) -> None:
        if self._link.up and self._link.workers:
            self._away_since = None
        elif self._away_since is None:
            self._away_since = time.monotonic()
        self._pump()

    async def _sweep(self) -> None:
        """Look after what does not come back by itself."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._lanes.drop_unwanted()
            try:
                await self._give_up_waiting()
                await self._recover_lost_batches()
            except (RedisError, OSError) as error:
                log.warning("could not look after lost batches: %s", error)

    async def _give_up_waiting(self) -> None:
        """Refuse what waits, once Redis or the workers have been away for too long."""
        away_since = self._away_since
        patience = self._settings.worker_wait_seconds
        if away_since is None:
            return
        # Workers are heard a moment later than Redis.
        if self._link.up:
            away_since = max(away_since, self._link.up_since)
        if time.monotonic() - away_since < patience:
            return
        away = unavailable("there is no worker" if self._link.up else "the store is away")
        for operation in self._lanes.remove_all():
            if operation.is_wanted():
                operation.reply.set_exception(away)
        for flight in list(self._flights.values()):
            if not self._link.up:
                # A worker may have it. It stays under way, so that what comes after it keeps its
                # order, until Redis is back and tells.
                _refuse(flight, away)
                continue
            try:
                if await self._link.withdraw(flight.batch_id):
                    self._fail_flight(flight, away)
            except (RedisError, OSError):
                _refuse(flight, away)
                raise

    async def _recover_lost_batches(self) -> None:
        """Take back the batches whose worker has died, or that never reached one."""
        old = time.monotonic() - self._settings.worker_timeout_seconds
        if not self._link.up or self._link.up_since > old:
            # While Redis was away it heard no worker, which is not their death.
            return
        flights = [each for each in self._flights.values() if each.stored and each.stored < old]
        if not flights:
            return
        lost = await self._link.lost({each.batch_id: each.message for each in flights})
        for flight in flights:
            if flight.batch_id in lost and flight.batch_id in self._flights:
                await self._take_back(flight, died=lost[flight.batch_id])

    async def _take_back(self, flight: Flight, *, died: bool) -> None:
        if not await self._link.withdraw(flight.batch_id):
            return  # the reply is on its way
        if self._flights.pop(flight.batch_id, None) is None:
            return
        self.counts.batches_sent_again += 1
        log.warning("batch %s is sent again: %s", flight.batch_id,
                    "its worker has died" if died else "it was lost")  # fmt: skip
        again: list[PendingOperation] = []
        for operation in flight.operations:
            operation.deaths += died
            if operation.deaths < MAX_DEATHS:
                again.append(operation)
            elif operation.is_wanted():
                operation.reply.set_exception(_deadly(operation))
        self._lanes.put_back(again)
        self._lanes.release(flight.sessions())
        self._pump()

    def _fail_flight(self, flight: Flight, error: ServiceError) -> None:
        if self._flights.pop(flight.batch_id, None) is None:
            return
        _refuse(flight, error)
        self._lanes.release(flight.sessions())
        self._schedule_pump()


def _refuse(flight: Flight, error: ServiceError) -> None:
    for operation in flight.operations:
        if operation.is_wanted():
            operation.reply.set_exception(error)


def _deadly(operation: PendingOperation) -> ServiceError:
    error_id = uuid.uuid4().hex
    log.error(
        "error %s: %d workers died over an operation of session %s",
        error_id, operation.deaths, operation.session.session_id,
    )  # fmt: skip
    return internal_error(error_id)
