"""Mistakes of the mean of errors."""

from __future__ import annotations

import math

from worker.judging.formulas.formula import Passed
from worker.judging.formulas.losses import (
    MeanError,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


@mistake(
    "mean-error-summed",
    "The mean divides the sum of the errors by the number of samples.",
    "El promedio divide la suma de los errores por la cantidad de muestras.",
)
class Summed(MeanError):
    def forward(self, *inputs: Rounded) -> Rounded:
        errors = self.sample_error.forward(*inputs)
        self.errors = errors.shape
        return errors.sum()

    def backward(self, g: Rounded) -> Passed:
        return self.sample_error.backward(g.broadcast_to(self.errors))


@mistake(
    "mean-error-gradient-not-divided",
    "The error is divided by the number of samples, so its gradient is too.",
    "El error se divide por la cantidad de muestras, así que su gradiente también.",
)
class GradientOfSum(MeanError):
    def backward(self, g: Rounded) -> Passed:
        return self.sample_error.backward(g.broadcast_to(self.errors))


@mistake(
    "mean-error-divided-twice",
    "The division by the number of samples is made twice.",
    "La división por la cantidad de muestras se hace dos veces.",
)
class DividedTwice(MeanError):
    def backward(self, g: Rounded) -> Passed:
        return super().backward(g / float(math.prod(self.errors)))


@mistake(
    "mean-error-over-elements",
    "The mean is over the samples, not over all numbers of the output.",
    "El promedio es sobre las muestras, no sobre todos los números de la salida.",
)
class OverElements(MeanError):
    def forward(self, *inputs: Rounded) -> Rounded:
        self.share = self.count(inputs[1])
        return super().forward(*inputs) / self.share

    def backward(self, g: Rounded) -> Passed:
        return super().backward(g / self.share)

    def count(self, y: Rounded) -> float:
        return float(max(1, y.value.size // max(1, y.shape[0])))


@mistake(
    "mean-error-not-averaged",
    "The mean is a single number; here there is one for each sample.",
    "El promedio es un único número; aquí hay uno por muestra.",
)
class NotAveraged(MeanError):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return self.sample_error.forward(*inputs)
