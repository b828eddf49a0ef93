"""What tests do to the stack's processes, and what they read of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import await_true

from server.processes import Child
from server.stack import Stack


def kill(child: Child) -> None:
    os.kill(child.pid, signal.SIGKILL)


def await_restart(child: Child, starts: int) -> None:
    await_true(lambda: child.starts > starts, f"the restart of {child.name}")


@contextmanager
def frozen(child: Child) -> Iterator[None]:
    """Let a process stand still meanwhile."""
    os.kill(child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(child.pid, signal.SIGCONT)


def resident_bytes(child: Child) -> int:
    """Return how much memory of the machine a process takes."""
    for line in Path(f"/proc/{child.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"{child.name} takes no memory: it has ended")


def batches_sent_again(stack: Stack) -> int:
    """Return how often a server has taken a batch for lost."""
    return _count_in_logs(stack, "is sent again")


def workers_taken_for_dead(stack: Stack) -> int:
    """Return how often a server has taken back the batch of a worker that it thought dead."""
    return _count_in_logs(stack, "its worker has died")


def _count_in_logs(stack: Stack, text: str) -> int:
    logs = (stack.data / f"{server.name}.log" for server in stack.servers)
    return sum(log.read_text().count(text) for log in logs)
