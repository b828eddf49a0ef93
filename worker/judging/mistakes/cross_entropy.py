"""Mistakes of the cross-entropies of probabilities."""

from __future__ import annotations

import math

import numpy as np

from worker.judging.formulas.formula import Formula, Passed
from worker.judging.formulas.losses import (
    BinaryCrossEntropy,
    CrossEntropyWithLabels,
    SequenceCrossEntropyWithLabels,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact


@mistake(
    "logarithm-of-zero",
    "The logarithm of a probability of zero is infinite: keep the probability above a tiny number.",
    "El logaritmo de una probabilidad cero es infinito: mantén la probabilidad sobre un mínimo.",
)
class LogOfZero(CrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return -Rounded(np.log(self.y.value[self.truth])).reshape(-1, 1)


@mistake(
    "division-by-probability-zero",
    "1/p is infinite where a probability is zero: keep it above a tiny number in the backward too.",
    "1/p es infinito donde una probabilidad es cero: mantenla sobre un mínimo también en el "
    "backward.",
)
class DivisionByZero(CrossEntropyWithLabels):
    def backward(self, g: Rounded) -> Passed:
        value = np.zeros(self.y.shape)
        value[self.truth] = -g.value.reshape(-1) / self.y.value[self.truth]
        return Rounded(value), {}


@mistake("logarithm-of-zero")
class BinaryLogOfZero(BinaryCrossEntropy):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        t, y = self.t.value, self.y.value
        return Rounded(-(t * np.log(y) + (1 - t) * np.log(1 - y)).reshape(-1, 1))


@mistake("division-by-probability-zero")
class BinaryDivisionByZero(BinaryCrossEntropy):
    def backward(self, g: Rounded) -> Passed:
        t, y = self.t.value, self.y.value
        return Rounded(g.value.reshape(y.shape) * (y - t) / (y * (1 - y))), {}


@mistake("division-by-probability-zero")
class BinaryDivisionsByZero(BinaryCrossEntropy):
    def backward(self, g: Rounded) -> Passed:
        t, y = self.t.value, self.y.value
        return Rounded(g.value.reshape(y.shape) * ((1 - t) / (1 - y) - t / y)), {}


@mistake(
    "logarithm-base",
    "The logarithm is the natural one, not that of base 2 or 10.",
    "El logaritmo es el natural, no el de base 2 o 10.",
    of=(CrossEntropyWithLabels, BinaryCrossEntropy, SequenceCrossEntropyWithLabels),
)
class BaseTwo(Formula):
    base = 2.0

    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(*inputs) * (1 / math.log(self.base))


@mistake(
    "logarithm-base",
    of=(CrossEntropyWithLabels, BinaryCrossEntropy, SequenceCrossEntropyWithLabels),
)
class BaseTen(BaseTwo):
    base = 10.0


@mistake(
    "loss-divided-by-classes",
    "The error of a sample is not divided by the number of classes.",
    "El error de una muestra no se divide por la cantidad de clases.",
    of=(CrossEntropyWithLabels, SequenceCrossEntropyWithLabels),
)
class DividedByClasses(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        self.classes = float(inputs[1].shape[-1])
        return super().forward(*inputs) / self.classes

    def backward(self, g: Rounded) -> Passed:
        return super().backward(g / self.classes)


@mistake(
    "cross-entropy-of-probability",
    "The error is -log p of the true class, not p or 1-p.",
    "El error es -log p de la clase verdadera, no p ni 1-p.",
)
class WithoutLogarithm(CrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return -self.y[self.truth].reshape(-1, 1)


@mistake("cross-entropy-of-probability")
class OneMinusProbability(CrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return 1.0 - self.y[self.truth].reshape(-1, 1)


@mistake(
    "cross-entropy-of-all-classes",
    "Only the probability of the true class counts.",
    "Solo cuenta la probabilidad de la clase verdadera.",
)
class OfAllClasses(CrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return -self.y.log().sum(axis=1, keepdims=True)

    def backward(self, g: Rounded) -> Passed:
        return -(g / self.y), {}


@mistake(
    "cross-entropy-gradient-of-softmax",
    "p - 1 is the gradient of the scores before a softmax; this loss takes probabilities: -1/p.",
    "p - 1 es el gradiente de los puntajes antes de una softmax; esta función recibe "
    "probabilidades: -1/p.",
)
class GradientOfScores(CrossEntropyWithLabels):
    def backward(self, g: Rounded) -> Passed:
        truth = np.zeros(self.y.shape)
        truth[self.truth] = 1.0
        return (self.y - exact(truth)) * g, {}


@mistake(
    "cross-entropy-gradient-not-divided",
    "The derivative of -log p is -1/p; the division by p is missing.",
    "La derivada de -log p es -1/p; falta dividir por p.",
)
class NotDivided(CrossEntropyWithLabels):
    def backward(self, g: Rounded) -> Passed:
        value = np.zeros(self.y.shape)
        value[self.truth] = -g.value.reshape(-1)
        return exact(value), {}


@mistake("cross-entropy-gradient-not-divided")
class DerivativeIsProbability(CrossEntropyWithLabels):
    def backward(self, g: Rounded) -> Passed:
        value = np.zeros(self.y.shape)
        value[self.truth] = -g.value.reshape(-1) * self.y.value[self.truth]
        return Rounded(value, np.abs(value)), {}


@mistake("cross-entropy-gradient-not-divided")
class DerivativeIsLogarithm(CrossEntropyWithLabels):
    def backward(self, g: Rounded) -> Passed:
        of_truth = (g.reshape(-1) * self.y[self.truth].log()).value
        value = np.zeros(self.y.shape)
        value[self.truth] = of_truth
        return Rounded(value, 8 * np.abs(value)), {}


@mistake(
    "label-off-by-one",
    "Labels count from 0: the first class is label 0.",
    "Las etiquetas cuentan desde 0: la primera clase es la etiqueta 0.",
)
class OffByOne(CrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        labels, y = inputs
        return super().forward(Rounded((labels.value - 1) % y.shape[1]), y)


@mistake(
    "binary-one-term",
    "Both terms count: t log y for a yes, (1-t) log(1-y) for a no.",
    "Cuentan los dos términos: t log y para un sí, (1-t) log(1-y) para un no.",
)
class YesAlone(BinaryCrossEntropy):
    def forward(self, *inputs: Rounded) -> Rounded:
        truth, y = inputs
        whole = super().forward(truth, y)
        return whole.where(self.t.reshape(-1, 1).value != 0)

    def backward(self, g: Rounded) -> Passed:
        of_input, nothing = super().backward(g)
        return of_input.where(self.t.value != 0), nothing


@mistake(
    "binary-truth-reversed",
    "Yes and no are exchanged: t goes with log y, 1-t with log(1-y).",
    "El sí y el no están intercambiados: t va con log y, 1-t con log(1-y).",
)
class TruthReversed(BinaryCrossEntropy):
    def forward(self, *inputs: Rounded) -> Rounded:
        truth, y = inputs
        return super().forward(1.0 - truth, y)


@mistake(
    "binary-gradient-of-sigmoid",
    "y - t is the gradient of the score before a sigmoid; with respect to y, divide by y(1-y).",
    "y - t es el gradiente del puntaje antes de una sigmoide; respecto de y, divide por y(1-y).",
)
class GradientOfScore(BinaryCrossEntropy):
    def backward(self, g: Rounded) -> Passed:
        return (self.y - self.t) * g.reshape(*self.y.shape), {}


@mistake(
    "binary-gradient-sign",
    "The gradient is (1-t)/(1-y) - t/y; one of its signs is wrong.",
    "El gradiente es (1-t)/(1-y) - t/y; uno de sus signos está mal.",
)
class BothMinus(BinaryCrossEntropy):
    def backward(self, g: Rounded) -> Passed:
        of_input, nothing = super().backward(g)
        return -abs(of_input) * Rounded(np.sign(g.value.reshape(self.y.shape))), nothing


@mistake("binary-gradient-sign")
class BothPlus(BinaryCrossEntropy):
    def backward(self, g: Rounded) -> Passed:
        of_input, nothing = super().backward(g)
        return abs(of_input) * Rounded(np.sign(g.value.reshape(self.y.shape))), nothing
