"""When a batch leaves: a pure decision, played through with a simulated clock."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from server.batching import (
    LONGEST_GATHERING_SECONDS,
    QUICK_SECONDS,
    WORTH_A_WORKER_SECONDS,
    BatchingState,
    decide,
)

USUAL_SECONDS = 0.0001
IDLE = BatchingState(
    now=100.0,
    workers=2,
    batches=0,
    oldest_sent=0.0,
    newest_quick_sent=None,
    waiting=1,
    usual_seconds=USUAL_SECONDS,
    full_batch=64,
)


def busy(ago: float, **fields: Any) -> BatchingState:
    """One of two workers has a quick batch, sent so many seconds ago."""
    sent = IDLE.now - ago
    return IDLE._replace(batches=1, oldest_sent=sent, newest_quick_sent=sent)._replace(**fields)


def test_operation_that_finds_the_workers_idle_leaves_at_once() -> None:
    assert decide(IDLE).leave


def test_nothing_leaves_where_nothing_waits() -> None:
    assert not decide(IDLE._replace(waiting=0)).leave


def test_nothing_leaves_without_a_worker() -> None:
    assert not decide(IDLE._replace(workers=0)).leave


def test_operation_gathers_behind_a_quick_batch_and_is_looked_at_again_in_time() -> None:
    decision = decide(busy(ago=0.001))
    assert not decision.leave
    assert decision.look_again == pytest.approx(IDLE.now - 0.001 + LONGEST_GATHERING_SECONDS)


def test_gathering_ends_when_the_batch_is_late() -> None:
    assert decide(busy(ago=LONGEST_GATHERING_SECONDS)).leave


def test_much_work_uses_a_second_worker_at_once() -> None:
    waiting = round(WORTH_A_WORKER_SECONDS / USUAL_SECONDS) + 1
    assert decide(busy(ago=0.001, waiting=waiting)).leave


def test_a_slow_batch_is_not_waited_for() -> None:
    assert decide(busy(ago=0.001, newest_quick_sent=None)).leave


def test_a_full_batch_leaves_ahead_of_workers_that_are_quick_and_no_further() -> None:
    full = busy(ago=0.001, batches=2, waiting=64)
    assert decide(full).leave
    assert not decide(full._replace(waiting=63)).leave
    assert not decide(full._replace(oldest_sent=full.now - 2 * QUICK_SECONDS)).leave
    assert not decide(full._replace(batches=3)).leave


class Played(NamedTuple):
    """How a simulated load went."""

    waits: list[float]
    batches: int


def play(arrivals: list[float], *, workers: int = 2, fixed: float, a_call: float) -> Played:
    """Play calls that arrive, with workers that take `fixed` a batch and `a_call` a call in it."""
    sent: list[tuple[float, float]] = []  # when, and when back
    waiting: list[float] = []
    waits: list[float] = []
    batches, now = 0, 0.0
    coming = sorted(arrivals)
    looks: list[float] = []
    while coming or waiting:
        events = [*coming[:1], *looks, *(back for _, back in sent)]
        now = min(events)
        looks = [each for each in looks if each > now]
        sent = [each for each in sent if each[1] > now]
        while coming and coming[0] <= now:
            waiting.append(coming.pop(0))
        begun = [when for when, _ in sent]
        decision = decide(
            BatchingState(
                now, workers, len(sent), min(begun, default=0.0), max(begun, default=None),
                len(waiting), a_call, 64,
            )
        )  # fmt: skip
        if decision.leave:
            batch, waiting = waiting[:64], waiting[64:]
            waits += [now - each for each in batch]
            sent.append((now, now + fixed + a_call * len(batch)))
            batches += 1
            looks.append(now)
        elif decision.look_again is not None:
            looks.append(decision.look_again)
    return Played(waits, batches)


def test_a_lone_caller_never_waits() -> None:
    lone = play([at * 0.01 for at in range(100)], fixed=0.002, a_call=0.0001)
    assert max(lone.waits) == 0.0


def test_a_burst_leaves_in_few_batches() -> None:
    burst = play([0.0] * 256, fixed=0.002, a_call=0.0001)
    assert burst.batches <= 6


def test_at_half_load_no_call_gathers_for_longer_than_it_may() -> None:
    half = play([at * 0.0005 for at in range(2000)], fixed=0.002, a_call=0.0001)
    assert max(half.waits) <= LONGEST_GATHERING_SECONDS
    assert half.batches < len(half.waits)


def test_under_overload_batches_are_full() -> None:
    over = play([at * 0.00002 for at in range(1920)], fixed=0.002, a_call=0.0002)
    assert over.batches <= 1920 / 64 + 10


def test_beside_a_slow_worker_the_other_goes_on() -> None:
    # One worker takes a second for each batch, so only its batch is ever late.
    slow = play([at * 0.05 for at in range(20)], fixed=1.0, a_call=0.0001)
    assert sorted(slow.waits)[1] <= LONGEST_GATHERING_SECONDS
