"""Reads the replies of a server's batches from its stream in Redis."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from redis.exceptions import RedisError

from edunn_serving import keys
from edunn_serving.errors import unavailable
from edunn_serving.replies import LARGE, RESPONSE, STATUS, Reply
from server.redis_link import RedisLink

log = logging.getLogger(__name__)

# One read blocks for this many ms at most, so that a broken connection is noticed.
READ_BLOCK_MS = 1000
REPLIES_A_READ = 64
# The stream is trimmed after this many bytes of it have been read, or after this time.
TRIM_BYTES = 1 << 20
TRIM_SECONDS = 0.5


class ReplyReader:
    """Hands over the replies of each answered batch.

    Parameters
    ----------
    on_reply
        Called with a batch's id and the replies of its operations.
    """

    def __init__(
        self, link: RedisLink, server_id: str, on_reply: Callable[[str, list[Reply]], None]
    ) -> None:
        self._link = link
        self._on_reply = on_reply
        self.stream = keys.replies(server_id)
        # The id of the last entry that was read.
        self.last_read = "0-0"
        self._untrimmed_bytes = 0
        # Batches whose replies have been read, except for large results.
        self._fetching: set[str] = set()

    def is_fetching(self, batch_id: str) -> bool:
        """Tell whether a batch is answered and only its large results are missing."""
        return batch_id in self._fetching

    def begin(self) -> None:
        """Begin the next read, also over a new connection."""
        options = ("COUNT", REPLIES_A_READ, "BLOCK", READ_BLOCK_MS)
        self._link.reader.send(
            ("XREAD", *options, "STREAMS", self.stream, self.last_read), self._on_read
        )

    async def trim_often(self) -> None:
        """Remove entries that have been read from the stream, again and again, until cancelled."""
        while True:
            await asyncio.sleep(TRIM_SECONDS)
            if self._untrimmed_bytes:
                self._trim()

    async def forget(self) -> None:
        """Remove the stream, when the server stops."""
        try:
            await self._link.client.delete(self.stream)
        except (RedisError, OSError) as error:
            log.warning("the reply stream stays until it expires: %s", error)

    def _on_read(self, answer: Any) -> None:
        if isinstance(answer, Exception):
            self._link.give_up_connections(answer)
            return
        entries = answer[0][1] if answer else ()
        if entries:
            self.last_read = entries[-1][0].decode()
        # The next read begins first, so that Redis answers while the replies are handled.
        self.begin()
        for _, fields in entries:
            self._untrimmed_bytes += sum(map(len, fields))
            try:
                seconds = (int(text) / 1e6 for text in fields[3].split())
                replies = list(map(Reply, fields[4::2], fields[5::2], seconds))
                self._complete(fields[1].decode(), replies)
            except Exception:
                # An error with one batch must not lose the other batches of this read.
                log.exception("the replies of batch %r could not be handed over", fields[1])
        if self._untrimmed_bytes > TRIM_BYTES:
            self._trim()

    def _trim(self) -> None:
        command = ("XTRIM", self.stream, "MINID", "=", _after(self.last_read))
        self._untrimmed_bytes = 0
        self._link.sender.send(command, lambda answer: None)

    def _complete(self, batch_id: str, replies: list[Reply]) -> None:
        """Fetch the results that are too large for the stream, then hand over all replies."""
        missing = {at: reply.data for at, reply in enumerate(replies) if reply.kind == LARGE}
        if not missing:
            self._on_reply(batch_id, replies)
            return
        self._fetching.add(batch_id)

        def take(at: int, answer: bytes | Exception | None) -> None:
            if isinstance(answer, bytes):
                replies[at] = replies[at]._replace(kind=RESPONSE, data=answer)
            else:
                lost = unavailable("the store went away with the result")
                replies[at] = Reply(STATUS, lost.to_status().SerializeToString())
            del missing[at]
            if not missing:
                self._fetching.discard(batch_id)
                self._on_reply(batch_id, replies)

        for at, key in list(missing.items()):
            self._link.sender.send(("GETDEL", key), partial(take, at))


def _after(entry_id: str) -> str:
    """Return the smallest stream id above another."""
    milliseconds, number = entry_id.split("-")
    return f"{milliseconds}-{int(number) + 1}"
