"""Bounds the number of open streams, of one connection and in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from edunn_serving.errors import Reason, ServiceError

RETRY_SECONDS = 1.0


class OpenStreams:
    """Counts the streams that are open."""

    def __init__(self, *, in_all: int, a_connection: int) -> None:
        self._in_all = in_all
        self._a_connection = a_connection
        self._open: Counter[str] = Counter()

    @contextmanager
    def one_more(self, peer: str) -> Iterator[None]:
        """Count one more stream of a connection while it is open.

        Raises
        ------
        ServiceError
            QUOTA: the limit is reached.
        """
        if self._open[peer] >= self._a_connection:
            raise _too_many("connection_streams", "a connection", self._a_connection)
        if self._open.total() >= self._in_all:
            raise _too_many("streams", "this server", self._in_all)
        self._open[peer] += 1
        try:
            yield
        finally:
            self._open[peer] -= 1
            if not self._open[peer]:
                del self._open[peer]


def _too_many(name: str, whose: str, limit: int) -> ServiceError:
    return ServiceError(
        Reason.QUOTA,
        f"{whose} may have {limit} streams open: send more operations over the open ones",
        retry_after=RETRY_SECONDS,
        metadata={"quota": name, "limit": str(limit)},
    )
