"""A server's batches in Redis: it sends them, takes them back, and finds the lost ones."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from redis.exceptions import OutOfMemoryError

from edunn_serving import keys
from edunn_serving.batch_message import BatchMessage, OperationHead
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.pools import LAYERS
from edunn_serving.replies import BATCH_TTL_MS
from edunn_serving.scripts import Script
from server.redis_link import SEND_SCRIPT, RedisLink
from server.reply_reader import ReplyReader

log = logging.getLogger(__name__)


class Loss(NamedTuple):
    """Why a batch will not be answered."""

    # False if no worker is known to have taken it.
    worker_died: bool
    # The number of the operation over which the worker ended itself. None if it did not.
    overrun: int | None = None


class BatchStore:
    """The batches of one server in Redis."""

    def __init__(self, link: RedisLink, replies: ReplyReader) -> None:
        self._link = link
        self._replies = replies
        self._withdraw = link.client.register_script(Script.named("withdraw").text)

    def send(
        self,
        batch_id: str,
        heads: list[OperationHead],
        requests: Sequence[bytes],
        on_stored: Callable[[ServiceError | None], None],
        *,
        although_full: bool = False,
    ) -> str:
        """Store a batch and put its message into the workers' queue, in one round trip.

        Parameters
        ----------
        on_stored
            Called with None once Redis has the batch, or may have it because the connection broke.
            Called with QUOTA if Redis has no memory left and has not stored the batch.
        although_full
            Store the batch even then, because it frees memory or takes it only briefly.

        Returns
        -------
        str
            The batch's message in the queue.
        """
        message = BatchMessage(batch_id, self._replies.stream, heads).encode()
        touched = (keys.batch(batch_id), LAYERS.queue, keys.holder(batch_id))

        def on_answer(answer: Any) -> None:
            if isinstance(answer, OutOfMemoryError):
                on_stored(_store_is_full())
                return
            if isinstance(answer, Exception):
                log.warning("batch %s may not have been stored: %s", batch_id, answer)
                self._link.give_up_connections(answer)
            on_stored(None)

        command = SEND_SCRIPT.command(
            touched, (BATCH_TTL_MS, message, int(although_full), *requests)
        )
        self._link.sender.send(command, on_answer)
        return message

    async def withdraw(self, batch_id: str) -> bool:
        """Take back a batch that seems lost. False if its reply is on the way."""
        answer = await self._withdraw(
            [keys.batch(batch_id), keys.holder(batch_id), self._replies.stream],
            [batch_id, self._replies.last_read, BATCH_TTL_MS],
        )
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

    async def lost(self, batches: Mapping[str, str]) -> dict[str, Loss]:
        """Return the batches that no worker will answer, each with its loss.

        `batches` has each batch's message by its id.
        """
        pipeline = self._link.client.pipeline(transaction=False)
        for message in batches.values():
            pipeline.lpos(LAYERS.queue, message)
        pipeline.mget([keys.holder(batch_id) for batch_id in batches])
        *places, holders = await pipeline.execute()
        lost: dict[str, Loss] = {}
        for batch_id, place, holder in zip(batches, places, holders, strict=True):
            if self._replies.is_fetching(batch_id):
                continue
            if holder is None and place is None:
                # A worker popped it and died before it took it, or it was never stored.
                lost[batch_id] = Loss(worker_died=False)
            elif holder:
                worker, overrun = keys.read_holder(holder.decode())
                if worker not in self._link.workers:
                    lost[batch_id] = Loss(worker_died=True, overrun=overrun)
        return lost

    async def abandon(self, batch_id: str, numbers: Iterable[int]) -> None:
        """Tell a batch's holder that nobody awaits some of the operations any more."""
        pipeline = self._link.client.pipeline(transaction=False)
        pipeline.sadd(keys.abandoned(batch_id), *numbers)
        pipeline.pexpire(keys.abandoned(batch_id), BATCH_TTL_MS)
        await pipeline.execute()


def _store_is_full() -> ServiceError:
    return ServiceError(
        Reason.QUOTA,
        "the store has no memory left: delete sessions or try again later",
        retry_after=5.0,
    )
