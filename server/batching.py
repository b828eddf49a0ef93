"""Decides when the next batch leaves. Pure: a state goes in, a decision comes out.

A batch has a fixed cost that does not depend on its size. While the server has time to spare, an
operation leaves as soon as a worker is free. The busier the server is, the longer operations
gather, so that fixed costs take less of the machine. They never gather for longer than it takes to
make the fixed cost a small part of the batch.

A batch has the sessions of one worker. While operations gather, each worker gets a batch in turn,
at equal distances in time. If all left together, the server would have nothing to do while the
workers compute, and the workers nothing while the server answers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

# A batch leaves at once if it has this much work, in seconds of computing.
WORTH_A_BATCH_SECONDS = 0.004
# The longest time from one batch of a worker to its next in which operations gather.
LONGEST_GATHERING_SECONDS = 0.02
# Operations gather for at most this many times the fixed cost of a batch.
FIXED_COSTS = 40
# With less load operations do not gather. With more they gather for as long as they may.
# While all calls wait for batches that gather, even the busiest server has some time to spare.
LIGHT_LOAD, HEAVY_LOAD = 0.5, 0.8
# The event loop's timers may fire this much too early.
TIMER_SECONDS = 0.001
# Workers count as quick while no batch has been under way for longer than this.
QUICK_SECONDS = 0.05


class BatchingState(NamedTuple):
    """The state that the decision depends on. Times are of one clock, in seconds."""

    now: float
    # The number of live workers.
    workers: int
    # The number of batches under way, and the time at which the oldest of them was sent.
    batches: int
    oldest_sent: float
    # The time at which the latest batch left that is expected to be quick.
    last_departure: float
    # The number of operations in the lanes, and the usual time that one computes.
    waiting: int
    usual_seconds: float
    # The number of operations that fill a batch.
    full_batch: int
    # The time that a batch takes its worker besides its operations.
    fixed_seconds: float
    # The share of time in which the server is busy, from 0 to 1.
    load: float


class BatchingDecision(NamedTuple):
    """Whether a batch leaves now. If not, when to decide again.

    It is decided again when a batch comes back, when this many operations wait, or at this time.
    """

    leave: bool
    enough: float = 0.0
    look_again: float | None = None


LEAVE = BatchingDecision(leave=True)


def decide(state: BatchingState) -> BatchingDecision:
    """Decide whether the next batch leaves now."""
    worth = _operations_worth_a_batch(state)
    enough = _operations_for_a_place(state, worth)
    if state.waiting < enough:
        return BatchingDecision(leave=False, enough=enough)
    if state.waiting >= worth:
        return LEAVE
    end = state.last_departure + _gathering_seconds(state) / state.workers
    if end - state.now < TIMER_SECONDS:
        return LEAVE
    return BatchingDecision(leave=False, enough=worth, look_again=end)


def _gathering_seconds(state: BatchingState) -> float:
    """Return the time from one batch of a worker to its next."""
    longest = min(LONGEST_GATHERING_SECONDS, FIXED_COSTS * state.fixed_seconds)
    heaviness = (state.load - LIGHT_LOAD) / (HEAVY_LOAD - LIGHT_LOAD)
    return longest * min(1.0, max(0.0, heaviness))


def _operations_for_a_place(state: BatchingState, worth: float) -> float:
    """Return how many operations may be one more batch under way; infinity if none may.

    While batches come back quickly, one with much work may leave before a worker is free. The first
    free worker then finds it in the queue. A batch that has left can no longer be taken back.
    """
    if state.batches < state.workers:
        return 1
    is_quick = state.now - state.oldest_sent < QUICK_SECONDS
    if state.batches == state.workers > 0 and is_quick:
        return worth
    return math.inf


def _operations_worth_a_batch(state: BatchingState) -> float:
    """Return how many operations are so much work that the fixed cost hardly counts beside it."""
    if not state.usual_seconds:
        return state.full_batch
    return min(state.full_batch, WORTH_A_BATCH_SECONDS / state.usual_seconds)
