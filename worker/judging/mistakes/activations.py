"""Mistakes of activations."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.activations import (
    ReLU,
    Sigmoid,
    TanH,
)
from worker.judging.formulas.formula import Passed
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact

# ReLU.


@mistake(
    "relu-gradient-not-masked",
    "ReLU's gradient must be zero where the input was negative.",
    "El gradiente de ReLU debe ser cero donde la entrada era negativa.",
)
class ReluNotMasked(ReLU):
    def backward(self, g: Rounded) -> Passed:
        return g, {}


@mistake(
    "relu-gradient-of-gradient-sign",
    "ReLU's gradient depends on the sign of the input, not on that of the output gradient.",
    "El gradiente de ReLU depende del signo de la entrada, no del signo del gradiente de salida.",
)
class ReluOfGradientSign(ReLU):
    def backward(self, g: Rounded) -> Passed:
        return g.where(g.value > 0), {}


@mistake("relu-gradient-of-gradient-sign")
class ReluOfBothSigns(ReLU):
    def backward(self, g: Rounded) -> Passed:
        return super().backward(g.where(g.value > 0))


@mistake(
    "relu-mask-inverted",
    "ReLU's gradient passes where the input was positive; here it passes where it was negative.",
    "El gradiente de ReLU pasa donde la entrada era positiva; aquí pasa donde era negativa.",
)
class ReluMaskInverted(ReLU):
    def backward(self, g: Rounded) -> Passed:
        return g.where(self.x.value <= 0), {}


@mistake(
    "relu-gradient-times-input",
    "ReLU's gradient is the output gradient itself where the input was positive, not times it.",
    "El gradiente de ReLU es el gradiente de salida donde la entrada era positiva, no multiplicado "
    "por ella.",
)
class ReluTimesInput(ReLU):
    def backward(self, g: Rounded) -> Passed:
        return g * self.y, {}


@mistake(
    "relu-leaky",
    "ReLU is zero for negative inputs; a small slope there is another layer, the leaky ReLU.",
    "ReLU es cero para entradas negativas; una pequeña pendiente allí es otra capa, la leaky ReLU.",
)
class ReluLeaky(ReLU):
    leak = 0.01

    def value(self, x: Rounded) -> Rounded:
        return super().value(x) + (x * self.leak).where(x.value < 0)

    def slope(self) -> Rounded:
        return super().slope() + exact(self.leak * (self.x.value < 0))


@mistake("relu-leaky")
class ReluLeakier(ReluLeaky):
    leak = 0.1


@mistake(
    "relu-is-absolute",
    "ReLU makes negative inputs zero; here they become positive.",
    "ReLU anula las entradas negativas; aquí se vuelven positivas.",
)
class ReluAbsolute(ReLU):
    def value(self, x: Rounded) -> Rounded:
        return abs(x)

    def slope(self) -> Rounded:
        return exact(np.sign(self.x.value))


@mistake(
    "relu-keeps-negative",
    "ReLU keeps what is positive; here the negative part is kept.",
    "ReLU conserva lo positivo; aquí se conserva la parte negativa.",
)
class ReluNegative(ReLU):
    def value(self, x: Rounded) -> Rounded:
        return x.where(x.value < 0)

    def slope(self) -> Rounded:
        return exact((self.x.value < 0).astype(float))


@mistake(
    "relu-capped",
    "ReLU has no upper bound; here large outputs are cut off.",
    "ReLU no tiene cota superior; aquí se recortan las salidas grandes.",
)
class ReluCapped(ReLU):
    cap = 6.0

    def value(self, x: Rounded) -> Rounded:
        return super().value(x).where(x.value < self.cap, self.cap)

    def slope(self) -> Rounded:
        return super().slope().where(self.x.value < self.cap)


@mistake("relu-capped")
class ReluCappedAtOne(ReluCapped):
    cap = 1.0


# Sigmoid.


@mistake(
    "sigmoid-derivative-of-input",
    "The derivative y(1-y) takes the output y; here it is computed of the input x.",
    "La derivada y(1-y) usa la salida y; aquí se calcula con la entrada x.",
)
class SigmoidOfInput(Sigmoid):
    def slope(self) -> Rounded:
        return self.x * (1.0 - self.x)


@mistake(
    "sigmoid-derivative-of-output",
    "The sigmoid is applied twice: y(1-y) takes the output as it is, without another sigmoid.",
    "La sigmoide se aplica dos veces: y(1-y) usa la salida tal cual, sin otra sigmoide.",
)
class SigmoidTwice(Sigmoid):
    def slope(self) -> Rounded:
        again = self.y.sigmoid()
        return again * (1.0 - again)


@mistake(
    "sigmoid-exponent-sign",
    "The exponent has the wrong sign: sigmoid is 1/(1+exp(-x)).",
    "El exponente tiene el signo contrario: la sigmoide es 1/(1+exp(-x)).",
)
class SigmoidExponent(Sigmoid):
    def value(self, x: Rounded) -> Rounded:
        return (-x).sigmoid()


@mistake(
    "sigmoid-derivative-incomplete",
    "The derivative of the sigmoid is y(1-y); one of its factors is missing.",
    "La derivada de la sigmoide es y(1-y); falta uno de sus factores.",
)
class SigmoidWithoutRest(Sigmoid):
    def slope(self) -> Rounded:
        return self.y


@mistake("sigmoid-derivative-incomplete")
class SigmoidWithoutValue(Sigmoid):
    def slope(self) -> Rounded:
        return 1.0 - self.y


@mistake(
    "sigmoid-derivative-of-tanh",
    "The derivative of the sigmoid is y(1-y); 1-y² is that of tanh.",
    "La derivada de la sigmoide es y(1-y); 1-y² es la de tanh.",
)
class SigmoidSlopeOfTanh(Sigmoid):
    def slope(self) -> Rounded:
        return 1.0 - self.y * self.y


@mistake(
    "sigmoid-is-tanh",
    "The sigmoid goes from 0 to 1; this is tanh, which goes from -1 to 1.",
    "La sigmoide va de 0 a 1; esto es tanh, que va de -1 a 1.",
)
class SigmoidIsTanh(Sigmoid):
    def value(self, x: Rounded) -> Rounded:
        return x.tanh()


@mistake(
    "exponential-overflow",
    "exp(x)/(1+exp(x)) is ∞/∞ for large x: divide 1 by 1+exp(-x) instead.",
    "exp(x)/(1+exp(x)) es ∞/∞ para x grande: divide 1 por 1+exp(-x).",
)
class SigmoidOverflow(Sigmoid):
    def value(self, x: Rounded) -> Rounded:
        right = x.sigmoid()
        power = np.exp(x.value)
        return Rounded(power / (1 + power), right.error)


# TanH.


@mistake("exponential-overflow")
class TanhOverflow(TanH):
    def value(self, x: Rounded) -> Rounded:
        right = x.tanh()
        up, down = np.exp(x.value), np.exp(-x.value)
        return Rounded((up - down) / (up + down), right.error)


@mistake("exponential-overflow")
class TanhOverflowOfDouble(TanH):
    def value(self, x: Rounded) -> Rounded:
        right = x.tanh()
        power = np.exp(2 * x.value)
        return Rounded((power - 1) / (power + 1), right.error)


@mistake(
    "tanh-derivative-of-input",
    "The derivative 1-y² takes the output y; here it is computed of the input x.",
    "La derivada 1-y² usa la salida y; aquí se calcula con la entrada x.",
)
class TanhOfInput(TanH):
    def slope(self) -> Rounded:
        return 1.0 - self.x * self.x


@mistake(
    "tanh-derivative-of-output",
    "tanh is applied twice: 1-y² takes the output as it is, without another tanh.",
    "tanh se aplica dos veces: 1-y² usa la salida tal cual, sin otra tanh.",
)
class TanhTwice(TanH):
    def slope(self) -> Rounded:
        again = self.y.tanh()
        return 1.0 - again * again


@mistake(
    "tanh-derivative-not-squared",
    "The derivative of tanh is 1-y²; here y is not squared.",
    "La derivada de tanh es 1-y²; aquí y no está al cuadrado.",
)
class TanhNotSquared(TanH):
    def slope(self) -> Rounded:
        return 1.0 - self.y


@mistake(
    "tanh-derivative-of-sigmoid",
    "The derivative of tanh is 1-y²; y(1-y) is that of the sigmoid.",
    "La derivada de tanh es 1-y²; y(1-y) es la de la sigmoide.",
)
class TanhSlopeOfSigmoid(TanH):
    def slope(self) -> Rounded:
        return self.y * (1.0 - self.y)


@mistake(
    "tanh-derivative-sign",
    "The derivative of tanh is 1-y²; here it is 1+y² or y²-1.",
    "La derivada de tanh es 1-y²; aquí es 1+y² o y²-1.",
)
class TanhPlus(TanH):
    def slope(self) -> Rounded:
        return 1.0 + self.y * self.y


@mistake("tanh-derivative-sign")
class TanhMinus(TanH):
    def slope(self) -> Rounded:
        return self.y * self.y - 1.0


@mistake(
    "tanh-is-sigmoid",
    "tanh goes from -1 to 1; this is the sigmoid, which goes from 0 to 1.",
    "tanh va de -1 a 1; esto es la sigmoide, que va de 0 a 1.",
)
class TanhIsSigmoid(TanH):
    def value(self, x: Rounded) -> Rounded:
        return x.sigmoid()


@mistake(
    "tanh-argument-not-doubled",
    "tanh(x) is 2 sigmoid(2x) - 1; here the argument is not doubled.",
    "tanh(x) es 2 sigmoid(2x) - 1; aquí el argumento no está duplicado.",
)
class TanhNotDoubled(TanH):
    def value(self, x: Rounded) -> Rounded:
        return 2.0 * x.sigmoid() - 1.0
