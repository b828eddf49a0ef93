"""Losses that compute another function of the truth and of what a model gave."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from worker.judging.challenges import Array, Floats
from worker.judging.formulas.losses import (
    BinaryCrossEntropy,
    CrossEntropyWithLabels,
    MeanError,
    SequenceCrossEntropyWithLabels,
    SquaredError,
)
from worker.judging.mistakes.picked import Function, Named, Picked, each_through
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


def _huber(d: Floats) -> Floats:
    return np.where(np.abs(d) < 1, d * d / 2, np.abs(d) - 0.5)


# Of each number, by the truth t and the output y.
_OF_NUMBERS: Named = {
    "(y - t)²": lambda t, y: np.square(y - t),
    "|y - t|": lambda t, y: np.abs(y - t),
    "(y - t)": lambda t, y: y - t,
    "(t - y)": lambda t, y: t - y,
    "|y - t|³": lambda t, y: np.abs(y - t) ** 3,
    "(y - t)³": lambda t, y: (y - t) ** 3,
    "(y - t)⁴": lambda t, y: (y - t) ** 4,
    "2 (y - t)": lambda t, y: 2 * (y - t),
    "(y + t)²": lambda t, y: np.square(y + t),
    "(y² - t²)": lambda t, y: y * y - t * t,
    "(t² - y²)": lambda t, y: t * t - y * y,
    "(y² - t²)²": lambda t, y: np.square(y * y - t * t),
    "|y² - t²|": lambda t, y: np.abs(y * y - t * t),
    "(|y| - |t|)²": lambda t, y: np.square(np.abs(y) - np.abs(t)),
    "((y - t) / t)²": lambda t, y: np.square((y - t) / t),
    "|(y - t) / t|": lambda t, y: np.abs((y - t) / t),
    "log cosh (y - t)": lambda t, y: np.log(np.cosh(y - t)),
    "log² (1 + |y - t|)": lambda t, y: np.square(np.log1p(np.abs(y - t))),
    "the Huber error": lambda t, y: _huber(y - t),
    "√|y - t|": lambda t, y: np.sqrt(np.abs(y - t)),
    "y t": lambda t, y: y * t,
    "y²": lambda t, y: y * y,
    "t²": lambda t, y: t * t,
    "(y - trunc t)²": lambda t, y: np.square(y - np.trunc(t)),
    "(trunc y - t)²": lambda t, y: np.square(np.trunc(y) - t),
    "(round y - t)²": lambda t, y: np.square(np.round(y) - t),
    "trunc (y - t)²": lambda t, y: np.trunc(np.square(y - t)),
    "(sign y - sign t)²": lambda t, y: np.square(np.sign(y) - np.sign(t)),
    "exp (y - t)": lambda t, y: np.exp(y - t),
}

# Over the numbers of each sample, which are along axis 1.
_OVER_SAMPLES: dict[str, Callable[[Floats], Floats]] = {
    "the sum of {}": lambda v: v.sum(axis=1),
    "the mean of {}": lambda v: v.mean(axis=1),
    "half the sum of {}": lambda v: v.sum(axis=1) / 2,
    "half the mean of {}": lambda v: v.mean(axis=1) / 2,
    "the largest {}": lambda v: v.max(axis=1),
    "the smallest {}": lambda v: v.min(axis=1),
    "the median of {}": lambda v: np.median(v, axis=1),
    "the first {}": lambda v: v[:, 0],
    "the last {}": lambda v: v[:, -1],
    "the sum of {} without the first": lambda v: v[:, 1:].sum(axis=1),
    "the sum of {} without the last": lambda v: v[:, :-1].sum(axis=1),
    "the square of the sum of {}": lambda v: np.square(v.sum(axis=1)),
    "the square of the mean of {}": lambda v: np.square(v.mean(axis=1)),
    "the root of the sum of {}": lambda v: np.sqrt(v.sum(axis=1)),
    "the root of the mean of {}": lambda v: np.sqrt(v.mean(axis=1)),
    "the variance of {}": lambda v: v.var(axis=1),
    "the deviation of {}": lambda v: v.std(axis=1),
    "the product of {}": lambda v: v.prod(axis=1),
    "the sum of {} over the batch": lambda v: np.full(len(v), v.sum()),
    "the mean of {} over the batch": lambda v: np.full(len(v), v.mean()),
    "the logarithm of 1 + the sum of {}": lambda v: np.log1p(v.sum(axis=1)),
}


@mistake(
    "squared-error-another-function",
    "The error of a sample is the sum of (y - t)² over its numbers; here it is {got}.",
    "El error de una muestra es la suma de (y - t)² sobre sus números; aquí es {got}.",
)
class DifferencesOtherwise(Picked, SquaredError):
    def candidates(self) -> Iterator[tuple[str, Function]]:
        for called, numbers in _OF_NUMBERS.items():
            for form, over in _OVER_SAMPLES.items():
                yield form.format(called), functools.partial(_over_rows, numbers, over)


def _over_rows(numbers: Function, over: Callable[[Floats], Floats], t: Floats, y: Floats) -> Floats:
    return over(numbers(t, y).reshape(len(y), -1)).reshape(-1, 1)


# By the probability q of the true class, all probabilities p, and the labels.
_OF_PROBABILITIES: Named = {
    "p": lambda q, p, labels: q,
    "-p": lambda q, p, labels: -q,
    "1 - p": lambda q, p, labels: 1 - q,
    "1 / p": lambda q, p, labels: 1 / q,
    "log p": lambda q, p, labels: np.log(q),
    "-log (1 - p)": lambda q, p, labels: -np.log(1 - q),
    "-log (1 + p)": lambda q, p, labels: -np.log1p(q),
    "log² p": lambda q, p, labels: np.square(np.log(q)),
    "√(-log p)": lambda q, p, labels: np.sqrt(-np.log(q)),
    "-p log p": lambda q, p, labels: -q * np.log(q),
    "(1 - p)²": lambda q, p, labels: np.square(1 - q),
    "-(1 - p) log p": lambda q, p, labels: -(1 - q) * np.log(q),
    "-(1 - p)² log p": lambda q, p, labels: -np.square(1 - q) * np.log(q),
    "-log p of class 0": lambda q, p, labels: -np.log(p[:, 0]),
    "-log p of the last class": lambda q, p, labels: -np.log(p[:, -1]),
    "-log p of the next class": lambda q, p, labels: -np.log(_of(p, labels + 1)),
    "-log p of the class before": lambda q, p, labels: -np.log(_of(p, labels - 1)),
    "-log p of the first sample's class": lambda q, p, labels: -np.log(p[:, labels[0]]),
    "-log of the largest p": lambda q, p, labels: -np.log(p.max(axis=1)),
    "-log of p over the largest p": lambda q, p, labels: -np.log(q / p.max(axis=1)),
    "-Σ log p of all classes": lambda q, p, labels: -np.log(p).sum(axis=1),
    "the mean of -log p over all classes": lambda q, p, labels: -np.log(p).mean(axis=1),
    "-Σ p log p of all classes": lambda q, p, labels: -(p * np.log(p)).sum(axis=1),
    "-Σ log (1 - p) of the other classes": lambda q, p, labels: (
        np.log(1 - q) - np.log(1 - p).sum(axis=1)
    ),
    "-log p with a tenth for all classes": lambda q, p, labels: (
        -0.9 * np.log(q) - 0.1 * np.log(p).mean(axis=1)
    ),
    "-log p + log Σ exp p": lambda q, p, labels: -q + np.log(np.exp(p).sum(axis=1)),
    "-log p²": lambda q, p, labels: -2 * np.log(q),
    "-log √p": lambda q, p, labels: -np.log(q) / 2,
    "Σ (p - t)²": lambda q, p, labels: np.square(p).sum(axis=1) - 2 * q + 1,
    "1 where the largest p is another's": lambda q, p, labels: (p.argmax(axis=1) != labels) * 1.0,
    "-log (p + 0.1)": lambda q, p, labels: -np.log(q + 0.1),
    "-log (p + 0.01)": lambda q, p, labels: -np.log(q + 0.01),
    "-log (p + 1)": lambda q, p, labels: -np.log(q + 1),
}


def _of(p: Floats, labels: Array) -> Floats:
    return np.asarray(p[np.arange(len(p)), labels % p.shape[1]])


@mistake(
    "cross-entropy-another-function",
    "The error of a sample is -log p, of the true class's probability p; here it is {got}.",
    "El error de una muestra es -log p, con p la probabilidad de la clase; aquí es {got}.",
)
class AnotherOfProbabilities(Picked, CrossEntropyWithLabels):
    def candidates(self) -> Iterator[tuple[str, Function]]:
        return each_through(_OF_PROBABILITIES, _of_classes)


def _of_classes(function: Function, labels: Floats, p: Floats) -> Floats:
    whole = labels.reshape(-1).astype(np.int64)
    return function(_of(p, whole), p, whole).reshape(-1, 1)


_OF_TRUTHS: Named = {
    "(y - t)²": lambda t, y: np.square(y - t),
    "|y - t|": lambda t, y: np.abs(y - t),
    "y - t": lambda t, y: y - t,
    "-t log y": lambda t, y: -t * np.log(y),
    "-(1 - t) log (1 - y)": lambda t, y: -(1 - t) * np.log(1 - y),
    "t log y + (1 - t) log (1 - y)": lambda t, y: t * np.log(y) + (1 - t) * np.log(1 - y),
    "-t log y + (1 - t) log (1 - y)": lambda t, y: -t * np.log(y) + (1 - t) * np.log(1 - y),
    "-t log y - log (1 - y)": lambda t, y: -t * np.log(y) - np.log(1 - y),
    "-log y": lambda t, y: -np.log(y),
    "-log (1 - y)": lambda t, y: -np.log(1 - y),
    "-y log y - (1 - y) log (1 - y)": lambda t, y: -y * np.log(y) - (1 - y) * np.log(1 - y),
    "-log of the larger of y and 1 - y": lambda t, y: -np.log(np.maximum(y, 1 - y)),
    "max(0, 1 - (2t - 1) y)": lambda t, y: np.maximum(0, 1 - (2 * t - 1) * y),
    "1 - y where t is 1, else y": lambda t, y: np.abs(t - y),
    "the focal error": lambda t, y: (
        -t * np.square(1 - y) * np.log(y) - (1 - t) * y * y * np.log(1 - y)
    ),
    "with twice the weight where t is 1": lambda t, y: -2 * t * np.log(y) - (1 - t) * np.log(1 - y),
    "1 where round y is not t": lambda t, y: (np.round(y) != t) * 1.0,
    "log (1 + exp(-(2t - 1) y))": lambda t, y: np.log1p(np.exp(-(2 * t - 1) * y)),
    "-log y^t - log (1 + y)^(1 - t)": lambda t, y: -t * np.log(y) - (1 - t) * np.log1p(y),
    "with 1 - log y for log (1 - y)": lambda t, y: -t * np.log(y) - (1 - t) * (1 - np.log(y)),
    "with 0.01 added to y": lambda t, y: (
        -t * np.log(y + 0.01) - (1 - t) * np.log(np.abs(1 - y - 0.01))
    ),
    "with 0.01 added in both logarithms": lambda t, y: (
        -t * np.log(y + 0.01) - (1 - t) * np.log(1 - y + 0.01)
    ),
}


@mistake(
    "binary-another-function",
    "The error of a sample is -t log y - (1 - t) log(1 - y); here it is another: {got}.",
    "El error de una muestra es -t log y - (1 - t) log(1 - y); aquí es otro: {got}.",
)
class AnotherOfTruths(Picked, BinaryCrossEntropy):
    def candidates(self) -> Iterator[tuple[str, Function]]:
        return each_through(_OF_TRUTHS, _of_truth)


def _of_truth(function: Function, truth: Floats, y: Floats) -> Floats:
    return function(truth.reshape(y.shape), y).reshape(-1, 1)


# Of the errors of the samples.
_MEANS: dict[str, Callable[[Floats], Any]] = {
    "their median": lambda e: np.median(e),
    "the largest of them": lambda e: e.max(),
    "the smallest of them": lambda e: e.min(),
    "that of the first sample": lambda e: e.flat[0],
    "that of the last sample": lambda e: e.flat[-1],
    "the mean without the first": lambda e: e.reshape(-1)[1:].sum() / max(1, e.size - 1),
    "the mean without the last": lambda e: e.reshape(-1)[:-1].sum() / max(1, e.size - 1),
    "the sum divided by one sample less": lambda e: e.sum() / max(1, e.size - 1),
    "the sum divided by one sample more": lambda e: e.sum() / (e.size + 1),
    "the root of the mean": lambda e: np.sqrt(e.mean()),
    "the mean of the roots": lambda e: np.sqrt(e).mean(),
    "the root of the mean square": lambda e: np.sqrt(np.square(e).mean()),
    "the mean square": lambda e: np.square(e).mean(),
    "the geometric mean": lambda e: np.exp(np.log(e).mean()),
    "their deviation": lambda e: e.std(),
    "their variance": lambda e: e.var(),
    "the mean with the other sign": lambda e: -e.mean(),
    "half the mean": lambda e: e.mean() / 2,
    "the mean divided by the samples again": lambda e: e.mean() / e.size,
    "the logarithm of the mean": lambda e: np.log(e.mean()),
}


@mistake(
    "mean-error-another-mean",
    "Of the samples' errors the mean is asked for; here it is {got}.",
    "De los errores de las muestras se pide el promedio; aquí es {got}.",
)
class OtherMean(Picked, MeanError):
    def candidates(self) -> Iterator[tuple[str, Function]]:
        return each_through(_MEANS, self._mean)

    def _mean(self, function: Callable[[Floats], Any], t: Floats, y: Floats) -> Floats:
        errors = self.sample_error.forward(Rounded(t), Rounded(y)).value
        return np.asarray(function(errors))


# Of sequences, by the truth, the logarithms of the softmax, and which steps count.
_OF_SEQUENCES: Named = {
    "that of the last step alone": lambda t, logs, counts: _mean(t * logs, _only(counts, -1)),
    "that of the first step alone": lambda t, logs, counts: _mean(t * logs, _only(counts, 0)),
    "that of the first sample alone": lambda t, logs, counts: _mean(t[:1] * logs[:1], counts[:1]),
    "the sum of the last step, over all": lambda t, logs, counts: (
        -(t * logs * _only(counts, -1)).sum() / _number(counts)
    ),
    "the sum of the first step, over all": lambda t, logs, counts: (
        -(t * logs * _only(counts, 0)).sum() / _number(counts)
    ),
    "the sum of the first sample, over all": lambda t, logs, counts: (
        -(t[:1] * logs[:1] * counts[:1]).sum() / _number(counts)
    ),
    "with the truth of the step before": lambda t, logs, counts: _mean(
        np.roll(t, 1, axis=1) * logs, counts
    ),
    "with the truth of the step after": lambda t, logs, counts: _mean(
        np.roll(t, -1, axis=1) * logs, counts
    ),
    "with p for log p": lambda t, logs, counts: _mean(t * np.exp(logs), counts),
    "with 1 - p for -log p": lambda t, logs, counts: _mean(-t * (1 - np.exp(logs)), counts),
    "the squared difference of p and the truth": lambda t, logs, counts: _mean(
        -np.square(t - np.exp(logs)), counts
    ),
    "with log (1 - p) of the other classes": lambda t, logs, counts: _mean(
        t * logs + (1 - t) * np.log(1 - np.exp(logs)), counts
    ),
    "its exponential, the perplexity": lambda t, logs, counts: np.exp(_mean(t * logs, counts)),
    "with -log p of all classes": lambda t, logs, counts: _mean(logs, counts),
    "with log² p": lambda t, logs, counts: _mean(-t * np.square(logs), counts),
    "the largest, not the mean": lambda t, logs, counts: -(t * logs * counts).sum(axis=2).min(),
    "divided by one step more": lambda t, logs, counts: (
        -(t * logs * counts).sum() / (_number(counts) + 1)
    ),
    "with another class as padding": lambda t, logs, counts: _mean(
        t * logs, t.any(axis=2, keepdims=True) & (t[:, :, -1:] == 0)
    ),
    "with class 0 as padding": lambda t, logs, counts: _mean(
        t * logs, t.any(axis=2, keepdims=True) & (t[:, :, :1] == 0)
    ),
}


def _number(counts: Array) -> int:
    return max(1, int(np.count_nonzero(counts)))


def _only(counts: Array, step: int) -> Array:
    only = np.zeros_like(counts)
    only[:, step] = counts[:, step]
    return only


def _mean(numbers: Floats, counts: Array) -> Floats:
    return np.asarray(-(numbers * counts).sum() / _number(counts))


@mistake(
    "sequence-another-error",
    "The error is the mean of -log p over the steps that count; here it is {got}.",
    "El error es el promedio de -log p sobre los pasos que cuentan; aquí es {got}.",
)
class AnotherOfSequences(Picked, SequenceCrossEntropyWithLabels):
    def candidates(self) -> Iterator[tuple[str, Function]]:
        return each_through(_OF_SEQUENCES, self._of_sequence)

    def _of_sequence(self, function: Function, truth: Floats, scores: Floats) -> Floats:
        self.truth = Rounded(truth)
        shifted = scores - scores.max(axis=-1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return np.asarray(function(truth, logs, self.counts()))
