"""Waiting for what a test has set off."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_SECONDS = 0.02


def await_true(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait until a condition holds; a test in which it never does fails."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(POLL_SECONDS)
