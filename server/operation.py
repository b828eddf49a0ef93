"""An operation on its way through the server."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from edunn_serving.internal.v1.batch_pb2 import Outcome
from worker.store import SessionKey


@dataclass(slots=True, eq=False)
class PendingOperation:
    """A call that waits to be sent to a worker, or for the worker's outcome."""

    method: int
    session: SessionKey
    request: bytes
    # Unix time in ms; 0 where the caller waits for ever.
    deadline_unix_ms: int
    outcome: asyncio.Future[Outcome]
    arrived: float = field(default_factory=time.monotonic)
    # How many workers have died over it.
    deaths: int = 0

    @property
    def size(self) -> int:
        return len(self.request)

    def is_wanted(self) -> bool:
        """Tell whether anybody still waits for the outcome."""
        return not self.outcome.done()

    def is_late(self, now_unix_ms: float) -> bool:
        """Tell whether the deadline has passed."""
        return 0 < self.deadline_unix_ms <= now_unix_ms
