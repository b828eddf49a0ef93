"""Mistakes in how an activation's derivative meets the output gradient."""

from __future__ import annotations

from worker.judging.formulas.activations import GELU, ReLU, Sigmoid, TanH
from worker.judging.formulas.formula import Elementwise, Passed
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded

_ELEMENTWISE = (ReLU, Sigmoid, TanH, GELU)


@mistake(
    "derivative-squared",
    "The output gradient is multiplied by the derivative once; here it is twice.",
    "El gradiente de salida se multiplica por la derivada una vez; aquí se hace dos veces.",
    of=(Sigmoid, TanH, GELU),
)
class DerivativeTwice(Elementwise):
    def backward(self, g: Rounded) -> Passed:
        return g * self.slope() * self.slope(), {}


@mistake(
    "derivative-added",
    "The chain rule multiplies the output gradient by the derivative; here they are added.",
    "La regla de la cadena multiplica el gradiente de salida por la derivada; aquí se suman.",
    of=_ELEMENTWISE,
)
class DerivativeAdded(Elementwise):
    def backward(self, g: Rounded) -> Passed:
        return g + self.slope(), {}


@mistake(
    "derivative-divides",
    "The output gradient is multiplied by the derivative, not divided by it.",
    "El gradiente de salida se multiplica por la derivada, no se divide por ella.",
    of=(Sigmoid, TanH),
)
class DerivativeDivides(Elementwise):
    def backward(self, g: Rounded) -> Passed:
        return g / self.slope(), {}


@mistake(
    "derivative-at-gradient",
    "The derivative is taken at the input of the forward, not at the output gradient.",
    "La derivada se toma en la entrada del forward, no en el gradiente de salida.",
    of=(Sigmoid, TanH, GELU),
)
class DerivativeAtGradient(Elementwise):
    def backward(self, g: Rounded) -> Passed:
        self.x, self.y = g, self.value(g)
        return g * self.slope(), {}


@mistake("derivative-at-gradient", of=(Sigmoid, TanH))
class DerivativeOfGradient(Elementwise):
    """y (1 - y) or 1 - y², with the output gradient for y."""

    def backward(self, g: Rounded) -> Passed:
        self.y = g
        return g * self.slope(), {}


@mistake(
    "gradient-times-input",
    "The output gradient is multiplied by the input besides the derivative.",
    "El gradiente de salida se multiplica por la entrada además de la derivada.",
    of=(Sigmoid, TanH, GELU),
)
class TimesInput(Elementwise):
    def backward(self, g: Rounded) -> Passed:
        return g * self.slope() * self.x, {}


@mistake("gradient-times-input", of=(Sigmoid, TanH, GELU))
class InputForDerivative(Elementwise):
    def backward(self, g: Rounded) -> Passed:
        return g * self.x, {}


@mistake(
    "output-for-derivative",
    "The output gradient is multiplied by the derivative, not by the output of the forward.",
    "El gradiente de salida se multiplica por la derivada, no por la salida del forward.",
    of=(TanH, GELU),
)
class OutputForDerivative(Elementwise):
    def backward(self, g: Rounded) -> Passed:
        return g * self.y, {}


@mistake("output-for-derivative", of=(Sigmoid, TanH, GELU))
class OutputTimesDerivative(Elementwise):
    def backward(self, g: Rounded) -> Passed:
        return g * self.slope() * self.y, {}
