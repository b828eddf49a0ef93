"""The audit log: who made and ended sessions, which calls were refused, which limits were met.

A thread writes the lines, so that a slow disk does not hold up the calls.
"""

from __future__ import annotations

import logging
import queue
from logging.handlers import QueueListener, WatchedFileHandler
from typing import Any

from google.rpc import status_pb2

from edunn_serving.audit_lines import audit_line
from edunn_serving.errors import Code, Reason, ServiceError, info_of
from server.call import Call

log = logging.getLogger(__name__)

# Lines that may wait for the disk. Beyond it lines are lost, and the log says how many.
MAX_WAITING = 10_000
LIMITS = {Reason.QUOTA, Reason.QUEUE_FULL, Reason.TOO_LARGE}
REFUSALS = {Reason.UNAUTHENTICATED, Reason.PERMISSION_DENIED}


class Audit:
    """Writes audit lines to a file, or to standard error if there is none."""

    def __init__(self, path: str) -> None:
        self._waiting: queue.Queue[Any] = queue.Queue(MAX_WAITING)
        handler = WatchedFileHandler(path) if path else logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        self._writer = QueueListener(self._waiting, handler)
        self._writer.start()
        self._lost = 0

    def note(self, event: str, call: Call, *, reason: str | None = None, **fields: Any) -> None:
        """Write what happened in a call."""
        line = audit_line(
            event,
            caller=call.caller.name,
            acted_by=call.caller.acted_by or None,
            peer=call.peer,
            method=call.method,
            reason=reason,
            request_id=call.request_id,
            **fields,
        )
        record = logging.LogRecord("audit", logging.INFO, __file__, 0, line, None, None)
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            if not self._lost:
                log.error("the audit log's disk is too slow: lines are lost")
            self._lost += 1

    def note_error(self, call: Call, error: ServiceError) -> None:
        """Write that a call was refused or met a limit. Other errors are not of interest here."""
        if error.reason in REFUSALS:
            self.note("refused", call, reason=error.reason.name)
        elif error.reason in LIMITS:
            limit = error.metadata.get("quota")
            self.note("limit", call, reason=error.reason.name, limit=limit)

    def note_status(self, call: Call, serialized: bytes) -> None:
        """Write that a worker has refused a call because of a limit."""
        status = status_pb2.Status.FromString(serialized)
        if status.code == Code.RESOURCE_EXHAUSTED:
            info = info_of(status)
            self.note("limit", call, reason=info.reason, limit=info.metadata.get("quota"))

    def close(self) -> None:
        """Write the lines that are still in the queue, and stop."""
        self._writer.stop()
        if self._lost:
            log.error("%d lines of the audit log were lost", self._lost)
