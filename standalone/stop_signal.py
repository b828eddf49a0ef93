"""Requests to stop, by Ctrl-C or SIGTERM. They take effect only where it is safe to stop."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class StopRequested(Exception):  # noqa: N818  # not an error
    """Somebody asked the program to stop."""


class StopSignal:
    """Notes SIGINT, SIGTERM and further signals.

    An exception raised by the handler could come while a child is being started, and leave it
    behind. So the handler only notes the signal, and `wait` raises.
    """

    def __init__(self, *further: signal.Signals) -> None:
        self._requested = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, *further):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._requested.set()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for a number of seconds; without one, for ever.

        Raises
        ------
        StopRequested
            As soon as a signal has come.
        """
        if self._requested.wait(seconds):
            raise StopRequested
