"""Knows which worker ran each session last. That worker has the session at hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable

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

    def of(self, session: SessionKey) -> str:
        """Return the worker that ran a session last; empty if none is known."""
        return self._workers.get(session, "")


class AtHand:
    """Chooses the sessions of a batch so that one worker has all of them at hand.

    Parameters
    ----------
    live
        The workers that live. Any worker may run the sessions of another one.
    busy
        The workers that have been sent a batch a moment ago. Their sessions wait for them.
    """

    def __init__(
        self, last_workers: LastWorkers, live: Collection[str], busy: Collection[str]
    ) -> None:
        self._last_workers = last_workers
        self._live = live
        self._busy = busy
        # The worker of the batch, once a session has decided it.
        self._worker = ""
        # Whether a session that no worker has at hand came into the batch.
        self._has_new = False

    @property
    def worker(self) -> str:
        """The worker that has all chosen sessions at hand; empty if there is none."""
        return "" if self._has_new else self._worker

    def choose(self, session: SessionKey) -> bool:
        """Take a session into the batch; False if it is at hand for another worker."""
        worker = self._last_workers.of(session)
        if worker not in self._live:
            self._has_new = True
            return True
        if not self._worker and worker not in self._busy:
            self._worker = worker
        return worker == self._worker
