"""Reports a training's progress while it computes, and hears of its cancellation."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import redis

from edunn_serving import keys
from edunn_serving.training_store import PULSE_SCRIPT, StoredTraining
from edunn_serving.v1.training_pb2 import TrainingEvent
from worker.training.run import TrainingRun

log = logging.getLogger(__name__)

# How often a cancellation is looked for. A batch takes longer than this, or the next ones do.
LOOK_SECONDS = 0.05
# Progress is reported at most this often.
REPORT_SECONDS = 0.2


class Pulse:
    """A thread beside a slice. The slice looks at `cancelled` and `lost` after each batch."""

    def __init__(
        self,
        client: redis.Redis,
        stored: StoredTraining,
        run: TrainingRun,
        now_ms: Callable[[], int],
    ) -> None:
        self._now_ms = now_ms
        self.cancelled = stored.training.cancel_requested
        # Another worker has the training.
        self.lost = False
        self._holder = stored.holder
        self._keys = [keys.training(*stored.key), keys.training_events(*stored.key)]
        self._run = run
        self._script: Any = client.register_script(PULSE_SCRIPT.text)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> Pulse:
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

    def _beat(self) -> None:
        reported = time.monotonic()
        while not self._over.wait(LOOK_SECONDS):
            now = time.monotonic()
            event, progress = b"", b""
            if now - reported >= REPORT_SECONDS:
                reported = now
                said = TrainingEvent(progress=self._run.progress())
                said.time.FromMilliseconds(self._now_ms())
                event, progress = said.SerializeToString(), said.progress.SerializeToString()
            try:
                answer = self._script(self._keys, [self._holder, event, progress])
            except redis.RedisError as trouble:
                # What counts is the commit at the slice's end, which waits for Redis.
                log.info("the progress of a training is not heard: %s", trouble)
                continue
            self.cancelled = self.cancelled or answer == b"cancelled"
            self.lost = self.lost or answer == b"lost"
