"""Hands operations to workers in batches. The size of a batch follows the load.

Operations of one session run in the order in which they arrived. While some of them are with a
worker, the next ones stay in their lane. `server/batching.py` decides when a batch leaves.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from functools import partial

from edunn_serving.batch_message import OperationHead
from edunn_serving.errors import ServiceError, internal_error, unavailable
from edunn_serving.exchange import Exchange
from edunn_serving.replies import AGAIN, RESPONSE, Answer, Reply
from edunn_serving.rpcs import FILLS_NOTHING
from edunn_serving.settings import Settings
from server.answers import AnswerRoom
from server.arrivals import Arrivals
from server.batch_store import BatchStore
from server.batching import BatchingState, decide
from server.flights import Flight, Flights
from server.lanes import ALONE_BYTES, Lanes
from server.last_workers import AtHand, LastWorkers
from server.loop_load import LoopLoad
from server.metrics import Counts
from server.one_timer import OneTimer
from server.operation import PendingOperation
from server.quotas import Quotas
from server.recovery import Recovery
from server.redis_link import RedisLink
from server.reply_reader import ReplyReader
from server.slow_pace import SlowPace
from server.uploads import Uploads
from server.work_estimate import SLOW_SECONDS, WorkEstimate

log = logging.getLogger(__name__)

# A stopping server tells the callers that it refuses to try again after this time.
RETRY_SECONDS = 1.0
# A stopping server waits until no call has come for this time. A call that gRPC has accepted but
# not handed over at its shutdown would end as CANCELLED, and no client tries again after that.
QUIET_SECONDS = 0.1
DRAIN_POLL_SECONDS = 0.02
# A batch waits this long for the worker that has its sessions at hand, and one with many operations
# longer.
PATIENCE_SECONDS, LONG_PATIENCE_SECONDS = 0.02, 0.06
# From this number on, a batch saves more with the worker that has its sessions than a wait costs.
MANY_OPERATIONS = 8


class Dispatcher:
    """Takes operations, sends them in batches, and gives each its reply."""

    def __init__(self, settings: Settings, server_id: str) -> None:
        self._settings = settings
        self.counts = Counts()
        self.answers = AnswerRoom(settings.max_answer_bytes, self._on_answer_room)
        self._lanes = Lanes(
            self.counts,
            max_operations=settings.max_queued_operations,
            max_bytes=settings.max_queued_bytes,
            has_answer_room=self.answers.has_room,
        )
        self.arrivals = Arrivals(self._lanes, settings)
        self._flights = Flights(self._lanes, self.answers)
        self._estimate = WorkEstimate()
        self.link = RedisLink(settings, lambda: self._replies.begin(), self._on_change)
        seal = settings.seal()
        exchange = Exchange(settings.exchange_folder)
        self._replies = ReplyReader(self.link, server_id, self._on_answer, seal, exchange)
        self._uploads = Uploads(self.link, server_id)
        self._store = BatchStore(self.link, self._replies, seal)
        self._recovery = Recovery(
            settings, self.link, self._store, self._replies, self._lanes, self._flights,
            self.counts, self._pump,
        )  # fmt: skip
        self.quotas = Quotas(settings, self.link, server_id)
        self._last_workers = LastWorkers()
        self._load = LoopLoad()
        # The time at which the latest batch left that is expected to be quick.
        self._last_departure = 0.0
        self._slow_pace = SlowPace()
        self._end_of_pause = OneTimer(self._schedule_pump)
        # One serves all batches.
        self._end_of_patience = OneTimer(self._end_patience)
        self._pump_scheduled = False
        # It need not be decided whether a batch leaves before this many operations wait.
        self._enough = 0.0
        # The time for which the timer of the next decision is set.
        self._look_at = 0.0
        # Set when the server stops. From then on it takes no operation.
        self.closed = asyncio.Event()
        self._last_refused = 0.0

    def is_serving(self) -> bool:
        """Tell whether operations can be run now."""
        workers = len(self.link.workers)
        return self.link.up and workers > 0 and not self._flights.are_stuck(workers)

    def redis_ms(self, deadline: float) -> int:
        """Return a deadline of the monotonic clock in ms of Redis's clock; 0 for infinity."""
        return 0 if deadline == math.inf else self.link.redis_ms(deadline)

    def gauges(self) -> dict[str, tuple[str, float]]:
        """Return each gauge's description and present value, by its name."""
        return {
            "queue_operations": ("Operations that are not yet sent.", self._lanes.waiting),
            "queue_bytes": ("Bytes of their requests.", self._lanes.waiting_bytes),
            "batches_under_way": ("Batches that workers have.", len(self._flights)),
            "oldest_batch_seconds": (
                "Seconds since the oldest of them was sent.", self._flights.oldest_seconds()),
            "workers": ("Workers that have given a sign of life.", len(self.link.workers)),
            "redis_up": ("1 while Redis answers.", float(self.link.up)),
        }  # fmt: skip

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run())
            tasks.create_task(self._replies.trim_often())
            tasks.create_task(self._replies.sweep_often())
            tasks.create_task(self._recovery.run())
            tasks.create_task(self.quotas.run())

    def enqueue(
        self, head: OperationHead, request: bytes, deadline: float, account: str
    ) -> PendingOperation:
        """Put an operation at the end of its lane. Cancelling its reply takes it back.

        Parameters
        ----------
        deadline
            By the monotonic clock; infinity for none.
        account
            Whose share of the server the operation takes, see `Call`.

        Returns
        -------
        PendingOperation
            Its reply is a worker's, or a `ServiceError`: UNAVAILABLE: Redis or all workers are
            away; DEADLINE_EXCEEDED; INTERNAL: workers have died over the operation.

        Raises
        ------
        ServiceError
            QUEUE_FULL; UNAVAILABLE: Redis is away or the server is stopping.
        """
        try:
            self._check_open()
            reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            is_slow = self._estimate.is_slow(head) or (
                self._lanes.is_shared()
                and self._estimate.is_heavy(account, head.method, len(request))
            )
            operation = PendingOperation(
                self._estimate.with_room(head, len(request)),
                request, reply, deadline, is_slow, account=account,
                expected_seconds=self._estimate.seconds(account, head.method, is_slow=is_slow),
            )  # fmt: skip
            if self._lanes.append(operation):
                self._uploads.begin(operation)
        except ServiceError as error:
            self.counts.refused[error.reason.name] += 1
            raise
        if self._lanes.waiting >= self._enough:
            self._schedule_pump()
        return operation

    def _check_open(self) -> None:
        if self.closed.is_set():
            self._last_refused = time.monotonic()
            raise unavailable("the server is stopping", retry_after=RETRY_SECONDS)
        if not self.link.up:
            raise unavailable("the store is away")

    async def drain(self, seconds: float) -> None:
        """Take no operation from now on, and finish the taken ones within `seconds`.

        Refused callers are told to wait for a second, so that calls soon stop coming.
        """
        self.closed.set()
        began = self._last_refused = time.monotonic()
        while (elapsed := time.monotonic() - began) < seconds:
            quiet = time.monotonic() - self._last_refused >= QUIET_SECONDS
            has_wanted = bool(self._lanes.waiting) or self._flights.has_wanted()
            # Callers that ignore the pause must not keep the server from stopping.
            if not has_wanted and (quiet or elapsed >= RETRY_SECONDS):
                return
            await asyncio.sleep(DRAIN_POLL_SECONDS)

    async def forget(self) -> None:
        """Remove what the server keeps in Redis for itself."""
        await self._replies.forget()

    def _schedule_pump(self) -> None:
        # At the end of this turn of the event loop: operations that arrive together leave together.
        if not self._lanes.waiting:
            self._enough = 0.0
        elif not self._pump_scheduled:
            self._pump_scheduled = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Send as many batches as may leave now."""
        self._pump_scheduled = False
        self._enough = 0.0
        while self._lanes.waiting and self.link.up and self._may_leave():
            busy = self._flights.busy_workers(len(self.link.workers))
            at_hand = AtHand(self._last_workers, self.link.workers, busy)
            operations = self._lanes.take(
                max_operations=self._settings.max_batch_operations,
                max_bytes=self._settings.max_batch_bytes,
                may_be_slow=self._may_send_slow(),
                choose=at_hand.choose,
            )
            if not operations:
                break
            self.counts.batches += 1
            flight = self._flights.begin(operations, self._wanted_worker(at_hand, operations))
            if not flight.is_slow:
                self._last_departure = flight.sent
            if flight.wanted_worker:
                self._end_of_patience.start(PATIENCE_SECONDS)
            self._send(flight)

    def _may_send_slow(self) -> bool:
        """Tell whether a slow batch may leave. While the server is shared, one worker is kept for
        quick operations, if there are any, and slow ones leave pauses."""
        if not (self._lanes.is_shared() and self._lanes.expects_quick()):
            return True
        if (left := self._slow_pace.seconds_left(time.monotonic())) > 0:
            self._end_of_pause.start(left)
            return False
        slow = sum(flight.is_slow for flight in self._flights)
        return slow < max(1, len(self.link.workers) - 1)

    def _may_leave(self) -> bool:
        """Decide whether a batch leaves. If not, set the timer of the next decision."""
        decision = decide(
            BatchingState(
                now=time.monotonic(),
                workers=len(self.link.workers),
                batches=len(self._flights),
                oldest_sent=self._flights.oldest_sent(),
                last_departure=self._last_departure,
                waiting=self._lanes.waiting,
                usual_seconds=self._estimate.usual_seconds,
                full_batch=self._settings.max_batch_operations,
                fixed_seconds=self._estimate.fixed_seconds,
                load=self._load.now(),
            )
        )
        self._enough = decision.enough
        if decision.look_again is not None and decision.look_again != self._look_at:
            self._look_at = decision.look_again
            delay = decision.look_again - time.monotonic()
            asyncio.get_running_loop().call_later(delay, self._look_again)
        return decision.leave

    def _look_again(self) -> None:
        # The timer may be early. Then it is set again, or nobody would look at these operations.
        self._look_at = 0.0
        self._pump()

    def _wanted_worker(self, at_hand: AtHand, operations: Sequence[PendingOperation]) -> str:
        """Return the worker that has all sessions of operations at hand; empty if any may run them.

        Few operations do not wait for a worker that may be busy.
        """
        worker = at_hand.worker
        may_wait = len(operations) >= MANY_OPERATIONS
        return worker if worker and (may_wait or self._flights.leave_free(worker)) else ""

    def _end_patience(self) -> None:
        """Let any worker take the batches that have waited for long enough.

        Their wanted worker seems busy for another server. The others are looked at again later.
        """
        now = time.monotonic()
        for flight in self._flights:
            if not flight.wanted_worker or flight.is_for_any:
                continue
            is_large = len(flight.operations) >= MANY_OPERATIONS
            patience = LONG_PATIENCE_SECONDS if is_large else PATIENCE_SECONDS
            if now - flight.sent < patience:
                self._end_of_patience.start(PATIENCE_SECONDS)
            else:
                flight.is_for_any = True
                self._store.let_any_take(flight.message, flight.wanted_worker)

    def _send(self, flight: Flight, *, although_full: bool = False) -> None:
        flight.message = self._store.send(
            flight.batch_id,
            [operation.head for operation in flight.operations],
            [operation.request for operation in flight.operations],
            [self._uploads.take(operation) for operation in flight.operations],
            partial(self._on_stored, flight, although_full),
            wanted_worker=flight.wanted_worker,
            although_full=although_full,
        )

    def _on_stored(self, flight: Flight, although_full: bool, refused: ServiceError | None) -> None:
        if refused is None:
            flight.stored = time.monotonic()
        elif although_full:
            self._fail(flight, refused)
        else:
            self._send_although_full(flight, refused)

    def _send_although_full(self, flight: Flight, full: ServiceError) -> None:
        """Send the operations that a full Redis can still run, and refuse the others."""
        possible = [each for each in flight.operations if each.head.method in FILLS_NOTHING]
        if not possible:
            self._fail(flight, full)
            return
        for operation in flight.operations:
            if operation.head.method not in FILLS_NOTHING and operation.is_wanted():
                operation.reply.set_exception(full)
        sessions = flight.sessions()
        flight.operations = possible
        self._lanes.release(sessions - flight.sessions())
        self._send(flight, although_full=True)

    def _fail(self, flight: Flight, error: ServiceError) -> None:
        if self._flights.fail(flight, error):
            self._schedule_pump()

    def _on_answer(self, answer: Answer) -> bool:
        """Give the callers of a batch their replies; False if it was not under way."""
        batch_id, replies = answer.batch_id, answer.replies
        flight = self._flights.back(batch_id)
        if flight is None:
            log.info("batch %s was answered after it had been given up", batch_id)
            return False
        sessions = flight.sessions()
        if flight.is_slow:
            now = time.monotonic()
            self._slow_pace.note_back(now, now - flight.sent, self._load.now())
        self._last_workers.note(sessions, answer.worker_id)
        self._estimate.note_batch(answer.fixed_seconds)
        if len(replies) == len(flight.operations):
            is_shared = self._lanes.is_shared()
            again: list[PendingOperation] = []
            for operation, reply in zip(flight.operations, replies, strict=True):
                if reply.kind == AGAIN:
                    self._note_needs(operation, reply)
                    again.append(operation)
                    continue
                self.counts.note_reply(operation.head.method, reply)
                self._note_cost(operation, reply, is_shared=is_shared)
                if operation.is_wanted():
                    operation.reply.set_result(reply)
            self._lanes.put_back(again)
        else:
            log.error("batch %s has %d operations and %d replies",
                      batch_id, len(flight.operations), len(replies))  # fmt: skip
            flight.refuse(internal_error(batch_id))
        self._lanes.release(sessions)
        self._schedule_pump()
        return True

    def _note_needs(self, operation: PendingOperation, reply: Reply) -> None:
        """Note what a worker asks for before it runs an operation, for it and those of its kind.

        It waits until there is room for a large answer. If it takes long, it travels alone.
        """
        if reply.answer_bytes:
            operation.head = operation.head._replace(answer_room=reply.answer_bytes)
            self._estimate.note_answer(operation.head, reply.answer_bytes)
        if reply.seconds:
            operation.is_slow = True
            self._estimate.note_slow(operation.head)

    def _note_cost(self, operation: PendingOperation, reply: Reply, *, is_shared: bool) -> None:
        seconds = reply.seconds
        if operation.head.answer_room and reply.kind == RESPONSE:
            self._estimate.note_answer(operation.head, len(reply.data))
        # A large answer travels alone too, like a slow one, so that few of them come at a time.
        is_large = len(reply.data) >= ALONE_BYTES
        self._estimate.note(operation.head, max(seconds, SLOW_SECONDS) if is_large else seconds)
        if is_shared:
            self._estimate.note_account(operation.account, operation.head.method, seconds)
            self._lanes.note_cost(operation, seconds)
        self.quotas.charge(operation.account, seconds)

    def _on_answer_room(self) -> None:
        self._lanes.note_answer_room()
        self._schedule_pump()

    def _on_change(self) -> None:
        self._recovery.note_change()
        self._pump()
