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
from edunn_serving.errors import ServiceError
from edunn_serving.seal import Seal
from edunn_serving.training_store import (
    CANCELLED_MS,
    PULSE_SCRIPT,
    StoredTraining,
    sealed_event,
    sealed_progress,
)
from edunn_serving.v1.training_pb2 import EpochResult, TrainingEvent
from worker.training.run import TrainingRun

log = logging.getLogger(__name__)

# How often epochs are reported, and the holder is looked at. A cancellation is heard at once.
LOOK_SECONDS = 0.05
# Progress is reported at most this often.
REPORT_SECONDS = 0.2
# After this time without an answer of Redis it is asked again.
RETRY_SECONDS = 0.2


class Pulse:
    """A thread beside a slice. The slice looks at `cancelled` and `lost` after each batch."""

    def __init__(
        self,
        client: redis.Redis,
        stored: StoredTraining,
        run: TrainingRun,
        seal: Seal,
        now_ms: Callable[[], int],
        patiently: Callable[[Callable[[], None]], object],
    ) -> None:
        # redis-py's types tell neither bytes from text nor one answer from another.
        self._client: Any = client
        self._seal = seal
        self._now_ms = now_ms
        # Calls Redis once it is there.
        self._patiently = patiently
        self.cancelled = stored.training.cancel_requested
        # Another worker has the training.
        self.lost = False
        self._key = stored.key
        self._holder = stored.holder
        self._keys = [keys.training(*stored.key), keys.training_events(*stored.key)]
        self._cancellations = keys.training_cancellations(*stored.key)
        self._run = run
        self._script: Any = client.register_script(PULSE_SCRIPT.text)
        # Epochs that watchers may not have heard of: the number of each and its event.
        self._epochs: list[tuple[int, bytes]] = []
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
        self._wake()
        self._thread.join()
        # Watchers hear of the last epochs before the end, also of a training that fails.
        if self._epochs and (error is None or isinstance(error, ServiceError)):
            self._patiently(lambda: self._tell(b"", b""))

    def _wake(self) -> None:
        """Let the thread wait no longer for a cancellation."""
        try:
            pipeline = self._client.pipeline(transaction=True)
            pipeline.rpush(self._cancellations, b"")
            pipeline.pexpire(self._cancellations, CANCELLED_MS)
            pipeline.execute()
        except redis.RedisError as trouble:
            log.debug("a slice ends a moment later: %s", trouble)

    def tell(self, result: EpochResult) -> None:
        """Tell the watchers of an epoch, soon."""
        event = TrainingEvent(epoch=result)
        event.time.FromMilliseconds(self._now_ms())
        self._epochs.append((result.epoch, sealed_event(self._key, event, self._seal)))

    def _beat(self) -> None:
        reported = time.monotonic()
        while not self._over.is_set():
            try:
                self._await_cancellation()
                now = time.monotonic()
                if now - reported >= REPORT_SECONDS:
                    reported = now
                    self._tell(*self._progress())
                else:
                    self._tell(b"", b"")
            except redis.RedisError as trouble:
                # What counts is the commit at the slice's end, which waits for Redis.
                log.info("the progress of a training is not heard: %s", trouble)
                self._over.wait(RETRY_SECONDS)

    def _await_cancellation(self) -> None:
        """Wait for a cancellation, but not for long."""
        if self.cancelled:
            self._over.wait(LOOK_SECONDS)
        elif self._client.blpop([self._cancellations], LOOK_SECONDS):
            log.debug("a cancellation is heard")

    def _progress(self) -> tuple[bytes, bytes]:
        event = TrainingEvent(progress=self._run.progress())
        event.time.FromMilliseconds(self._now_ms())
        return (
            sealed_event(self._key, event, self._seal),
            sealed_progress(self._key, event.progress, self._seal),
        )

    def _tell(self, event: bytes, progress: bytes) -> None:
        epochs = list(self._epochs)
        told = [each for epoch in epochs for each in epoch]
        answer = self._script(self._keys, [self._holder, event, progress, *told])
        del self._epochs[: len(epochs)]
        self.cancelled = self.cancelled or answer == b"cancelled"
        self.lost = self.lost or answer == b"lost"
