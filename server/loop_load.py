"""Measures how busy the event loop is: the share of time in which it ran or waited for a core."""

from __future__ import annotations

import os
import time

# Linux counts here what the calling thread has run, and what it has waited for a core, in ns.
SCHEDULED = "/proc/thread-self/schedstat"
# The counts of one thread are three numbers.
COUNTS_BYTES = 100
# The load is measured anew after this time.
WINDOW_SECONDS = 0.05
# The weight of the latest window.
LATEST_SHARE = 0.5


class LoopLoad:
    """The load of the thread that makes this object, from 0 to 1.

    On a machine without Linux's counts only the time that the thread has run counts.
    """

    def __init__(self) -> None:
        try:
            # It stays open, because opening it takes longer than reading it.
            self._counts: int | None = os.open(SCHEDULED, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._counts = None
        self._began = time.monotonic()
        self._taken = self._taken_seconds()
        self._load = 0.0

    def now(self) -> float:
        """Return the present load."""
        elapsed = time.monotonic() - self._began
        if elapsed >= WINDOW_SECONDS:
            taken = self._taken_seconds()
            latest = min(1.0, max(0.0, (taken - self._taken) / elapsed))
            # After a long pause only the latest window counts.
            weight = LATEST_SHARE if elapsed < 2 * WINDOW_SECONDS else 1.0
            self._load += weight * (latest - self._load)
            self._began += elapsed
            self._taken = taken
        return self._load

    def _taken_seconds(self) -> float:
        if self._counts is None:
            return time.thread_time()
        ran, waited, _ = os.pread(self._counts, COUNTS_BYTES, 0).split()
        return (int(ran) + int(waited)) / 1e9
