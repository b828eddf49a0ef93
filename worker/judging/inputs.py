"""Draws what a layer or loss is given: ordinary numbers, and hard ones that it must bear."""

from __future__ import annotations

from typing import Any

import numpy as np

import edunn as nn
from edunn.model import Model
from worker.judging.challenges import Array
from worker.judging.draws import Draws
from worker.judging.shapes import Shape

# Its exponential overflows in double precision.
_LARGE = 1000.0
# Of probabilities: a bound or an addition of a tenth of it is still no mistake.
_SMALLEST = 3e-5


def ordinary(model: Model, draws: Draws, shape: Shape) -> tuple[Array, ...]:
    """Return inputs without kinks, ties or extremes, of which every number counts."""
    if isinstance(model, nn.MeanError):
        return ordinary(model.sample_error_layer, draws, shape)
    if isinstance(model, nn.SquaredError):
        return draws.signed(shape), draws.signed(shape)
    if isinstance(model, nn.CrossEntropyWithLabels):
        return draws.integers(shape[1], shape[:1]), _probabilities(draws, shape)
    if isinstance(model, nn.BinaryCrossEntropy):
        return draws.integers(2, (shape[0], 1)), draws.uniform(shape, 0.05, 0.95)
    if isinstance(model, nn.SequenceCrossEntropyWithLabels):
        return _one_hot(draws, shape), draws.signed(shape)
    if isinstance(model, nn.MaxPool2d):
        return (draws.apart(shape),)
    if isinstance(model, nn.BatchNorm):
        return (_features(draws, shape),)
    return (draws.signed(shape),)


def hard(model: Model, draws: Draws, shape: Shape) -> list[tuple[Array, ...]]:
    """Return inputs at the edges of what a layer must bear, if it has such edges."""
    if isinstance(model, nn.MeanError):
        return hard(model.sample_error_layer, draws, shape)
    plain = draws.signed(shape)
    if isinstance(model, nn.Softmax):
        equal = np.full(shape, 0.5)
        # Beside very low scores in other samples, which a shift by the batch's largest loses.
        far = plain + np.where(np.arange(shape[0]) % 2, -_LARGE, _LARGE)[:, np.newaxis]
        return [(far,), (_sprinkled(draws, plain),), (equal,)]
    if isinstance(model, nn.Sigmoid | nn.TanH | nn.GELU | nn.ReLU):
        return [(_sprinkled(draws, plain),)]
    if isinstance(model, nn.CrossEntropyWithLabels):
        labels, p = ordinary(model, draws, shape)
        samples = np.arange(shape[0])
        p[samples, labels] = np.where(samples % 2, 1.0, 0.0)
        unlikely = p.copy()
        unlikely[samples, labels] = _small(draws, shape[:1])
        return [(labels, p), (labels, unlikely)]
    if isinstance(model, nn.BinaryCrossEntropy):
        truth, y = ordinary(model, draws, shape)
        small = _small(draws, shape)
        wrong = np.where(truth.reshape(shape) > 0, small, 1 - small)
        return [(truth, np.round(y)), (truth, wrong)]
    if isinstance(model, nn.SequenceCrossEntropyWithLabels):
        truth = _one_hot(draws, shape)
        far = np.where(np.arange(shape[0]) % 2, -_LARGE, _LARGE)[:, np.newaxis, np.newaxis]
        return [(truth, plain + far), (np.zeros(shape), plain)]
    if isinstance(model, nn.MaxPool2d):
        return [(draws.apart(shape, -9.0, -5.0),), (np.round(plain),)]
    if isinstance(model, nn.Dense):
        return [(np.zeros(shape),), (plain * _LARGE,)]
    if isinstance(model, nn.Sequential):
        return [(plain * _LARGE,)]
    if isinstance(model, nn.Linear | nn.Bias | nn.RNN | nn.Conv2d | nn.AvgPool2d):
        return [(np.zeros(shape),)]
    if isinstance(model, nn.BatchNorm):
        return [(_features(draws, shape, constant=True),)]
    return []


def _probabilities(draws: Draws, shape: Shape) -> Array:
    weights = draws.uniform(shape, 0.1, 1.0)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _small(draws: Draws, shape: Shape) -> Array:
    """Return probabilities so small that a bound which is not as small shows."""
    return np.asarray(np.exp(draws.uniform(shape, np.log(_SMALLEST), np.log(0.01))))


def _one_hot(draws: Draws, shape: Shape) -> Array:
    """Return a truth of sequences with every class in it, the one of padding as well."""
    samples, steps, classes = shape
    labels = (draws.order(samples * steps) % classes).reshape(samples, steps)
    return np.asarray(np.eye(classes)[labels])


def _sprinkled(draws: Draws, plain: Array) -> Array:
    """Return numbers with zeros and large ones among them."""
    kind = draws.order(plain.size).reshape(plain.shape) % 4
    return np.where(kind == 0, 0.0, np.where(kind == 1, plain * _LARGE, plain))


def _features(draws: Draws, shape: Shape, constant: bool = False) -> Array:
    """Return features of very different sizes, so that the variance is near eps in some."""
    around: Any = (1, shape[1], *[1] * (len(shape) - 2))
    size = np.exp(draws.uniform((shape[1],), np.log(0.003), np.log(3.0))).reshape(around)
    # Beside small features, so that a single one is small too.
    x = (draws.signed(shape) + draws.signed((shape[1],), 0.1, 0.5).reshape(around)) * size
    if constant:
        x[:, draws.integers(shape[1], (1,))[0]] = 0.0
    return x


def parameters_of(model: Model, draws: Draws) -> dict[str, Array]:
    """Return parameters of which every number counts, so small that outputs are about one."""
    drawn = {}
    for name, value in model.get_parameters().items():
        numbers = draws.signed(value.shape, 0.2, 1.0)
        fan = value.size / max(1, value.shape[0]) if value.ndim > 1 else 1.0
        drawn[name] = numbers / np.sqrt(max(1.0, fan))
    return drawn
