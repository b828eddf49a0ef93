"""Softmaxes of other scores, of another base, or smoothed in another way."""

from __future__ import annotations

import math

import numpy as np

from worker.judging.formulas.activations import Softmax, softmax
from worker.judging.formulas.formula import Passed
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact


class _Scaled(Softmax):
    """The softmax of the scores times a number."""

    def factor(self, classes: int) -> float:
        raise NotImplementedError

    def probabilities(self, x: Rounded) -> Rounded:
        return softmax(x * self.factor(x.shape[-1]))

    def backward(self, g: Rounded) -> Passed:
        return super().backward(g * self.factor(g.shape[-1]))


@mistake(
    "softmax-temperature",
    "The scores are divided by a temperature; this softmax takes them as they are.",
    "Los puntajes se dividen por una temperatura; esta softmax los toma tal cual.",
)
class OfHalf(_Scaled):
    def factor(self, classes: int) -> float:
        return 0.5


@mistake("softmax-temperature")
class OfDouble(_Scaled):
    def factor(self, classes: int) -> float:
        return 2.0


@mistake("softmax-temperature")
class OfTenth(_Scaled):
    def factor(self, classes: int) -> float:
        return 0.1


@mistake("softmax-temperature")
class OfTenfold(_Scaled):
    def factor(self, classes: int) -> float:
        return 10.0


@mistake("softmax-temperature")
class DividedByRoot(_Scaled):
    """As attention has it."""

    def factor(self, classes: int) -> float:
        return 1 / math.sqrt(classes)


@mistake(
    "softmax-base",
    "The exponential is that of base e, not a power of 2 or 10.",
    "La exponencial es la de base e, no una potencia de 2 o de 10.",
)
class OfBaseTwo(_Scaled):
    def factor(self, classes: int) -> float:
        return math.log(2)


@mistake("softmax-base")
class OfBaseTen(_Scaled):
    def factor(self, classes: int) -> float:
        return math.log(10)


@mistake(
    "softmax-of-negative",
    "The exponent is the score itself; here it is minus the score.",
    "El exponente es el puntaje mismo; aquí es menos el puntaje.",
)
class OfNegative(_Scaled):
    def factor(self, classes: int) -> float:
        return -1.0


@mistake(
    "softmax-is-sigmoid",
    "This takes a sigmoid of each score by itself; a softmax divides by the sum over all classes.",
    "Esto toma una sigmoide de cada puntaje por separado; una softmax divide por la suma de todas "
    "las clases.",
)
class IsSigmoid(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        return x.sigmoid()


@mistake(
    "softmax-is-hard",
    "This gives one to the largest score and zero to the others; a softmax is smooth.",
    "Esto da uno al mayor puntaje y cero a los demás; una softmax es suave.",
)
class IsHard(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        return exact(np.eye(x.shape[-1])[np.argmax(x.value, axis=-1)])


@mistake(
    "softmax-divisor",
    "The exponentials are divided by their sum, not by their largest, their norm or their mean.",
    "Las exponenciales se dividen por su suma, no por la mayor, su norma o su media.",
)
class DividedByLargest(Softmax):
    """Divided by the norm; divided by the largest they are those of the shifted scores."""

    def probabilities(self, x: Rounded) -> Rounded:
        powers = (x - x.max(axis=-1, keepdims=True)).exp()
        return powers / (powers * powers).sum(axis=-1, keepdims=True).sqrt()


@mistake("softmax-divisor")
class DividedByMean(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        powers = (x - x.max(axis=-1, keepdims=True)).exp()
        return powers / powers.mean(axis=-1, keepdims=True)


@mistake(
    "softmax-eps-added",
    "A small number is added to the sum: the probabilities no longer sum to one.",
    "Se suma un número pequeño a la suma: las probabilidades ya no suman uno.",
)
class EpsAdded(Softmax):
    eps = 1e-8

    def probabilities(self, x: Rounded) -> Rounded:
        powers = (x - x.max(axis=-1, keepdims=True)).exp()
        return powers / (powers.sum(axis=-1, keepdims=True) + self.eps)


@mistake("softmax-eps-added")
class LargerEpsAdded(EpsAdded):
    eps = 1e-6


@mistake("softmax-eps-added")
class LargeEpsAdded(EpsAdded):
    eps = 1e-3


@mistake("softmax-overflow")
class ShiftedBySmallest(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        powers = (x - Rounded(x.value.min(axis=-1, keepdims=True))).exp()
        return powers / powers.sum(axis=-1, keepdims=True)


@mistake("softmax-gradient-sum-wrong")
class MeanForSum(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return self.p * (g - (self.p * g).mean(axis=-1, keepdims=True)), {}


@mistake(
    "softmax-gradient-of-cross-entropy",
    "p - t is the gradient of a softmax with a cross-entropy behind it, not of a softmax alone.",
    "p - t es el gradiente de una softmax seguida de una entropía cruzada, no de una softmax sola.",
)
class OfCrossEntropy(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return self.p - g, {}


@mistake(
    "smoothing-mixed",
    "With a smoothing s the output is (p + s)/(1 + n s); here it is (1 - s) p + s/n.",
    "Con un suavizado s la salida es (p + s)/(1 + n s); aquí es (1 - s) p + s/n.",
)
class Mixed(Softmax):
    def smoothed(self, p: Rounded) -> Rounded:
        smoothing = self.setting("smoothing")
        return p * (1 - smoothing) + smoothing / p.shape[-1] if smoothing else p

    def backward(self, g: Rounded) -> Passed:
        smoothing = self.setting("smoothing")
        # The right one divides by 1 + n s.
        return super().backward(g * ((1 - smoothing) * (1 + g.shape[-1] * smoothing)))


@mistake(
    "smoothing-gradient-not-divided",
    "The smoothed output is divided by 1 + n s, so the gradient is too.",
    "La salida suavizada se divide por 1 + n s, así que el gradiente también.",
)
class NotDivided(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return super().backward(g * (1 + g.shape[-1] * self.setting("smoothing")))
