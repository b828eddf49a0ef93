"""The lines of the audit log: one JSON object each."""

from __future__ import annotations

import json
import time
from typing import Any

from edunn_serving.errors import quoted

MAX_TEXT = 200


def audit_line(event: str, **fields: Any) -> str:
    """Return the line of an event. Fields that are None are left out."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
    shown = {name: _bounded(each) for name, each in fields.items() if each is not None}
    return json.dumps({"time": stamp, "event": event, **shown})


def _bounded(value: Any) -> Any:
    # JSON escapes line breaks, so a caller's text cannot forge a line.
    return quoted(value) if isinstance(value, str) and len(value) > MAX_TEXT else value
