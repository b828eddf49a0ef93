"""Waits for the effects of a test's actions."""

from __future__ import annotations

import time
from collections.abc import Callable

from worker_ids import is_id_of, live_workers

from standalone.stack import Stack

POLL_SECONDS = 0.02


def await_true(
    condition: Callable[[], bool], what: str, seconds: float = 60.0, every: float = POLL_SECONDS
) -> None:
    """Wait until a condition holds. If it never does, the test fails."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(every)


def await_workers(stack: Stack) -> None:
    """Wait until every worker gives signs of life, and until every server has heard of some.

    A new process needs seconds until then.
    """

    def all_are_heard() -> bool:
        heard = live_workers(stack)
        return all(any(is_id_of(each, child) for each in heard) for child in stack.workers)

    await_true(all_are_heard, "a sign of life of every worker")
    for address in stack.addresses:
        stack.await_serving(address)
