"""Holds answers of unary calls until their readers have taken them. Cuts readers that do not."""

from __future__ import annotations

import time

from server.answers import AnswerRoom
from server.call import Context
from server.connections import Connections
from server.overdue import Limits

# A reader that takes fewer bytes a second than this is cut at last.
SLOWEST_READER = 64 * 1024
# A reader is cut up to this much too late.
PRECISION_SECONDS = 0.5


class Unread:
    """An answer that is not yet taken. gRPC calls it when the call is over."""

    __slots__ = ("_answers", "account", "peer", "size", "until")

    def __init__(
        self, answers: UnreadAnswers, peer: str, account: str, size: int, until: float
    ) -> None:
        self._answers = answers
        self.peer = peer
        self.account = account
        self.size = size
        # By the monotonic clock.
        self.until = until

    def __call__(self, context: object) -> None:
        self._answers.release(self)

    def end(self) -> bool:
        """Cut its reader. It is watched on until the call is over."""
        self._answers.cut(self)
        return False


class UnreadAnswers:
    """All answers that are not yet taken."""

    def __init__(self, room: AnswerRoom, connections: Connections, reader_seconds: float) -> None:
        self._room = room
        self._connections = connections
        self._reader_seconds = reader_seconds
        self._limits = Limits(PRECISION_SECONDS)

    def hold(self, context: Context, peer: str, account: str, size: int) -> None:
        """Count an answer until its call is over."""
        unread = Unread(self, peer, account, size, time.monotonic() + self.seconds_for(size))
        self._room.hold(account, size)
        self._limits.add(unread)
        context.add_done_callback(unread)  # type: ignore[arg-type]  # typed too narrowly

    def release(self, unread: Unread) -> None:
        """Count an answer no longer."""
        self._limits.discard(unread)
        self._room.release(unread.account, unread.size)

    def cut(self, unread: Unread) -> None:
        """End the connection of a reader that does not take its answers."""
        self._connections.cut(unread.peer, "it does not read answers")

    def seconds_for(self, size: int) -> float:
        """Return how long a reader may take for an answer of this many bytes."""
        return self._reader_seconds + size / SLOWEST_READER
