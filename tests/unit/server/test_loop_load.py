"""The load of the event loop's thread."""

from __future__ import annotations

import time

from server.loop_load import WINDOW_SECONDS, LoopLoad


def load_after(work: bool) -> float:
    load = LoopLoad()
    end = time.monotonic() + 4 * WINDOW_SECONDS
    while time.monotonic() < end:
        if not work:
            time.sleep(WINDOW_SECONDS)
    return load.now()


def test_thread_that_computes_is_busy_and_one_that_sleeps_is_not() -> None:
    # Other work on the machine makes a computing thread wait, which counts too.
    assert load_after(work=True) > 0.9
    assert load_after(work=False) < 0.5


def test_load_is_between_0_and_1() -> None:
    load = LoopLoad()
    assert 0.0 <= load.now() <= 1.0
