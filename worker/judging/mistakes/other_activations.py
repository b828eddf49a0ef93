"""Activations that are another function than the one asked for."""

from __future__ import annotations

import math

import numpy as np

from worker.judging.formulas.activations import ReLU, Sigmoid, TanH, density
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact, rounded

# ReLU.


@mistake(
    "relu-squared",
    "ReLU keeps positive inputs as they are; here they are squared.",
    "ReLU deja las entradas positivas como son; aquí se elevan al cuadrado.",
)
class ReluSquared(ReLU):
    def value(self, x: Rounded) -> Rounded:
        y = super().value(x)
        return y * y

    def slope(self) -> Rounded:
        return (2.0 * self.x).where(self.x.value > 0)


@mistake(
    "relu-is-step",
    "ReLU keeps positive inputs as they are; here they become one.",
    "ReLU deja las entradas positivas como son; aquí se vuelven uno.",
)
class ReluStep(ReLU):
    def value(self, x: Rounded) -> Rounded:
        return exact((x.value > 0).astype(np.float64))


@mistake(
    "relu-threshold",
    "ReLU's corner is at zero; here it is at another number.",
    "El quiebre de ReLU está en cero; aquí está en otro número.",
)
class ReluThreshold(ReLU):
    corner = 1.0

    def value(self, x: Rounded) -> Rounded:
        return x.where(x.value > self.corner)

    def slope(self) -> Rounded:
        return exact((self.x.value > self.corner).astype(np.float64))


@mistake("relu-threshold")
class ReluShifted(ReluThreshold):
    def value(self, x: Rounded) -> Rounded:
        return (x - self.corner).where(x.value > self.corner)


@mistake("relu-threshold")
class ReluAtLeastOne(ReluThreshold):
    def value(self, x: Rounded) -> Rounded:
        return x.where(x.value > self.corner, self.corner)


@mistake(
    "relu-is-elu",
    "ReLU is zero for negative inputs; exp(x) - 1 there is another layer, the ELU.",
    "ReLU es cero para entradas negativas; exp(x) - 1 allí es otra capa, la ELU.",
)
class ReluElu(ReLU):
    above, below = 1.0, 1.0

    def value(self, x: Rounded) -> Rounded:
        return (self.above * x).where(x.value > 0, self.below * (x.exp() - 1.0))

    def slope(self) -> Rounded:
        powers = self.below * self.x.exp()
        return rounded(self.above).broadcast_to(self.x.shape).where(self.x.value > 0, powers)


@mistake("relu-is-elu")
class ReluSelu(ReluElu):
    above, below = 1.0507009873554805, 1.0507009873554805 * 1.6732632423543772


@mistake(
    "relu-is-smooth",
    "ReLU has a corner at zero; this is a smooth function that is like it far from zero.",
    "ReLU tiene un quiebre en cero; esta es una función suave que se le parece lejos del cero.",
)
class ReluSoftplus(ReLU):
    def value(self, x: Rounded) -> Rounded:
        positive = x.where(x.value > 0)
        return positive + ((-abs(x)).exp() + 1.0).log()

    def slope(self) -> Rounded:
        return self.x.sigmoid()


@mistake("relu-is-smooth")
class ReluSwish(ReLU):
    def value(self, x: Rounded) -> Rounded:
        return x * x.sigmoid()

    def slope(self) -> Rounded:
        part = self.x.sigmoid()
        return part + self.x * part * (1.0 - part)


@mistake("relu-is-smooth")
class ReluGelu(ReLU):
    def value(self, x: Rounded) -> Rounded:
        return x * x.normal_cdf()

    def slope(self) -> Rounded:
        return self.x.normal_cdf() + self.x * density(self.x)


# Sigmoid.


@mistake(
    "sigmoid-is-hard",
    "This is made of straight lines, a hard sigmoid; the sigmoid is 1/(1+exp(-x)).",
    "Esto está hecho de rectas, una sigmoide dura; la sigmoide es 1/(1+exp(-x)).",
)
class SigmoidHard(Sigmoid):
    rise = 0.2

    def value(self, x: Rounded) -> Rounded:
        line = x * self.rise + 0.5
        return line.where(line.value > 0).where(line.value < 1, 1.0)

    def slope(self) -> Rounded:
        inner = (self.y.value > 0) & (self.y.value < 1)
        return rounded(self.rise).broadcast_to(self.x.shape).where(inner)


@mistake("sigmoid-is-hard")
class SigmoidHardBySix(SigmoidHard):
    rise = 1 / 6


@mistake("sigmoid-is-hard")
class SigmoidHardByFour(SigmoidHard):
    rise = 0.25


@mistake("sigmoid-is-hard")
class SigmoidHardByTwo(SigmoidHard):
    rise = 0.5


@mistake(
    "sigmoid-argument-scaled",
    "The argument is multiplied by a number: the sigmoid is 1/(1+exp(-x)).",
    "El argumento está multiplicado por un número: la sigmoide es 1/(1+exp(-x)).",
)
class SigmoidSteeper(Sigmoid):
    steepness = 2.0

    def value(self, x: Rounded) -> Rounded:
        return (self.steepness * x).sigmoid()

    def slope(self) -> Rounded:
        return self.steepness * (self.y * (1.0 - self.y))


@mistake("sigmoid-argument-scaled")
class SigmoidFlatter(SigmoidSteeper):
    steepness = 0.5


@mistake("sigmoid-argument-scaled")
class SigmoidOfBaseTwo(SigmoidSteeper):
    steepness = math.log(2)


@mistake("sigmoid-argument-scaled")
class SigmoidOfBaseTen(SigmoidSteeper):
    steepness = math.log(10)


@mistake(
    "sigmoid-is-softsign",
    "This is made of x/(1+|x|), the softsign; the sigmoid is 1/(1+exp(-x)).",
    "Esto está hecho de x/(1+|x|), la softsign; la sigmoide es 1/(1+exp(-x)).",
)
class SigmoidSoftsign(Sigmoid):
    def value(self, x: Rounded) -> Rounded:
        return x / (1.0 + abs(x))

    def slope(self) -> Rounded:
        rest = 1.0 + abs(self.x)
        return 1.0 / (rest * rest)


@mistake("sigmoid-is-softsign")
class SigmoidSoftsignBetween(SigmoidSoftsign):
    def value(self, x: Rounded) -> Rounded:
        return (super().value(x) + 1.0) * 0.5

    def slope(self) -> Rounded:
        return super().slope() * 0.5


@mistake(
    "sigmoid-is-softplus",
    "This is log(1+exp(x)), the softplus; the sigmoid is 1/(1+exp(-x)).",
    "Esto es log(1+exp(x)), la softplus; la sigmoide es 1/(1+exp(-x)).",
)
class SigmoidSoftplus(Sigmoid):
    def value(self, x: Rounded) -> Rounded:
        return x.where(x.value > 0) + ((-abs(x)).exp() + 1.0).log()

    def slope(self) -> Rounded:
        return self.x.sigmoid()


@mistake(
    "sigmoid-of-magnitude",
    "The sigmoid takes x with its sign, not |x|.",
    "La sigmoide toma x con su signo, no |x|.",
)
class SigmoidOfMagnitude(Sigmoid):
    def value(self, x: Rounded) -> Rounded:
        return abs(x).sigmoid()


@mistake(
    "sigmoid-derivative-sign",
    "The derivative of the sigmoid is y(1-y), with a minus.",
    "La derivada de la sigmoide es y(1-y), con un menos.",
)
class SigmoidPlus(Sigmoid):
    def slope(self) -> Rounded:
        return self.y * (1.0 + self.y)


@mistake(
    "sigmoid-derivative-factor-squared",
    "The derivative of the sigmoid is y(1-y); here one factor is there twice.",
    "La derivada de la sigmoide es y(1-y); aquí un factor aparece dos veces.",
)
class SigmoidRestSquared(Sigmoid):
    def slope(self) -> Rounded:
        rest = 1.0 - self.y
        return self.y * rest * rest


@mistake("sigmoid-derivative-factor-squared")
class SigmoidBothRest(Sigmoid):
    def slope(self) -> Rounded:
        rest = 1.0 - self.y
        return rest * rest


# TanH.


@mistake(
    "tanh-is-clipped",
    "This is made of straight lines; tanh is smooth and never quite 1 or -1.",
    "Esto está hecho de rectas; tanh es suave y nunca llega del todo a 1 o -1.",
)
class TanhHard(TanH):
    def value(self, x: Rounded) -> Rounded:
        return x.where(x.value < 1, 1.0).where(x.value > -1, -1.0)

    def slope(self) -> Rounded:
        return exact((np.abs(self.x.value) < 1).astype(np.float64))


@mistake(
    "tanh-is-softsign",
    "This is x/(1+|x|), the softsign; tanh is made of exponentials.",
    "Esto es x/(1+|x|), la softsign; tanh está hecha de exponenciales.",
)
class TanhSoftsign(TanH):
    def value(self, x: Rounded) -> Rounded:
        return x / (1.0 + abs(x))

    def slope(self) -> Rounded:
        rest = 1.0 + abs(self.x)
        return 1.0 / (rest * rest)


@mistake(
    "tanh-is-another-tangent",
    "tanh is the hyperbolic tangent, not the tangent nor its inverse.",
    "tanh es la tangente hiperbólica, no la tangente ni su inversa.",
)
class TanhArctan(TanH):
    def value(self, x: Rounded) -> Rounded:
        return Rounded(np.arctan(x.value), 4 * np.abs(x.value))

    def slope(self) -> Rounded:
        return 1.0 / (1.0 + self.x * self.x)


@mistake("tanh-is-another-tangent")
class TanhTan(TanH):
    def value(self, x: Rounded) -> Rounded:
        tangent = np.tan(x.value)
        return Rounded(tangent, 4 * np.abs(x.value) * (1 + tangent**2))

    def slope(self) -> Rounded:
        return 1.0 + self.y * self.y


@mistake(
    "tanh-not-divided",
    "tanh is sinh/cosh; here the division by the sum of the exponentials is missing.",
    "tanh es sinh/cosh; aquí falta la división por la suma de las exponenciales.",
)
class TanhSinh(TanH):
    def value(self, x: Rounded) -> Rounded:
        return (x.exp() - (-x).exp()) * 0.5

    def slope(self) -> Rounded:
        return (self.x.exp() + (-self.x).exp()) * 0.5


@mistake(
    "tanh-argument-scaled",
    "The argument is multiplied by a number: tanh(x) takes x as it is.",
    "El argumento está multiplicado por un número: tanh(x) toma x tal cual.",
)
class TanhSteeper(TanH):
    def value(self, x: Rounded) -> Rounded:
        return (2.0 * x).tanh()

    def slope(self) -> Rounded:
        return 2.0 * (1.0 - self.y * self.y)
