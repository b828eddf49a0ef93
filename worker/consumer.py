"""Celery's consumer, patient: it waits for a Redis that is away or refuses, then goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar

from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown

log = logging.getLogger(__name__)

# Celery's own consumer waits 2 s after the first try, and up to 30 s after later ones.
RECONNECT_SECONDS = 0.25
# After Redis has refused what it was asked for, which it may do for long.
REFUSED_SECONDS = 0.5
SAME_TROUBLE_SECONDS = 60.0


class PatientConsumer(Consumer):  # type: ignore[misc]  # Celery has no types.
    """Consumes the queue, whatever becomes of Redis."""

    # Called when Redis refuses, again and again while it does.
    on_refusal: ClassVar[Callable[[], None]]

    _trouble = ""
    _trouble_logged_at = 0.0

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, however often it takes, unless the worker is to stop."""

        def note(error: Exception, interval: float) -> None:
            self._note(error)

        wait = RECONNECT_SECONDS
        connected = conn.ensure_connection(note, None, wait, 0, wait, callback=maybe_shutdown)
        self.first_connection_attempt = False
        return connected

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Wait, as Redis has refused while the connection was made."""
        self._note(exc)
        self._wait_after_refusal()

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Close the connection, and wait where Redis has refused."""
        self._note(exc)
        super().on_connection_error_after_connected(exc)
        if isinstance(exc, self.channel_errors):
            self._wait_after_refusal()

    def _note(self, error: Exception) -> None:
        text, now = str(error), time.monotonic()
        if text != self._trouble or now - self._trouble_logged_at > SAME_TROUBLE_SECONDS:
            log.warning("no batch can be taken from Redis: %s", text)
            self._trouble, self._trouble_logged_at = text, now

    def _wait_after_refusal(self) -> None:
        type(self).on_refusal()
        ends = time.monotonic() + REFUSED_SECONDS
        while time.monotonic() < ends:
            maybe_shutdown()
            time.sleep(RECONNECT_SECONDS)
