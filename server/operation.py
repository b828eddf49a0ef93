"""An operation on its way through the server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from edunn_serving.batch_message import OperationHead
from edunn_serving.keys import SessionKey
from edunn_serving.replies import Reply


@dataclass(slots=True, eq=False)
class PendingOperation:
    """An operation that is not yet sent to a worker, or awaits the worker's reply."""

    head: OperationHead
    request: bytes
    reply: asyncio.Future[Reply]
    # By the monotonic clock; infinity for none.
    deadline: float
    # Whether it may keep a worker for long.
    is_slow: bool = False
    # The number of workers that have died over it.
    deaths: int = 0
    # Whether the last of these workers ended because it computed for too long.
    has_overrun: bool = False
    # Whether the batch's holder knows that nobody awaits the operation any more.
    is_abandoned: bool = False
    # Whose share of the server it takes, see `Call`.
    account: str = ""
    # The time that it is expected to compute.
    expected_seconds: float = 0.0
    # Where its request lies in Redis before it leaves; empty if it does not.
    uploaded_as: str = ""
    session: SessionKey = field(init=False)
    # The request's length in bytes.
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.session = SessionKey(self.head.caller, self.head.session_id)
        self.size = len(self.request)

    def is_wanted(self) -> bool:
        """Tell whether a caller still waits for the reply."""
        return not self.reply.done()

    def is_late(self, now: float) -> bool:
        """Tell whether the deadline has passed."""
        return self.deadline <= now
