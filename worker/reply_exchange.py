"""Puts large responses into the exchange, so that they do not pass through Redis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

from edunn_serving.exchange import Exchange
from edunn_serving.replies import EXCHANGED, LARGE_BYTES, RESPONSE, Reply
from edunn_serving.seal import Seal


@dataclass
class Placed:
    """A batch's replies, the large responses replaced by the names of their files."""

    replies: list[Reply]
    names: list[str] = field(default_factory=list)
    # Whether the batch's server will read them.
    are_wanted: bool = False


class ReplyExchange:
    """A worker's side of the exchange."""

    def __init__(self, exchange: Exchange, seal: Seal) -> None:
        self._exchange = exchange
        self._seal = seal

    @contextmanager
    def placing(self, presence: str, replies: Sequence[Reply]) -> Iterator[Placed]:
        """Place large responses, and remove them again unless they are wanted.

        They stay after an error that leaves it open whether Redis has committed the batch.
        """
        placed = Placed(list(replies))
        try:
            self._place(presence, placed)
            yield placed
        except redis.ResponseError:
            raise
        except redis.RedisError:
            placed.are_wanted = True
            raise
        finally:
            if not placed.are_wanted:
                for name in placed.names:
                    self._exchange.remove(name)

    def _place(self, presence: str, placed: Placed) -> None:
        for at, reply in enumerate(placed.replies):
            if reply.kind != RESPONSE or len(reply.data) < LARGE_BYTES:
                continue
            name = self._exchange.put([reply.data]) if self._exchange.has(presence) else None
            # What finds no room goes through Redis.
            if name is not None:
                placed.names.append(name)
                mark = self._seal.mark("result", reply.data, name)
                placed.replies[at] = reply._replace(kind=EXCHANGED, data=name.encode(), mark=mark)
