"""Samples divided into parts, and in a new order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edunn.arrays import Array
from edunn.errors import LayerError
from edunn.fields import shown
from edunn.utils.batches import check_arrays


@dataclass(frozen=True)
class Split:
    """Samples for training and for the test afterwards."""

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array


def split(
    x: Array, y: Array, test_share: float = 0.2, rng: np.random.Generator | None = None
) -> Split:
    """Divide samples at random into training and test.

    Parameters
    ----------
    x, y : ndarray, with as many samples each, at least two
    test_share : float
        The share for the test, between 0 and 1. Each part gets at least one sample.
    rng : numpy.random.Generator, optional
        Where the order comes from. None is NumPy's global generator.

    Returns
    -------
    Split
        Copies.
    """
    samples = check_arrays("split", x, y)
    if not 0 < test_share < 1:
        raise LayerError(
            layer="split",
            argument="test_share",
            expected="a number with 0 < test_share < 1",
            got=shown(test_share),
        )
    if samples < 2:
        raise LayerError(
            layer="split", argument="x", expected="at least two samples", got=str(samples)
        )
    x, y = np.asarray(x), np.asarray(y)
    order = (np.random if rng is None else rng).permutation(samples)
    tests = held_out(samples, test_share)
    test, train = order[:tests], order[tests:]
    return Split(x[train], y[train], x[test], y[test])


def held_out(samples: int, test_share: float) -> int:
    """Return how many samples `split` keeps for the test."""
    return min(max(1, round(samples * test_share)), samples - 1)


def shuffle_dataset(
    x: Array, y: Array, rng: np.random.Generator | None = None
) -> tuple[Array, Array]:
    """Return the samples in a new order, the same for both."""
    samples = check_arrays("shuffle_dataset", x, y)
    x, y = np.asarray(x), np.asarray(y)
    order = (np.random if rng is None else rng).permutation(samples)
    return x[order], y[order]
