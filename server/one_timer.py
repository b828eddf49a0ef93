"""A timer of the event loop that is set at most once at a time, because each wakes the loop up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class OneTimer:
    """Calls a function after a while, once however often it was asked to meanwhile."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._is_set = False

    def start(self, seconds: float) -> None:
        """Call the function after some seconds, if no call of it is to come already."""
        if not self._is_set:
            self._is_set = True
            asyncio.get_running_loop().call_later(seconds, self._fire)

    def _fire(self) -> None:
        self._is_set = False
        self._callback()
