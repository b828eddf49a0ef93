"""Reads the replies of a server's batches from Redis.

Workers add them to the server's stream, and publish them on a channel that the server listens to.
So no read has to be sent again and again. What was not heard is in the stream.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from redis.exceptions import RedisError

from edunn_serving import keys
from edunn_serving.errors import unavailable
from edunn_serving.exchange import Exchange
from edunn_serving.replies import (
    EXCHANGED,
    LARGE,
    PUBLISHED_BYTES,
    REPLY_TTL_MS,
    RESPONSE,
    STATUS,
    Answer,
    Reply,
)
from edunn_serving.seal import ForgedError, Seal
from server.redis_link import RedisLink
from server.redis_pipe import ignore_answer

log = logging.getLogger(__name__)

REPLIES_A_READ = 64
# The stream is trimmed after this many bytes of it have been read, or after this time.
TRIM_BYTES = 1 << 20
TRIM_SECONDS = 0.5
SWEEP_SECONDS = 60.0


class ReplyReader:
    """Hands over the replies of each answered batch.

    Parameters
    ----------
    on_answer
        Called with the answer of each batch. Returns whether the batch was under way.
    """

    def __init__(
        self,
        link: RedisLink,
        server_id: str,
        on_answer: Callable[[Answer], bool],
        seal: Seal,
        exchange: Exchange,
    ) -> None:
        self._link = link
        self._exchange = exchange
        # The server's mark of presence in the exchange.
        self.presence = exchange.enter()
        self._seal = seal
        self._on_answer = on_answer
        # The name of the stream and of the channel.
        self.stream = keys.replies(server_id)
        # All entries up to this one have been read.
        self.last_read = "0-0"
        self._untrimmed_bytes = 0
        # Whether the stream is being read. Until then `last_read` must not pass over entries.
        self._is_catching_up = False
        self._must_read_again = False
        # The entries that were heard meanwhile. They are in the stream too.
        self._heard: set[str] = set()
        # Batches whose replies have been read, except for large results.
        self._fetching: set[str] = set()

    def is_fetching(self, batch_id: str) -> bool:
        """Tell whether a batch is answered and only its large results are missing."""
        return batch_id in self._fetching

    def begin(self) -> None:
        """Listen to the channel of a new connection."""
        self._is_catching_up = True
        self._link.reader.on_message = self._on_message
        self._link.reader.send(("SUBSCRIBE", self.stream), self._on_subscribed)

    def catch_up(self) -> None:
        """Read the stream from the last read entry on."""
        if self._is_catching_up:
            # The read under way may have begun before the newest entry was there.
            self._must_read_again = True
        else:
            self._read_stream()

    async def trim_often(self) -> None:
        """Remove entries that have been read from the stream, again and again, until cancelled."""
        while True:
            await asyncio.sleep(TRIM_SECONDS)
            if self._untrimmed_bytes:
                self._trim()

    async def sweep_often(self) -> None:
        """Remove what nobody reads any more from the exchange, until cancelled."""
        while True:
            self._exchange.sweep(self.presence, REPLY_TTL_MS / 1000)
            await asyncio.sleep(SWEEP_SECONDS)

    async def forget(self) -> None:
        """Remove the stream and the mark of presence, when the server stops."""
        self._exchange.remove(self.presence)
        try:
            await self._link.client.delete(self.stream)
        except (RedisError, OSError) as error:
            log.warning("the reply stream stays until it expires: %s", error)

    def _on_subscribed(self, answer: Any) -> None:
        if isinstance(answer, Exception):
            self._link.give_up_connections(answer)
        else:
            self._read_stream()

    def _read_stream(self) -> None:
        self._is_catching_up = True
        self._must_read_again = False
        self._link.sender.send(
            ("XRANGE", self.stream, f"({self.last_read}", "+", "COUNT", REPLIES_A_READ),
            self._on_entries,
        )

    def _on_entries(self, answer: Any) -> None:
        if isinstance(answer, Exception):
            self._link.give_up_connections(answer)
            return
        for entry_id, fields in answer:
            self.last_read = entry_id.decode()
            if self.last_read in self._heard:
                self._heard.discard(self.last_read)
            else:
                self._hand_over(fields[-1])
        if len(answer) == REPLIES_A_READ or self._must_read_again:
            self._read_stream()
        else:
            self._is_catching_up = False

    def _on_message(self, message: Any) -> None:
        """Take what the channel says: an entry's id and, if they are short, its replies."""
        entry, _, data = message[2].partition(b" ")
        try:
            entry_id = entry.decode()
            is_old = _order(entry_id) <= _order(self.last_read)
        except ValueError:
            log.error("a message on the channel of replies names no entry: %r", entry[:100])
            return
        if is_old:
            # The stream's own connection was quicker.
            return
        if not data:
            self.catch_up()
            return
        # Only a worker's message may say what has been read, and only once. Anybody who reaches
        # Redis may publish one again with another entry's id, or publish what no worker has.
        if len(data) > PUBLISHED_BYTES or not self._hand_over(data):
            return
        if self._is_catching_up:
            self._heard.add(entry_id)
        else:
            self._heard.clear()
            self.last_read = entry_id

    def _hand_over(self, data: bytes) -> bool:
        """Hand over the answer of an entry.

        Returns False if it is none, is not a worker's, or was handed over before.
        """
        self._untrimmed_bytes += len(data)
        if self._untrimmed_bytes > TRIM_BYTES:
            self._trim()
        try:
            return self._complete(Answer.decode(self._seal.open("reply", data, self.stream)))
        except ForgedError as error:
            log.error("an entry of the replies is refused: %s", error)
        except Exception:
            # An error with one batch must not lose the other batches of this read.
            log.exception("the replies of a batch could not be handed over: %r", data[:100])
        return False

    def _trim(self) -> None:
        command = ("XTRIM", self.stream, "MINID", "=", _after(self.last_read))
        self._untrimmed_bytes = 0
        self._link.sender.send(command, ignore_answer)

    def _is_genuine(self, reply: Reply, result: bytes) -> bool:
        try:
            self._seal.check("result", reply.mark, result, reply.data.decode(errors="replace"))
        except ForgedError as error:
            log.error("a large result is refused: %s", error)
            return False
        return True

    def _brought(self, reply: Reply, result: bytes | Exception | None) -> Reply:
        """Return the reply whose response lay apart."""
        if isinstance(result, bytes) and self._is_genuine(reply, result):
            return reply._replace(kind=RESPONSE, data=result)
        lost = unavailable("the store went away with the result")
        return Reply(STATUS, lost.to_status().SerializeToString())

    def _complete(self, answer: Answer) -> bool:
        """Fetch the results that are too large for the stream, then hand over the answer.

        Returns whether the batch was under way, as far as that is known.
        """
        batch_id, replies = answer.batch_id, list(answer.replies)
        for at, reply in enumerate(replies):
            if reply.kind == EXCHANGED:
                result = self._exchange.take(reply.data.decode(errors="replace"))
                replies[at] = self._brought(reply, result)
        answer = answer._replace(replies=replies)
        missing = {at: reply.data for at, reply in enumerate(replies) if reply.kind == LARGE}
        if not missing:
            return self._on_answer(answer)
        if batch_id in self._fetching:
            return False
        self._fetching.add(batch_id)

        def take(at: int, result: bytes | Exception | None) -> None:
            replies[at] = self._brought(replies[at], result)
            del missing[at]
            if not missing:
                self._fetching.discard(batch_id)
                self._on_answer(answer._replace(replies=replies))

        for at, key in list(missing.items()):
            self._link.sender.send(("GETDEL", key), partial(take, at))
        return True


def _order(entry_id: str) -> tuple[int, int]:
    """Return a key by which stream ids are in their order."""
    milliseconds, number = entry_id.split("-")
    return int(milliseconds), int(number)


def _after(entry_id: str) -> str:
    """Return the smallest stream id above another."""
    milliseconds, number = _order(entry_id)
    return f"{milliseconds}-{number + 1}"
