"""`python -m bench.siege`: attacks a stack in all ways at once, beside well-behaved callers.

It exits with 1 if a well-behaved call fails, if their p99 rises beyond three times the quiet one,
or if the server's memory goes beyond its bound. The attackers share the machine with the stack, so
that a part of the rise is theirs and not the server's.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from edunn_client import Client

from bench.attacks import ATTACKS
from edunn_serving.setting_types import MEBIBYTE
from standalone.processes import Child
from standalone.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "siege.md"
CALLERS = 20
CALLS_A_SECOND = 5.0
X = np.random.default_rng(1).uniform(1, 2, (8, 64))
# What arrives, what waits in the queue, what is unread, and what the server takes besides.
SERVER_BYTES = (1024 + 512 + 512 + 512) * MEBIBYTE
ALLOWED_RISE = 3.0
TEXT = """\
# Under siege

`make siege` lets twenty well-behaved callers call at a steady rate, first alone and then beside all
the attacks of [bench/attacks.py](../bench/attacks.py) at once: {attacks}. Each attack is a process
of its own on the same machine, at the lowest priority. A part of the rise is theirs and not the
server's all the same.

{note}

This run: {quiet:g} s quiet, {siege:g} s under siege, {cores} cores.

| | quiet | under siege |
| --- | --- | --- |
| well-behaved calls | {quiet_calls} | {siege_calls} |
| of them failed | {quiet_failed} | {siege_failed} |
| p50 | {quiet_p50:.1f} ms | {siege_p50:.1f} ms |
| p99 | {quiet_p99:.1f} ms | {siege_p99:.1f} ms |
| longest | {quiet_max:.0f} ms | {siege_max:.0f} ms |
| server's memory, at most | {quiet_server:.0f} MiB | {siege_server:.0f} MiB |
| Redis's memory, at most | {quiet_redis:.0f} MiB | {siege_redis:.0f} MiB |

p99 under siege is {rise:.1f} times the quiet one.
"""


def main() -> int:
    """Run the siege and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.siege", description=__doc__)
    parser.add_argument("--quiet", type=float, default=60.0, help="seconds without attacks")
    parser.add_argument("--seconds", type=float, default=600.0, help="seconds of the attacks")
    parser.add_argument(
        "--attacks", nargs="+", choices=ATTACKS, help="only these, and do not write the page"
    )
    arguments = parser.parse_args()
    attacks = arguments.attacks or list(ATTACKS)
    names = [f"calm-{at}" for at in range(CALLERS)]
    load = os.getloadavg()[0]
    tokens = {name: secrets.token_hex(16) for name in (*names, "abuser")}
    settings = {
        "EDUNN_TOKENS": ",".join(f"{name}={token}" for name, token in tokens.items()),
    }
    with (
        tempfile.TemporaryDirectory(prefix="edunn-siege-") as folder,
        Stack(Path(folder), environment=settings) as stack,
    ):
        calm = [tokens[name] for name in names]
        quiet = Phase(stack, calm, arguments.quiet)
        with _running(attacks, stack.address, tokens["abuser"]):
            siege = Phase(stack, calm, arguments.seconds)
    rise = siege.percentile(99) / quiet.percentile(99)
    note = "Nothing else ran."
    if load >= 1:
        note = (
            f"Before the run the machine's load was {load:.0f} already, by other programs, so the "
            "times below say little. Only the bound on memory is shown by them."
        )
    page = TEXT.format(
        note=note,
        attacks=", ".join(name.replace("_", " ") for name in attacks),
        quiet=arguments.quiet, siege=arguments.seconds, cores=os.cpu_count(), rise=rise,
        **quiet.figures("quiet"), **siege.figures("siege"),
    )  # fmt: skip
    print(page)
    if arguments.attacks is None:
        PAGE.write_text(page)
    failed = quiet.failures + siege.failures
    print("\n".join(failed[:10]))
    return int(bool(failed) or rise > ALLOWED_RISE or siege.server_bytes > SERVER_BYTES)


class Phase:
    """The calls of the well-behaved callers for a while, and the memory meanwhile."""

    def __init__(self, stack: Stack, tokens: Sequence[str], seconds: float) -> None:
        self.took: list[float] = []
        self.failures: list[str] = []
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
            time.sleep(0.1)
        for thread in threads:
            thread.join()

    def percentile(self, percent: float) -> float:
        """Return a percentile of the calls' times, in ms."""
        return float(np.percentile(self.took, percent)) * 1000

    def figures(self, name: str) -> dict[str, float]:
        """Return the figures of the page."""
        return {
            f"{name}_calls": len(self.took),
            f"{name}_failed": len(self.failures),
            f"{name}_p50": self.percentile(50),
            f"{name}_p99": self.percentile(99),
            f"{name}_max": self.percentile(100),
            f"{name}_server": self.server_bytes / MEBIBYTE,
            f"{name}_redis": self.redis_bytes / MEBIBYTE,
        }

    def _call(self, address: str, token: str, until: float) -> None:
        try:
            with Client(address, token=token) as client, client.session() as session:
                layer = session.layer("drop", "Dropout", p=0.5)
                layer.forward(X)
                due = time.monotonic() + secrets.randbelow(1000) / 1000 / CALLS_A_SECOND
                while (due := due + 1 / CALLS_A_SECOND) < until:
                    time.sleep(max(0.0, due - time.monotonic()))
                    began = time.monotonic()
                    y = layer.forward(X)
                    self.took.append(time.monotonic() - began)
                    if not ((y == 0) | (y == 2 * X)).all():
                        self.failures.append("a wrong answer")
        except Exception as error:
            self.failures.append(repr(error))


@contextmanager
def _running(attacks: Sequence[str], address: str, token: str) -> Iterator[None]:
    """Run each attack in a process of its own, until the block ends."""
    with ExitStack() as stack:
        for name in attacks:
            command = [sys.executable, "-m", "bench.attacks", name, address, token]
            process = stack.enter_context(
                subprocess.Popen(command, cwd=ROOT)  # noqa: S603  # our own module
            )
            stack.callback(process.kill)
        yield


def _resident(child: Child) -> int:
    """Return the bytes of the machine's memory that a process takes."""
    for line in Path(f"/proc/{child.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    sys.exit(main())
