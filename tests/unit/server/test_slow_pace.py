"""Slow operations leave pauses while the server has too few cores, and none while it has enough."""

from __future__ import annotations

import pytest

from server.slow_pace import HEAVY_LOAD, LIGHT_LOAD, LONGEST_SECONDS, SlowPace


def pause_after(took: float, load: float) -> float:
    pace = SlowPace()
    pace.note_back(100.0, took, load)
    return pace.seconds_left(100.0)


def test_the_first_one_may_leave_at_once() -> None:
    assert SlowPace().seconds_left(100.0) <= 0


def test_with_cores_to_spare_there_is_no_pause() -> None:
    assert pause_after(0.5, LIGHT_LOAD) == 0
    assert pause_after(0.5, 0.0) == 0


@pytest.mark.parametrize("load", [HEAVY_LOAD, 1.0])
def test_without_any_the_pause_is_as_long_as_the_operation(load: float) -> None:
    assert pause_after(0.5, load) == pytest.approx(0.5)
    assert pause_after(60.0, load) == pytest.approx(LONGEST_SECONDS)


def test_in_between_the_pause_follows_the_load() -> None:
    assert pause_after(0.5, (LIGHT_LOAD + HEAVY_LOAD) / 2) == pytest.approx(0.25)


def test_a_short_operation_ends_no_long_pause() -> None:
    pace = SlowPace()
    pace.note_back(100.0, 0.5, 1.0)
    pace.note_back(100.1, 0.02, 1.0)
    assert pace.seconds_left(100.1) == pytest.approx(0.4)
