"""Measures how busy the event loop is: the share of time in which it ran or waited for a core."""

from __future__ import annotations

import time
from pathlib import Path

# Linux counts here what the calling thread has run, and what it has waited for a core, in ns.
SCHEDULED = Path("/proc/thread-self/schedstat")
# The load is measured anew after this time.
WINDOW_SECONDS = 0.05
# The weight of the latest window.
LATEST_SHARE = 0.5


class LoopLoad:
    """The load of the thread that asks for it, from 0 to 1.

    On a machine without Linux's counts only the time that the thread has run counts.
    """

    def __init__(self) -> None:
        self._has_counts = SCHEDULED.exists()
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
        if not self._has_counts:
            return time.thread_time()
        ran, waited, _ = SCHEDULED.read_text().split()
        return (int(ran) + int(waited)) / 1e9
