"""When a batch leaves: a pure decision, played through with a simulated clock."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pytest

from server.batching import (
    HEAVY_LOAD,
    LIGHT_LOAD,
    LONGEST_GATHERING_SECONDS,
    QUICK_SECONDS,
    TIMER_SECONDS,
    WORTH_A_BATCH_SECONDS,
    BatchingState,
    decide,
)

USUAL_SECONDS = 0.0001
FIXED_SECONDS = 0.001
# A batch left a moment ago, one of two workers has it, and the server is as busy as it can be.
BUSY = BatchingState(
    now=100.0,
    workers=2,
    batches=1,
    oldest_sent=99.999,
    last_departure=99.999,
    waiting=1,
    usual_seconds=USUAL_SECONDS,
    full_batch=64,
    fixed_seconds=FIXED_SECONDS,
    load=1.0,
)


def test_while_the_server_has_time_to_spare_a_free_worker_gets_operations_at_once() -> None:
    assert decide(BUSY._replace(load=LIGHT_LOAD)).leave
    assert decide(BUSY._replace(load=0.0, batches=0)).leave


def test_nothing_leaves_where_nothing_waits() -> None:
    assert not decide(BUSY._replace(waiting=0, load=0.0)).leave


def test_nothing_leaves_without_a_worker() -> None:
    assert not decide(BUSY._replace(workers=0, batches=0, load=0.0)).leave


def test_operations_of_a_busy_server_gather_and_are_looked_at_again_in_time() -> None:
    decision = decide(BUSY)
    assert not decision.leave
    each = LONGEST_GATHERING_SECONDS / BUSY.workers
    assert decision.look_again == pytest.approx(BUSY.last_departure + each)


def test_the_busier_the_server_the_longer_operations_gather() -> None:
    def look_again(load: float) -> float:
        return decide(BUSY._replace(load=load)).look_again or 0.0

    half = (LIGHT_LOAD + HEAVY_LOAD) / 2
    assert 0.0 < look_again(half) < look_again(HEAVY_LOAD) == look_again(1.0)


def test_operations_do_not_gather_for_a_small_fixed_cost() -> None:
    small = TIMER_SECONDS / 100
    assert decide(BUSY._replace(fixed_seconds=small)).leave
    assert decide(BUSY._replace(fixed_seconds=0.0)).leave


def test_gathering_ends_in_time() -> None:
    assert decide(BUSY._replace(last_departure=BUSY.now - LONGEST_GATHERING_SECONDS)).leave


def test_much_work_leaves_at_once() -> None:
    waiting = round(WORTH_A_BATCH_SECONDS / USUAL_SECONDS) + 1
    assert decide(BUSY._replace(waiting=waiting)).leave


@pytest.mark.parametrize(
    "worth", [{"waiting": 64, "usual_seconds": 0.0}, {"waiting": 2, "usual_seconds": 0.005}]
)
def test_a_batch_of_much_work_leaves_ahead_of_workers_that_are_quick_and_no_further(
    worth: dict[str, Any],
) -> None:
    much = BUSY._replace(batches=2, **worth)
    assert decide(much).leave
    assert not decide(much._replace(waiting=1, usual_seconds=0.001)).leave
    assert not decide(much._replace(oldest_sent=much.now - 2 * QUICK_SECONDS)).leave
    assert not decide(much._replace(batches=3)).leave


class Played(NamedTuple):
    """How a simulated load went."""

    waits: list[float]
    batches: int


def play(
    arrivals: list[float], *, load: float, fixed: float = FIXED_SECONDS, workers: int = 2
) -> Played:
    """Play calls that arrive, with workers that take `fixed` a batch and the usual time a call."""
    back: list[float] = []
    sent: list[float] = []
    waiting: list[float] = []
    waits: list[float] = []
    batches, last_departure = 0, -1.0
    coming = sorted(arrivals)
    looks: list[float] = []
    while coming or waiting:
        now = min([*coming[:1], *looks, *back])
        looks = [each for each in looks if each > now]
        sent = [begun for begun, end in zip(sent, back, strict=True) if end > now]
        back = [end for end in back if end > now]
        while coming and coming[0] <= now:
            waiting.append(coming.pop(0))
        decision = decide(
            BatchingState(
                now, workers, len(sent), min(sent, default=0.0), last_departure, len(waiting),
                USUAL_SECONDS, 64, fixed, load,
            )
        )  # fmt: skip
        if decision.leave:
            batch, waiting = waiting[:64], waiting[64:]
            waits += [now - each for each in batch]
            sent.append(now)
            back.append(now + fixed + USUAL_SECONDS * len(batch))
            batches, last_departure = batches + 1, now
            looks.append(now)
        elif decision.look_again is not None:
            looks.append(decision.look_again)
    return Played(waits, batches)


def test_a_lone_caller_never_waits() -> None:
    lone = play([at * 0.01 for at in range(100)], load=0.4)
    assert max(lone.waits) == 0.0


def test_a_burst_leaves_in_few_batches() -> None:
    assert play([0.0] * 256, load=1.0).batches <= 6


def test_at_half_load_calls_hardly_wait() -> None:
    half = play([at * 0.0005 for at in range(2000)], load=0.5)
    # With both workers busy a call waits for one of them.
    assert max(half.waits) <= 2 * FIXED_SECONDS


def test_under_overload_batches_are_full() -> None:
    over = play([at * 0.00002 for at in range(1920)], load=1.0)
    assert over.batches <= 1920 / 64 + 10


def test_beside_a_slow_worker_the_other_goes_on() -> None:
    # A worker takes a second for each batch, so only the third call waits for one.
    slow = play([at * 0.05 for at in range(20)], fixed=1.0, load=0.2)
    assert sum(wait > 0 for wait in slow.waits[:2]) == 0


def test_it_is_decided_again_as_soon_as_enough_operations_wait() -> None:
    states = [
        BUSY,
        BUSY._replace(batches=2),
        BUSY._replace(usual_seconds=0.0),
        BUSY._replace(waiting=0, load=0.0),
    ]
    for state in states:
        decision = decide(state)
        assert not decision.leave
        enough = math.ceil(decision.enough)
        assert decide(state._replace(waiting=enough)).leave
        assert not decide(state._replace(waiting=enough - 1)).leave


def test_without_a_place_no_number_of_operations_is_enough() -> None:
    for state in (BUSY._replace(batches=3), BUSY._replace(workers=0, batches=0)):
        assert decide(state).enough == math.inf
