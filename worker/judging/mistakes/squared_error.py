"""Mistakes of the squared error, and of the errors of samples."""

from __future__ import annotations

import math

import numpy as np

from worker.judging.formulas.formula import Formula, Passed
from worker.judging.formulas.losses import (
    BinaryCrossEntropy,
    CrossEntropyWithLabels,
    SquaredError,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact


@mistake(
    "squared-error-halved",
    "This error is Σ(y - t)², without a half.",
    "Este error es Σ(y - t)², sin un medio.",
)
class Half(SquaredError):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(*inputs) * 0.5

    def backward(self, g: Rounded) -> Passed:
        return super().backward(g * 0.5)


@mistake(
    "squared-error-averaged",
    "The squares are added over the features of each sample, not averaged.",
    "Los cuadrados se suman sobre los atributos de cada muestra, no se promedian.",
)
class AveragedOverFeatures(SquaredError):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return y / self._features()

    def backward(self, g: Rounded) -> Passed:
        return super().backward(g / self._features())

    def _features(self) -> float:
        return float(max(1, math.prod(self.difference.shape[1:])))


@mistake(
    "error-not-per-sample",
    "The error has one number for each sample, shape (samples, 1).",
    "El error tiene un número por muestra, forma (muestras, 1).",
    of=(SquaredError, CrossEntropyWithLabels, BinaryCrossEntropy),
)
class SummedOverBatch(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(*inputs).sum()


@mistake("error-not-per-sample", of=(SquaredError, CrossEntropyWithLabels, BinaryCrossEntropy))
class AveragedOverBatch(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(*inputs).mean()


@mistake("error-not-per-sample", of=(SquaredError, CrossEntropyWithLabels, BinaryCrossEntropy))
class WithoutLastAxis(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(*inputs).reshape(-1)


@mistake(
    "squared-error-not-squared",
    "The differences must be squared before they are added.",
    "Las diferencias deben elevarse al cuadrado antes de sumarse.",
)
class Absolute(SquaredError):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        rows = abs(self.difference).reshape(self.difference.shape[0], -1)
        return rows.sum(axis=1, keepdims=True)


@mistake("squared-error-not-squared")
class Plain(SquaredError):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        rows = self.difference.reshape(self.difference.shape[0], -1)
        return rows.sum(axis=1, keepdims=True)


@mistake(
    "squared-error-rooted",
    "The root of the sum is the distance; this error is the sum of squares itself.",
    "La raíz de la suma es la distancia; este error es la suma de cuadrados misma.",
)
class Rooted(SquaredError):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(*inputs).sqrt()


@mistake(
    "squared-error-gradient-factor",
    "The derivative of a square has the factor 2: the gradient is 2(y - t).",
    "La derivada de un cuadrado tiene el factor 2: el gradiente es 2(y - t).",
)
class FactorForgotten(SquaredError):
    def backward(self, g: Rounded) -> Passed:
        return super().backward(g * 0.5)


@mistake(
    "difference-reversed",
    "The gradient with respect to y is 2(y - t); here truth and output are exchanged.",
    "El gradiente respecto de y es 2(y - t); aquí verdad y salida están intercambiadas.",
)
class DifferenceReversed(SquaredError):
    def backward(self, g: Rounded) -> Passed:
        of_input, nothing = super().backward(g)
        return -of_input, nothing


@mistake(
    "loss-divided-by-batch",
    "The error of each sample stands alone: the mean over the batch is another layer's affair.",
    "El error de cada muestra va solo: el promedio sobre el lote es asunto de otra capa.",
    of=(SquaredError, CrossEntropyWithLabels, BinaryCrossEntropy),
)
class DividedByBatch(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        return super().forward(*inputs) / float(inputs[1].shape[0])


@mistake(
    "squared-error-of-sum",
    "Each difference is squared before they are added; here the sum of them is squared.",
    "Cada diferencia se eleva al cuadrado antes de sumarlas; aquí se eleva su suma.",
)
class SumSquared(SquaredError):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        summed = self.difference.reshape(y.shape[0], -1).sum(axis=1, keepdims=True)
        return summed * summed


@mistake(
    "squares-subtracted",
    "The difference is squared, not the two numbers before they are subtracted.",
    "Se eleva al cuadrado la diferencia, no los dos números antes de restarlos.",
)
class SubtractedSquares(SquaredError):
    def forward(self, *inputs: Rounded) -> Rounded:
        truth, y = inputs
        super().forward(*inputs)
        return (y * y - truth * truth).reshape(y.shape[0], -1).sum(axis=1, keepdims=True)


@mistake(
    "squared-error-is-huber",
    "Large differences count by their squares too; here they count linearly, as in Huber's loss.",
    "Las diferencias grandes también cuentan por su cuadrado; aquí de forma lineal, como en Huber.",
)
class Huber(SquaredError):
    scale = 0.5

    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        size = abs(self.difference)
        each = (self.difference * self.difference * self.scale).where(
            size.value <= 1, 2 * self.scale * (size - 0.5)
        )
        return each.reshape(y.shape[0], -1).sum(axis=1, keepdims=True)

    def backward(self, g: Rounded) -> Passed:
        self.difference = Rounded(np.clip(self.difference.value, -1, 1), self.difference.error)
        return super().backward(g * self.scale)


@mistake("squared-error-is-huber")
class HuberWhole(Huber):
    scale = 1.0


@mistake(
    "truth-not-in-gradient",
    "The gradient is 2(y - t); here the truth is not subtracted.",
    "El gradiente es 2(y - t); aquí no se resta la verdad.",
)
class TruthNotInGradient(SquaredError):
    def forward(self, *inputs: Rounded) -> Rounded:
        self.y = inputs[1]
        return super().forward(*inputs)

    def backward(self, g: Rounded) -> Passed:
        self.difference = self.y
        return super().backward(g)


@mistake(
    "squared-error-gradient-of-sign",
    "The gradient is 2(y - t); its size counts, not its sign alone.",
    "El gradiente es 2(y - t); cuenta su tamaño, no solo su signo.",
)
class GradientOfSign(SquaredError):
    def backward(self, g: Rounded) -> Passed:
        self.difference = exact(np.sign(self.difference.value))
        return super().backward(g * 0.5)


@mistake("squared-error-gradient-of-sign")
class GradientOfDoubledSign(SquaredError):
    def backward(self, g: Rounded) -> Passed:
        self.difference = exact(np.sign(self.difference.value))
        return super().backward(g)
