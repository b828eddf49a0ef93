"""Bounds for counts of independent events, from exact binomial tails."""

from __future__ import annotations

import functools
import math

import numpy as np

from worker.judging.challenges import Floats


@functools.lru_cache(maxsize=4096)
def acceptance(trials: int, probability: float, false_alarms: float) -> tuple[int, int]:
    """Return the counts from low to high that a right program gives.

    Parameters
    ----------
    trials : int
    probability : float
        Of an event in each trial.
    false_alarms : float
        How probable a count outside may be: half of it below low, half above high.
    """
    if probability <= 0.0 or probability >= 1.0:
        certain = trials if probability >= 1.0 else 0
        return certain, certain
    chances = _chances(trials, probability)
    # Each tail is summed from its own end, so that its smallest terms count.
    below, above = np.cumsum(chances), np.cumsum(chances[::-1])
    low = int(np.searchsorted(below, false_alarms / 2, side="right"))
    high = trials - int(np.searchsorted(above, false_alarms / 2, side="right"))
    # A tail that is never so small leaves its whole end in.
    return low, max(low, high)


@functools.lru_cache(maxsize=4096)
def central(trials: int, probability: float) -> tuple[int, int, float]:
    """Return the counts near the mean, and how probable it is that a count is one of them.

    Near is within one, or within a quarter of a standard deviation.
    """
    mean = trials * probability
    width = max(1.0, 0.25 * math.sqrt(mean * (1 - probability)))
    low, high = max(0, math.ceil(mean - width)), min(trials, math.floor(mean + width))
    return low, high, min(1.0, float(np.sum(_chances(trials, probability)[low : high + 1])))


@functools.lru_cache(maxsize=4096)
def coincidence(rows: int, trials: int, probability: float) -> float:
    """Return how probable it is that all of some rows of trials have the same count of events."""
    return float(np.sum(_chances(trials, probability) ** rows))


def _chances(trials: int, probability: float) -> Floats:
    """Return the probability of every count from 0 to trials."""
    logarithms = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    counts = np.arange(trials + 1)
    chances: Floats = np.exp(
        logarithms[-1]
        - logarithms
        - logarithms[::-1]
        + counts * math.log(probability)
        + counts[::-1] * math.log1p(-probability)
    )
    return chances
