"""Sends lost batches again, and refuses operations that cannot be run."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from contextlib import suppress

from redis.exceptions import RedisError

from edunn_serving.errors import Reason, ServiceError, internal_error, quoted, unavailable
from edunn_serving.settings import Settings
from server.batch_store import BatchStore, Loss
from server.flights import Flight, Flights
from server.lanes import Lanes
from server.metrics import Counts
from server.operation import PendingOperation
from server.redis_link import RedisLink
from server.reply_reader import ReplyReader

log = logging.getLogger(__name__)

SWEEP_SECONDS = 0.25
# Only batches under way for this long are searched for operations that nobody awaits.
ABANDONED_SECONDS = 0.5
# A batch that has been under way for this long is looked for, in the stream of replies too.
UNHEARD_SECONDS = 0.5
# An operation over which this many workers have died is not tried again.
MAX_DEATHS = 2


class Recovery:
    """Takes back lost batches, and refuses operations while Redis or all workers are away."""

    def __init__(
        self,
        settings: Settings,
        link: RedisLink,
        store: BatchStore,
        replies: ReplyReader,
        lanes: Lanes,
        flights: Flights,
        counts: Counts,
        pump: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._link = link
        self._store = store
        self._replies = replies
        self._lanes = lanes
        self._flights = flights
        self._counts = counts
        # Sends the batches that may leave now.
        self._pump = pump
        # The start of the present outage, by the monotonic clock; None while there is none.
        self._away_since: float | None = time.monotonic()
        self._changed = asyncio.Event()

    def note_change(self) -> None:
        """Note that Redis or a worker has come or gone."""
        if self._link.up and self._link.workers:
            self._away_since = None
        elif self._away_since is None:
            self._away_since = time.monotonic()
        self._changed.set()

    async def run(self) -> None:
        """Look for lost batches until cancelled."""
        while True:
            await self._pause()
            self._lanes.drop_unwanted()
            try:
                await self._give_up_waiting()
                await self._recover_forgotten_batches()
                await self._recover_lost_batches()
                await self._note_abandoned()
                self._look_for_replies()
            except (RedisError, OSError) as error:
                log.warning("cannot look for lost batches: %s", error)

    async def _pause(self) -> None:
        """Wait for the next change, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SWEEP_SECONDS):
                await self._changed.wait()
        self._changed.clear()

    def _look_for_replies(self) -> None:
        """Read the stream of replies, in case that a worker could not tell of one."""
        old = time.monotonic() - UNHEARD_SECONDS
        if self._link.up and any(flight.sent < old for flight in self._flights):
            self._replies.catch_up()

    async def _give_up_waiting(self) -> None:
        """Refuse all operations once Redis or the workers have been away for too long."""
        patience = self._settings.worker_wait_seconds
        if self._away_since is None:
            return
        # After an outage the workers' signs of life come a moment later than Redis's answer.
        since = max(self._away_since, self._link.up_since if self._link.up else 0.0)
        if time.monotonic() - since < patience:
            return
        away = unavailable("there is no worker" if self._link.up else "the store is away")
        for operation in self._lanes.remove_all():
            if operation.is_wanted():
                operation.reply.set_exception(away)
        for flight in self._flights:
            if not self._link.up:
                # A worker may have it. It stays under way until Redis is back and tells, so that
                # the later operations of its sessions keep their order.
                flight.refuse(away)
                continue
            try:
                if await self._store.withdraw(flight.batch_id) and self._flights.fail(flight, away):
                    self._pump()
            except (RedisError, OSError):
                flight.refuse(away)
                raise

    async def _recover_forgotten_batches(self) -> None:
        """Take back the batches that Redis lost in a restart: no worker can answer them."""
        since = self._link.up_since
        flights = [each for each in self._flights if each.stored and each.stored < since]
        if not (self._link.up and flights):
            return
        forgotten = await self._store.forgotten([each.batch_id for each in flights])
        for flight in flights:
            if flight.batch_id in forgotten and flight in self._flights:
                await self._take_back(flight, Loss(worker_died=False))

    async def _recover_lost_batches(self) -> None:
        """Take back the batches whose holder has died, and those that are unseen for long."""
        now = time.monotonic()
        old = now - self._settings.worker_timeout_seconds
        if not self._link.up or self._link.up_since > old:
            # Signs of life could not reach Redis while it was away, so their absence means nothing.
            return
        flights = [
            each
            for each in self._flights
            if each.stored and (each.stored < now - UNHEARD_SECONDS or self._waits_for_none(each))
        ]
        if not flights:
            return
        lost = await self._store.lost(flights)
        for flight in flights:
            loss = lost.get(flight.batch_id)
            if loss is None:
                flight.unseen_since = None
                continue
            if not loss.is_certain:
                flight.unseen_since = flight.unseen_since or now
                if flight.unseen_since > old:
                    continue
            if flight in self._flights:
                await self._take_back(flight, loss)

    def _waits_for_none(self, flight: Flight) -> bool:
        """Tell whether the worker that should run a batch has left."""
        wanted = flight.wanted_worker
        return bool(wanted) and wanted not in self._link.workers

    async def _take_back(self, flight: Flight, loss: Loss) -> None:
        if not await self._store.withdraw(flight.batch_id):
            return  # the reply is on its way
        if self._flights.give_up(flight.batch_id) is None:
            return
        self._counts.batches_sent_again += 1
        log.warning("batch %s is sent again: %s", flight.batch_id,
                    "its worker has died" if loss.worker_died else "it was lost")  # fmt: skip
        # Redis may have lost the batch in a restart. No operation is to blame then.
        has_culprit = not loss.was_waiting and (
            loss.worker_died or (flight.stored or 0.0) > self._link.up_since
        )
        again: list[PendingOperation] = []
        for number, operation in enumerate(flight.operations):
            if has_culprit and loss.overrun in (None, number):
                operation.deaths += 1
                operation.has_overrun = loss.overrun is not None
            if operation.deaths < MAX_DEATHS:
                again.append(operation)
            elif operation.is_wanted():
                operation.reply.set_exception(self._deadly(operation))
        self._lanes.put_back(again)
        self._lanes.release(flight.sessions())
        self._pump()

    async def _note_abandoned(self) -> None:
        """Tell the holders of long batches which operations nobody awaits any more."""
        old = time.monotonic() - ABANDONED_SECONDS
        for flight in self._flights:
            if not self._link.up or not flight.stored or flight.stored > old:
                continue
            numbers = [
                number
                for number, operation in enumerate(flight.operations)
                if not (operation.is_wanted() or operation.is_abandoned)
            ]
            if numbers:
                await self._store.abandon(flight.batch_id, numbers)
                for number in numbers:
                    flight.operations[number].is_abandoned = True

    def _deadly(self, operation: PendingOperation) -> ServiceError:
        """Return the error of an operation over which workers have died."""
        session = quoted(operation.session.session_id)
        if operation.has_overrun:
            seconds = self._settings.operation_seconds
            log.error("an operation of session %s computed for over %g s", session, seconds)
            return ServiceError(
                Reason.TOO_LARGE,
                f"the operation computed for longer than the {seconds:g} s that one may take",
                metadata={"limit_seconds": f"{seconds:g}"},
            )
        error_id = uuid.uuid4().hex
        log.error("error %s: %d workers died over an operation of session %s",
                  error_id, operation.deaths, session)  # fmt: skip
        return internal_error(error_id)
