"""Decides when the next batch leaves. Pure: a state goes in, a decision comes out.

A batch costs the machine about as much whatever its size. An operation that finds the workers idle
leaves at once; others gather for company, but only while a batch is soon to be back.
"""

from __future__ import annotations

from typing import NamedTuple

# A second worker is used at once for this much work, in seconds of computing. Less work had better
# gather and leave with more.
WORTH_A_WORKER_SECONDS = 0.004
# Operations gather behind a batch only until it has been under way for this long.
LONGEST_GATHERING_SECONDS = 0.02
# The event loop's timers are no more exact than this, and may be early.
TIMER_SECONDS = 0.002
# Workers are quick while no batch has been under way for longer.
QUICK_SECONDS = 0.05


class BatchingState(NamedTuple):
    """What the decision depends on. Times are of one clock, in seconds."""

    now: float
    # How many workers live.
    workers: int
    # How many batches are under way, and when the oldest of them was sent.
    batches: int
    oldest_sent: float
    # When the newest batch was sent that is expected to be quick; None where there is none.
    newest_quick_sent: float | None
    # How many operations wait, and how long a usual one computes.
    waiting: int
    usual_seconds: float
    # How many operations fill a batch.
    full_batch: int


class BatchingDecision(NamedTuple):
    """Whether a batch leaves now; if not, when to decide anew at the latest, without an event."""

    leave: bool
    look_again: float | None = None


STAY = BatchingDecision(leave=False)
LEAVE = BatchingDecision(leave=True)


def decide(state: BatchingState) -> BatchingDecision:
    """Decide whether the next batch leaves now."""
    if not state.waiting or not _has_place(state):
        return STAY
    if state.newest_quick_sent is None:
        # A batch that is expected to be slow is not waited for.
        return LEAVE
    if state.waiting * state.usual_seconds >= WORTH_A_WORKER_SECONDS:
        return LEAVE
    end = state.newest_quick_sent + LONGEST_GATHERING_SECONDS
    if end - state.now < TIMER_SECONDS:
        return LEAVE
    return BatchingDecision(leave=False, look_again=end)


def _has_place(state: BatchingState) -> bool:
    """Tell whether one more batch may be under way.

    Where batches come back quickly a full one may leave before a worker is free, so that the first
    free worker finds it there. A batch that has left can no longer be called off.
    """
    if state.batches != state.workers:
        return state.batches < state.workers
    full = state.waiting >= state.full_batch
    return bool(state.workers) and full and state.now - state.oldest_sent < QUICK_SECONDS
