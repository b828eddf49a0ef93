"""A progress bar for the terminal or a notebook."""

from __future__ import annotations

import sys
import time

_WIDTH = 30
# Drawing more often than the eye follows only slows training down.
_SECONDS = 0.1


class ProgressBar:
    """Show how much of a number of steps is done, on standard error.

    Parameters
    ----------
    total : int
    shown : bool
        False makes a bar that draws nothing.
    """

    def __init__(self, total: int, shown: bool = True) -> None:
        self._total = total
        self._shown = shown and total > 0
        self._done = 0
        self._drawn_at = -_SECONDS
        self._note = ""
        self._length = 0

    def advance(self, note: str) -> None:
        """Count one more step; the note stands beside the bar."""
        self._done += 1
        self._note = note
        now = time.monotonic()
        if now - self._drawn_at >= _SECONDS:
            self._drawn_at = now
            self._draw("")

    def show(self, note: str) -> None:
        """Draw the bar with another note; nothing more is done."""
        self._note = note
        self._draw("")

    def close(self) -> None:
        """Draw the bar a last time and end its line."""
        self._draw("\n")

    def _draw(self, end: str) -> None:
        if not self._shown:
            return
        full = _WIDTH * self._done // self._total
        text = f"[{'#' * full}{'.' * (_WIDTH - full)}] {self._done}/{self._total} {self._note}"
        # Spaces cover what is left of a longer line before.
        sys.stderr.write(f"\r{text:<{self._length}}{end}")
        sys.stderr.flush()
        self._length = len(text)
