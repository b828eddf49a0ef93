"""Knows which worker ran each session last. That worker has the session at hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from edunn_serving.keys import SessionKey

# The number of sessions that are remembered. The latest are kept.
REMEMBERED = 100_000


class LastWorkers:
    """The last worker of each session that the server has had run lately."""

    def __init__(self) -> None:
        self._workers: OrderedDict[SessionKey, str] = OrderedDict()

    def note(self, sessions: Iterable[SessionKey], worker_id: str) -> None:
        """Note that a worker has run these sessions."""
        for session in sessions:
            self._workers[session] = worker_id
            self._workers.move_to_end(session)
        while len(self._workers) > REMEMBERED:
            self._workers.popitem(last=False)

    def common(self, sessions: Iterable[SessionKey]) -> str:
        """Return the worker that ran all of these sessions last; empty if there is none."""
        workers = {self._workers.get(session, "") for session in sessions}
        return workers.pop() if len(workers) == 1 else ""
