"""Decides when the next batch leaves. Pure: a state goes in, a decision comes out.

A batch has a fixed cost that does not depend on its size. An operation leaves at once if the
workers are idle. Otherwise operations gather, but only while a batch is expected back soon.
"""

from __future__ import annotations

from typing import NamedTuple

# A second worker is used at once for this much work, in seconds of computing. Less work gathers.
WORTH_A_WORKER_SECONDS = 0.004
# Operations gather only until the newest batch has been under way for this long.
LONGEST_GATHERING_SECONDS = 0.02
# The event loop's timers may fire this much too early.
TIMER_SECONDS = 0.002
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
    # The time at which the newest batch that is expected to be quick was sent. None: there is none.
    newest_quick_sent: float | None
    # The number of operations in the lanes, and the usual time that one computes.
    waiting: int
    usual_seconds: float
    # The number of operations that fill a batch.
    full_batch: int


class BatchingDecision(NamedTuple):
    """Whether a batch leaves now. If not, `look_again` is the latest time to decide again."""

    leave: bool
    look_again: float | None = None


STAY = BatchingDecision(leave=False)
LEAVE = BatchingDecision(leave=True)


def decide(state: BatchingState) -> BatchingDecision:
    """Decide whether the next batch leaves now."""
    if not state.waiting or not _has_place(state):
        return STAY
    if state.newest_quick_sent is None:
        # Operations do not gather behind a batch that is expected to be slow.
        return LEAVE
    if state.waiting * state.usual_seconds >= WORTH_A_WORKER_SECONDS:
        return LEAVE
    end = state.newest_quick_sent + LONGEST_GATHERING_SECONDS
    if end - state.now < TIMER_SECONDS:
        return LEAVE
    return BatchingDecision(leave=False, look_again=end)


def _has_place(state: BatchingState) -> bool:
    """Tell whether one more batch may be under way.

    While batches come back quickly, a full one may leave before a worker is free. The first free
    worker then finds it in the queue. A batch that has left can no longer be taken back.
    """
    if state.batches != state.workers:
        return state.batches < state.workers
    full = state.waiting >= state.full_batch
    return bool(state.workers) and full and state.now - state.oldest_sent < QUICK_SECONDS
