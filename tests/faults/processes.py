"""Stops, freezes and inspects the stack's processes for tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resident_memory import resident_bytes as resident_bytes
from waiting import await_true
from worker_ids import is_id_of

from edunn_serving import keys
from standalone.processes import Child
from standalone.stack import Stack


def kill(child: Child) -> None:
    os.kill(child.pid, signal.SIGKILL)


def await_restart(child: Child, starts: int) -> None:
    await_true(lambda: child.starts > starts, f"the restart of {child.name}")


@contextmanager
def frozen(child: Child) -> Iterator[None]:
    """Stop a process during the block."""
    os.kill(child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        # The block may have killed it, and the stack may have noticed.
        with suppress(ProcessLookupError):
            thaw(child)


def freeze_at_work(stack: Stack, worker: Child) -> None:
    """Stop a worker while it has a batch that is not answered. The stack must be under load.

    The worker is stopped again and again until it has one, because it has none between batches.
    """

    def stopped_at_work() -> bool:
        os.kill(worker.pid, signal.SIGSTOP)
        await_true(lambda: _state(worker) == "T", f"the stop of {worker.name}")
        if _has_batch(stack, worker):
            return True
        thaw(worker)
        return False

    await_true(stopped_at_work, f"a batch in the hands of {worker.name}")


def thaw(child: Child) -> None:
    """Let a stopped process go on."""
    os.kill(child.pid, signal.SIGCONT)


def _state(child: Child) -> str:
    """Return Linux's letter for the state of a process."""
    return Path(f"/proc/{child.pid}/stat").read_text().rpartition(") ")[2][0]


def _has_batch(stack: Stack, worker: Child) -> bool:
    """Return whether a stopped worker has taken a batch that it has not answered."""
    redis = stack.redis_client()
    for name in redis.scan_iter(keys.holder("*"), count=1000):
        holder = redis.get(name)
        if isinstance(holder, bytes) and is_id_of(holder, worker):
            return bool(redis.exists(keys.batch(name.decode().removeprefix(keys.holder("")))))
    return False


def batches_sent_again(stack: Stack) -> int:
    """Return how often a server has sent a batch again."""
    return _count_in_logs(stack, "is sent again")


def workers_taken_for_dead(stack: Stack) -> int:
    """Return how often a server has taken back a batch because its worker counted as dead."""
    return _count_in_logs(stack, "its worker has died")


def _count_in_logs(stack: Stack, text: str) -> int:
    logs = (stack.data / f"{server.name}.log" for server in stack.servers)
    return sum(log.read_text().count(text) for log in logs)
