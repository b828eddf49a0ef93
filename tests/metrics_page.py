"""Reads a server's metrics as Prometheus does."""

from __future__ import annotations

import re
import urllib.request


def metric(address: str, name: str) -> float:
    """Return a metric's value; 0 if it has none yet."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as page:
        text = page.read().decode()
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0
