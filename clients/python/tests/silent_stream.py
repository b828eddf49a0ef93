"""A stream that takes operations and answers none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any


class Silent:
    """A Compute that answers nothing, and notes what was cancelled."""

    def __init__(self) -> None:
        self.asked, self.forgotten = threading.Event(), threading.Event()
        self.timeouts: list[float] = []
        self.cancelled: list[str] = []
        self._changed = threading.Condition()

    def __call__(self, requests: Iterator[Any], _context: Any) -> Iterator[Any]:
        for request in requests:
            for operation in request.operations:
                with self._changed:
                    self.timeouts.append(operation.timeout.ToNanoseconds() / 1e9)
                    self._changed.notify_all()
                self.asked.set()
            if request.cancelled_request_ids:
                self.cancelled.extend(request.cancelled_request_ids)
                self.forgotten.set()
        yield from ()

    def wait_for(self, operations: int) -> bool:
        """Wait until this many operations have come; False if they do not."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.timeouts) >= operations, 30)
