"""Well-behaved callers that call at a steady rate, and the memory of the stack meanwhile."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from edunn_client import Client, EdunnError, RemoteLayer

from edunn_serving.setting_types import MEBIBYTE
from standalone.processes import Child
from standalone.stack import Stack

CALLS_A_SECOND = 5.0
CALL_SECONDS = 30.0
LOOK_SECONDS = 0.1
X = np.random.default_rng(1).uniform(1, 2, (8, 64))


class Phase:
    """The calls of the well-behaved callers for a while, each over a connection of its own."""

    def __init__(self, stack: Stack, tokens: Sequence[str], seconds: float) -> None:
        self._took: list[float] = []
        # The failures by what they say.
        self.failures: Counter[str] = Counter()
        self.server_bytes = self.redis_bytes = 0
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=self._call, args=(stack.address, token, until))
            for token in tokens
        ]
        for thread in threads:
            thread.start()
        while time.monotonic() < until:
            self.server_bytes = max(self.server_bytes, _resident(stack.servers[0]))
            self.redis_bytes = max(self.redis_bytes, _resident(stack.redis))
            time.sleep(LOOK_SECONDS)
        for thread in threads:
            thread.join()

    @property
    def calls(self) -> int:
        """The number of calls."""
        return len(self._took)

    def percentile(self, percent: float) -> float:
        """Return a percentile of the calls' times, in ms; NaN if there was no call."""
        if not self._took:
            return math.nan
        return float(np.percentile(self._took, percent)) * 1000

    def row(self, name: str, quiet_p99: float | None = None) -> str:
        """Return the phase as a row of the page's table."""
        rise = "" if quiet_p99 is None else f"{self.percentile(99) / quiet_p99:.1f}"
        return (
            f"| {name} | {len(self._took)} | {self.failures.total()} | {self.percentile(50):.1f} | "
            f"{self.percentile(99):.1f} | {rise} | {self.percentile(100):.0f} | "
            f"{self.server_bytes / MEBIBYTE:.0f} | {self.redis_bytes / MEBIBYTE:.0f} |"
        )

    def _call(self, address: str, token: str, until: float) -> None:
        while time.monotonic() < until:
            try:
                with (
                    Client(address, token=token, timeout=CALL_SECONDS) as client,
                    client.session() as session,
                ):
                    self._call_steadily(session.layer("drop", "Dropout", p=0.5), until)
            except EdunnError as error:
                self.failures[f"a session: {error}"] += 1

    def _call_steadily(self, layer: RemoteLayer, until: float) -> None:
        with suppress(EdunnError):
            layer.forward(X)
        due = time.monotonic() + secrets.randbelow(1000) / 1000 / CALLS_A_SECOND
        while (due := due + 1 / CALLS_A_SECOND) < until:
            time.sleep(max(0.0, due - time.monotonic()))
            began = time.monotonic()
            try:
                y = layer.forward(X)
            except EdunnError as error:
                self.failures[str(error)] += 1
                continue
            finally:
                self._took.append(time.monotonic() - began)
            if not ((y == 0) | (y == 2 * X)).all():
                self.failures["a wrong answer"] += 1


def _resident(child: Child) -> int:
    """Return the bytes of the machine's memory that a process takes."""
    for line in Path(f"/proc/{child.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
