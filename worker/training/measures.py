"""What is measured of an epoch: the mean loss and the metrics, batch by batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

LOSS = "loss"
# Metrics that get better as they grow. All others get better as they fall.
GROWING = frozenset({"accuracy"})


class Metric(NamedTuple):
    """A metric as a mean over elements: what is summed, and what the mean becomes."""

    # Of the truth and the output of a batch: the sum, and how many elements it has.
    summed: Callable[[np.ndarray, np.ndarray], tuple[float, int]]
    finish: Callable[[float], float]
    # Why it cannot be measured of a truth and an output; empty if it can.
    fault: Callable[[tuple[int, ...], str, tuple[int, ...]], str]


def _right(y_true: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    labels = y_true.reshape(_label_shape(y.shape, y_true.size))
    # One number per sample is the probability of 1.
    guesses = y.argmax(axis=-1) if y.shape[-1] > 1 else (y[..., 0] >= 0.5)
    return float(np.count_nonzero(guesses == labels)), labels.size


def _label_shape(output: tuple[int, ...], labels: int) -> tuple[int, ...]:
    return output[:-1] if math.prod(output[:-1]) == labels else (labels,)


def _labels_fault(y_true: tuple[int, ...], kind: str, y: tuple[int, ...]) -> str:
    if kind not in "iub":
        return "needs labels, which are integers or booleans"
    if len(y) < 2 or math.prod(y[:-1]) != math.prod(y_true):
        return f"needs an output with one row for each label, not of shape {list(y)}"
    return ""


def _squares(y_true: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    difference = y.astype(np.float64) - y_true.reshape(y.shape)
    return float(np.sum(difference * difference)), difference.size


def _distances(y_true: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    difference = y.astype(np.float64) - y_true.reshape(y.shape)
    return float(np.sum(np.abs(difference))), difference.size


def _numbers_fault(y_true: tuple[int, ...], kind: str, y: tuple[int, ...]) -> str:
    if math.prod(y_true) != math.prod(y) or y_true[0] != y[0]:
        return f"needs as many numbers as the output has, which is of shape {list(y)}"
    return ""


METRICS = {
    "accuracy": Metric(_right, lambda mean: mean, _labels_fault),
    "rmse": Metric(_squares, math.sqrt, _numbers_fault),
    "mae": Metric(_distances, lambda mean: mean, _numbers_fault),
}


class Measures:
    """The sums of an epoch so far."""

    def __init__(self, metrics: Iterable[str], sums: dict[str, list[float]] | None = None) -> None:
        self._metrics = tuple(metrics)
        # Name -> the sum and the number of its elements.
        self.sums = sums or {name: [0.0, 0] for name in (LOSS, *self._metrics)}

    def add(self, error: float, y_true: np.ndarray, y: np.ndarray) -> None:
        """Add a batch: the mean of its errors, its truth and its output."""
        samples = len(y_true)
        self._add(LOSS, error * samples, samples)
        for name in self._metrics:
            self._add(name, *METRICS[name].summed(y_true, y))

    def _add(self, name: str, total: float, number: int) -> None:
        sums = self.sums[name]
        sums[0] += total
        sums[1] += number

    @property
    def loss(self) -> float:
        """The mean loss so far; 0 before the first batch."""
        total, number = self.sums[LOSS]
        return total / number if number else 0.0

    def values(self) -> dict[str, float]:
        """Return every mean by its name."""
        values = {LOSS: self.loss}
        for name in self._metrics:
            total, number = self.sums[name]
            values[name] = METRICS[name].finish(total / number) if number else 0.0
        return values


def is_better(metric: str, value: float, best: float, min_delta: float) -> bool:
    """Tell whether a value is better than the best one by more than `min_delta`."""
    return value > best + min_delta if metric in GROWING else value < best - min_delta
