"""Formulas of losses. The first input is the truth, the second the output that is judged."""

from __future__ import annotations

import numpy as np

from edunn.model import Model
from worker.judging.challenges import Array
from worker.judging.formulas.activations import softmax
from worker.judging.formulas.formula import Formula, Passed
from worker.judging.rounding import Rounded

# A small number that many programs add to a probability, so that its logarithm is finite.
_ADDED = 1e-7
# From here on a program may bound a probability as it likes.
_IMPOSSIBLE = 1e-6


class SquaredError(Formula):
    """E = Σ (y - truth)² of each sample."""

    difference: Rounded

    def forward(self, *inputs: Rounded) -> Rounded:
        truth, y = inputs
        self.difference = y - truth
        rows = (self.difference * self.difference).reshape(y.shape[0], -1)
        return rows.sum(axis=1, keepdims=True)

    def backward(self, g: Rounded) -> Passed:
        rows = g.reshape(-1, *[1] * (len(self.difference.shape) - 1))
        return 2.0 * self.difference * rows, {}


class CrossEntropyWithLabels(Formula):
    """E = -log p of the true class of each sample."""

    truth: tuple[Array, Array]
    y: Rounded

    def forward(self, *inputs: Rounded) -> Rounded:
        labels, self.y = inputs
        samples = self.y.shape[0]
        self.truth = (np.arange(samples), labels.value.reshape(samples).astype(np.int64))
        return -_log(self.y[self.truth], self.unit).reshape(samples, 1)

    def backward(self, g: Rounded) -> Passed:
        of_truth = -(g.reshape(-1) * _inverse(self.y[self.truth], self.unit))
        value, error = np.zeros(self.y.shape), np.zeros(self.y.shape)
        value[self.truth], error[self.truth] = of_truth.value, of_truth.error
        return of_truth.made(value, error), {}


class BinaryCrossEntropy(Formula):
    """E = -(t log y + (1 - t) log(1 - y)) of each sample."""

    t: Rounded
    y: Rounded

    def forward(self, *inputs: Rounded) -> Rounded:
        truth, self.y = inputs
        self.t = truth.reshape(*self.y.shape)
        yes, no = _log(self.y, self.unit), _log(1.0 - self.y, self.unit)
        # What is multiplied by zero counts as nothing, however large it is.
        yes, no = yes.where(self.t.value != 0), no.where(self.t.value != 1)
        return -(self.t * yes + (1.0 - self.t) * no).reshape(-1, 1)

    def backward(self, g: Rounded) -> Passed:
        yes, no = _inverse(self.y, self.unit), _inverse(1.0 - self.y, self.unit)
        yes, no = yes.where(self.t.value != 0), no.where(self.t.value != 1)
        slope = (1.0 - self.t) * no - self.t * yes
        # At the edges (y - t) / (y (1 - y)) is 0/0, and anything finite is right.
        y = self.y.value
        edge = np.minimum(y, 1 - y) < _IMPOSSIBLE
        return g.reshape(*self.y.shape) * slope.doubtful(np.where(edge, np.inf, 0.0)), {}


class SequenceCrossEntropyWithLabels(Formula):
    """The mean of -log softmax at the true classes of the steps that are no padding."""

    truth: Rounded
    p: Rounded
    counted: Array

    def forward(self, *inputs: Rounded) -> Rounded:
        self.truth, scores = inputs
        self.counted = self.counts()
        highest = scores.max(axis=-1, keepdims=True)
        room = np.abs(scores.value) + np.abs(highest.value)
        shifted = (scores - highest).doubtful(room)
        self.p = softmax(scores)
        logs = shifted - shifted.exp().sum(axis=-1, keepdims=True).log()
        errors = -(self.truth * logs).where(self.counted)
        return errors.sum() / self.divisor()

    def backward(self, g: Rounded) -> Passed:
        slope = (self.p - self.truth).where(self.counted)
        return slope * (g / self.divisor()), {}

    # What mistakes are about.

    def counts(self) -> Array:
        """Tell which steps count, shape (samples, steps, 1)."""
        truth, padding = self.truth.value, self.model.pad_index
        counted: Array = np.asarray(truth.any(axis=2))
        if 0 <= padding < truth.shape[2]:
            counted &= truth[:, :, padding] == 0
        return np.asarray(counted[:, :, np.newaxis])

    def divisor(self) -> float:
        return max(1.0, float(np.count_nonzero(self.counted)))


class MeanError(Formula):
    """The mean of the errors of the samples, by the formula of the loss within."""

    errors: tuple[int, ...]

    def __init__(self, model: Model, sample_error: Formula) -> None:
        super().__init__(model)
        self.sample_error = sample_error

    def compute_in(self, unit: float) -> None:
        super().compute_in(unit)
        self.sample_error.compute_in(unit)

    def forward(self, *inputs: Rounded) -> Rounded:
        errors = self.sample_error.forward(*inputs)
        self.errors = errors.shape
        return errors.mean()

    def backward(self, g: Rounded) -> Passed:
        share = g / float(np.prod(self.errors))
        return self.sample_error.backward(share.broadcast_to(self.errors))

    def part(self, name: str) -> Formula:
        return self.sample_error


def _log(p: Rounded, unit: float) -> Rounded:
    """Return log p, with room for log(p + a small number); at zero, anything finite is right."""
    safe = Rounded(np.maximum(p.value, _IMPOSSIBLE), p.error)
    room = _ADDED / unit / safe.value
    return safe.log().doubtful(np.where(p.value < _IMPOSSIBLE, np.inf, room))


def _inverse(p: Rounded, unit: float) -> Rounded:
    """Return 1 / p, as `_log` does log p."""
    safe = Rounded(np.maximum(p.value, _IMPOSSIBLE), p.error)
    room = _ADDED / unit / safe.value**2
    return (1.0 / safe).doubtful(np.where(p.value < _IMPOSSIBLE, np.inf, room))
