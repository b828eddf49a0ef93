"""Mistakes of the cross-entropy of sequences."""

from __future__ import annotations

import math

import numpy as np

from worker.judging.challenges import Array
from worker.judging.formulas.formula import Passed
from worker.judging.formulas.losses import (
    SequenceCrossEntropyWithLabels,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


@mistake(
    "padding-counted",
    "Steps whose true class is the padding count neither in the error nor in the mean.",
    "Los pasos cuya clase verdadera es el relleno no cuentan ni en el error ni en el promedio.",
)
class PaddingCounted(SequenceCrossEntropyWithLabels):
    def counts(self) -> Array:
        counted: Array = np.asarray(self.truth.value.any(axis=2))
        return counted[:, :, np.newaxis]


@mistake("padding-counted")
class AllCounted(SequenceCrossEntropyWithLabels):
    def counts(self) -> Array:
        return np.ones((*self.truth.shape[:2], 1), bool)


@mistake(
    "sequence-divisor",
    "The mean divides by the number of steps that are no padding, of all sequences together.",
    "El promedio divide por la cantidad de pasos que no son relleno, de todas las secuencias "
    "juntas.",
)
class DividedByAllSteps(SequenceCrossEntropyWithLabels):
    def divisor(self) -> float:
        return float(math.prod(self.truth.shape[:2]))


@mistake("sequence-divisor")
class DividedBySamples(SequenceCrossEntropyWithLabels):
    def divisor(self) -> float:
        return float(self.truth.shape[0])


@mistake("sequence-divisor")
class DividedBySteps(SequenceCrossEntropyWithLabels):
    def divisor(self) -> float:
        return float(self.truth.shape[1])


@mistake("sequence-divisor")
class NotDividedAtAll(SequenceCrossEntropyWithLabels):
    def divisor(self) -> float:
        return 1.0


@mistake(
    "softmax-forgotten",
    "This loss takes scores: it applies the softmax itself before the logarithm.",
    "Esta función recibe puntajes: aplica ella misma la softmax antes del logaritmo.",
)
class SoftmaxForgotten(SequenceCrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        truth, scores = inputs
        logs = np.where(truth.value != 0, np.log(scores.value), 0.0)
        return -Rounded(np.where(self.counted, logs, 0.0)).sum() / self.divisor()


@mistake(
    "padding-gradient-not-masked",
    "The gradient is zero at the steps that are padding.",
    "El gradiente es cero en los pasos que son relleno.",
)
class PaddingNotMasked(SequenceCrossEntropyWithLabels):
    def backward(self, g: Rounded) -> Passed:
        return (self.p - self.truth) * (g / self.divisor()), {}


@mistake(
    "sequence-gradient-incomplete",
    "The gradient of the scores is softmax(y) - truth, divided as the error is.",
    "El gradiente de los puntajes es softmax(y) - verdad, dividido como el error.",
)
class TruthNotSubtracted(SequenceCrossEntropyWithLabels):
    def backward(self, g: Rounded) -> Passed:
        return self.p.where(self.counted) * (g / self.divisor()), {}


@mistake("sequence-gradient-incomplete")
class GradientNotDivided(SequenceCrossEntropyWithLabels):
    def backward(self, g: Rounded) -> Passed:
        return (self.p - self.truth).where(self.counted) * g, {}


@mistake(
    "softmax-overflow-in-loss",
    "Large scores overflow the exponential: subtract each step's largest score first.",
    "Los puntajes grandes desbordan la exponencial: resta antes el mayor de cada paso.",
)
class SequenceOverflow(SequenceCrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        truth, scores = inputs
        powers = np.exp(scores.value)
        self.p = Rounded(powers / powers.sum(axis=-1, keepdims=True), self.p.error)
        logs = np.log(self.p.value)
        errors = np.where(self.counted, -truth.value * logs, 0.0)
        return Rounded(errors, 16 * np.abs(errors)).sum() / self.divisor()


@mistake(
    "division-by-no-steps",
    "Where no step counts the error is zero: divide by at least one step.",
    "Donde ningún paso cuenta el error es cero: divide por al menos un paso.",
)
class DividedByNone(SequenceCrossEntropyWithLabels):
    def divisor(self) -> float:
        return np.float64(np.count_nonzero(self.counted))
