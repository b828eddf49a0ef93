"""How long this process has to wait for a core: what a busy machine adds to each measured time."""

from __future__ import annotations

import threading
import time
from types import TracebackType

TICK_SECONDS = 0.05


class CoreWaits:
    """A context manager. `seconds` is the sum of all waits in its block, beyond the usual ones."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="core-waits", daemon=True)

    def __enter__(self) -> CoreWaits:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _tick(self) -> None:
        began = time.monotonic()
        while not self._over.wait(TICK_SECONDS):
            now = time.monotonic()
            self.seconds += max(0.0, now - began - 2 * TICK_SECONDS)
            began = now
