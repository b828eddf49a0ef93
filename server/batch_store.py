"""A server's batches in Redis: it sends them, takes them back, and finds the lost ones."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from redis.exceptions import OutOfMemoryError

from edunn_serving import keys
from edunn_serving.batch_message import BatchMessage, OperationHead, lie_apart
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.pools import LAYERS
from edunn_serving.redis_text import text_of
from edunn_serving.replies import BATCH_TTL_MS
from edunn_serving.scripts import Command, Script
from edunn_serving.seal import Seal
from server.flights import Flight
from server.redis_link import REROUTE_SCRIPT, SEND_SCRIPT, RedisLink
from server.redis_pipe import ignore_answer
from server.reply_reader import ReplyReader

log = logging.getLogger(__name__)


class Loss(NamedTuple):
    """Why a batch will not be answered."""

    # False if no worker is known to have taken it.
    worker_died: bool
    # The number of the operation over which the worker ended itself. None if it did not.
    overrun: int | None = None
    # Whether no worker has had the batch, so that none of its operations is to blame.
    was_waiting: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether nobody has the batch. Else it was never stored, or a worker has it that is not
        noted as its holder, because it took the batch a moment ago or died.
        """
        return self.worker_died or self.was_waiting


class _Submission(NamedTuple):
    """A batch on its way to Redis."""

    batch_id: str
    # The command that puts it into the queue.
    command: Command
    # The requests to store before; none if they are in the command.
    requests: Sequence[bytes]
    on_stored: Callable[[ServiceError | None], None]


class BatchStore:
    """The batches of one server in Redis."""

    def __init__(self, link: RedisLink, replies: ReplyReader, seal: Seal) -> None:
        self._link = link
        self._replies = replies
        self._seal = seal
        self._withdraw = link.client.register_script(Script.named("withdraw").text)

    def send(
        self,
        batch_id: str,
        heads: list[OperationHead],
        requests: list[bytes],
        uploaded: Sequence[str],
        on_stored: Callable[[ServiceError | None], None],
        *,
        wanted_worker: str = "",
        although_full: bool = False,
    ) -> bytes:
        """Store a batch and put its message into the workers' queue, in one round trip.

        Parameters
        ----------
        uploaded
            Where each request lies in Redis already; empty if it does not.
        on_stored
            Called with None once Redis has the batch, or may have it because the connection broke.
            Called with QUOTA if Redis has no memory left and has not stored the batch.
        wanted_worker
            The worker that ran the sessions last and should run the batch; empty if any may.
        although_full
            Store the batch even then, because it frees memory or takes it only briefly.

        Returns
        -------
        bytes
            The batch's message in the queue.
        """
        apart = lie_apart(requests)
        message = BatchMessage(
            batch_id,
            self._replies.stream,
            heads,
            None if apart else requests,
            wanted_worker,
            marks=[
                self._seal.mark("request", request, batch_id, str(number))
                for number, request in enumerate(requests if apart else ())
            ],
            presence=self._replies.presence,
        ).encode()
        message = self._seal.close("batch", message)
        touched = [
            keys.batch(batch_id), keys.holder(batch_id), LAYERS.queue, LAYERS.signs_of_life,
            keys.requests(batch_id),
        ]  # fmt: skip
        if wanted_worker:
            touched.append(LAYERS.queue_of(wanted_worker))

        in_script = requests if apart and although_full else ()
        command = SEND_SCRIPT.command(
            touched,
            (
                BATCH_TTL_MS,
                message,
                int(although_full),
                wanted_worker,
                len(requests) if apart else 0,
                *in_script,
            ),
        )

        # Only the script can store requests in a full Redis.
        stored = requests if apart and not although_full else ()
        self._submit(_Submission(batch_id, command, stored, on_stored), uploaded)
        return message

    def _submit(self, batch: _Submission, uploaded: Sequence[str]) -> None:
        refusals: list[Exception] = []
        if batch.requests:
            self._store_requests(batch.batch_id, batch.requests, uploaded, refusals)
        # A function that named itself would keep the requests until the garbage is collected.
        self._link.sender.send(
            batch.command, partial(self._on_submitted, batch, any(uploaded), refusals)
        )

    def _on_submitted(
        self, batch: _Submission, was_uploaded: bool, refusals: list[Exception], answer: Any
    ) -> None:
        if isinstance(answer, OutOfMemoryError):
            if was_uploaded and not refusals:
                # An uploaded request has expired, or Redis had no memory for it then.
                self._submit(batch, [""] * len(batch.requests))
                return
            # The script only sees that the requests are missing, not why.
            answer = refusals[0] if refusals else answer
        if isinstance(answer, OutOfMemoryError):
            batch.on_stored(_store_is_full())
            return
        if isinstance(answer, Exception):
            log.warning("batch %s may not have been stored: %s", batch.batch_id, answer)
            self._link.give_up_connections(answer)
        batch.on_stored(None)

    def _store_requests(
        self,
        batch_id: str,
        requests: Sequence[bytes],
        uploaded: Sequence[str],
        refusals: list[Exception],
    ) -> None:
        """Store requests that are not in the message, and note the errors with which it fails."""

        def note(answer: Any) -> None:
            if isinstance(answer, Exception):
                log.debug("the requests of a batch are not stored: %s", answer)
                refusals.append(answer)

        for number, (request, place) in enumerate(zip(requests, uploaded, strict=True)):
            key = keys.request(batch_id, number)
            if place:
                # The script sees whether it was there.
                self._link.sender.send(("RENAME", place, key), ignore_answer)
                self._link.sender.send(("PEXPIRE", key, BATCH_TTL_MS), ignore_answer)
            else:
                self._link.sender.send(("SET", key, request, "PX", BATCH_TTL_MS), note)

    def let_any_take(self, message: bytes, wanted_worker: str) -> None:
        """Let any worker take a batch, if it still waits for the wanted one."""
        queues = (LAYERS.queue_of(wanted_worker), LAYERS.queue)
        self._link.sender.send(REROUTE_SCRIPT.command(queues, (message,)), _note_rerouted)

    async def withdraw(self, batch_id: str) -> bool:
        """Take back a batch that seems lost. False if its reply is in the stream."""
        answer = await self._withdraw(
            [
                keys.batch(batch_id),
                keys.holder(batch_id),
                self._replies.stream,
                keys.requests(batch_id),
            ],
            [batch_id, self._replies.last_read, BATCH_TTL_MS],
        )
        if not answer:
            self._replies.catch_up()
        return bool(answer)

    async def forgotten(self, batch_ids: Sequence[str]) -> set[str]:
        """Return the batches that Redis does not have: answered ones and lost ones."""
        pipeline = self._link.client.pipeline(transaction=False)
        for batch_id in batch_ids:
            pipeline.exists(keys.batch(batch_id))
        there = await pipeline.execute()
        return {
            batch_id
            for batch_id, exists in zip(batch_ids, there, strict=True)
            if not exists and not self._replies.is_fetching(batch_id)
        }

    async def lost(self, flights: Sequence[Flight]) -> dict[str, Loss]:
        """Return the batches that are lost, or may be, each with its loss."""
        pipeline = self._link.client.pipeline(transaction=False)
        for flight in flights:
            pipeline.execute_command("LPOS", LAYERS.queue, flight.message)
            own = LAYERS.queue_of(flight.wanted_worker)
            pipeline.execute_command("LPOS", own, flight.message)
        pipeline.mget([keys.holder(flight.batch_id) for flight in flights])
        *places, notes = await pipeline.execute()
        holders = [keys.read_holder(text_of(note)) if note else ("", None) for note in notes]
        named = {worker for worker, _ in holders} | {flight.wanted_worker for flight in flights}
        if not named - {""} <= self._link.workers:
            # Some may have come since the last look.
            await self._link.look()
        lost: dict[str, Loss] = {}
        for number, (flight, (worker, overrun)) in enumerate(zip(flights, holders, strict=True)):
            if self._replies.is_fetching(flight.batch_id):
                continue
            shared, own = places[2 * number : 2 * number + 2]
            if worker:
                if worker not in self._link.workers:
                    lost[flight.batch_id] = Loss(worker_died=True, overrun=overrun)
            elif own is not None:
                if flight.wanted_worker not in self._link.workers:
                    lost[flight.batch_id] = Loss(worker_died=False, was_waiting=True)
            elif shared is None:
                lost[flight.batch_id] = Loss(worker_died=False)
        return lost

    async def abandon(self, batch_id: str, numbers: Iterable[int]) -> None:
        """Tell a batch's holder that nobody awaits some of the operations any more."""
        pipeline = self._link.client.pipeline(transaction=False)
        pipeline.sadd(keys.abandoned(batch_id), *numbers)
        pipeline.pexpire(keys.abandoned(batch_id), BATCH_TTL_MS)
        await pipeline.execute()


def _note_rerouted(answer: Any) -> None:
    if isinstance(answer, Exception):
        log.debug("a batch goes on waiting for its worker: %s", answer)


def _store_is_full() -> ServiceError:
    return ServiceError(
        Reason.QUOTA,
        "the store has no memory left: delete sessions or try again later",
        retry_after=5.0,
    )
