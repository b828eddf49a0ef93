"""Decides when the next slow operation may leave, while quick ones of others are there too.

A caller with slow operations would take all processor time that the others leave, and with it the
time that server, Redis and workers need for the others at once. So while the server's own thread
has to wait for a core, slow operations leave pauses. With cores to spare there are none.
"""

from __future__ import annotations

# Below this load of the server's thread there are no pauses. From the other on they are longest.
LIGHT_LOAD, HEAVY_LOAD = 0.3, 0.6
# The longest pause, as a multiple of what the operation took.
LONGEST_PAUSE = 1.0
# An operation that takes longer leaves no longer pause than this one.
LONGEST_SECONDS = 1.0


class SlowPace:
    """The pauses between slow operations."""

    def __init__(self) -> None:
        # When the next one may leave, by the monotonic clock.
        self._next = 0.0

    def note_back(self, now: float, took: float, load: float) -> None:
        """Note that a slow operation has come back after some seconds, at a load of the server."""
        heaviness = min(1.0, max(0.0, (load - LIGHT_LOAD) / (HEAVY_LOAD - LIGHT_LOAD)))
        pause = LONGEST_PAUSE * heaviness * min(took, LONGEST_SECONDS)
        self._next = max(self._next, now + pause)

    def seconds_left(self, now: float) -> float:
        """Return after how long the next one may leave; at most 0 if it may now."""
        return self._next - now
