"""Mistakes of GELU."""

from __future__ import annotations

import math

import numpy as np

from worker.judging.formulas.activations import (
    GELU,
    density,
)
from worker.judging.formulas.formula import Elementwise
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact


class _Approximated(Elementwise):
    """x sigmoid(2 inner(x)), with the derivative of inner."""

    def inner(self, x: Rounded) -> Rounded:
        raise NotImplementedError

    def inner_slope(self, x: Rounded) -> Rounded:
        raise NotImplementedError

    def value(self, x: Rounded) -> Rounded:
        return x * (2.0 * self.inner(x)).sigmoid()

    def slope(self) -> Rounded:
        part = (2.0 * self.inner(self.x)).sigmoid()
        return part + 2.0 * self.x * part * (1.0 - part) * self.inner_slope(self.x)


@mistake(
    "gelu-tanh-approximation",
    "This is the approximation of GELU by tanh; the exact one has erf: x(1+erf(x/√2))/2.",
    "Esta es la aproximación de GELU por tanh; la exacta usa erf: x(1+erf(x/√2))/2.",
    of=(GELU,),
)
class GeluByTanh(_Approximated):
    root = math.sqrt(2 / math.pi)

    def inner(self, x: Rounded) -> Rounded:
        return self.root * (x + 0.044715 * x * x * x)

    def inner_slope(self, x: Rounded) -> Rounded:
        return self.root * (1.0 + 3 * 0.044715 * x * x)


@mistake(
    "gelu-sigmoid-approximation",
    "This is the approximation of GELU by a sigmoid; the exact one has erf: x(1+erf(x/√2))/2.",
    "Esta es la aproximación de GELU por una sigmoide; la exacta usa erf: x(1+erf(x/√2))/2.",
    of=(GELU,),
)
class GeluBySigmoid(_Approximated):
    def inner(self, x: Rounded) -> Rounded:
        return 0.851 * x

    def inner_slope(self, x: Rounded) -> Rounded:
        return exact(np.full(x.shape, 0.851))


@mistake(
    "gelu-is-swish",
    "This is x sigmoid(x), the SiLU; GELU is x times the normal distribution function.",
    "Esto es x sigmoid(x), la SiLU; GELU es x por la función de distribución normal.",
    of=(GELU,),
)
class GeluSwish(GeluBySigmoid):
    def inner(self, x: Rounded) -> Rounded:
        return 0.5 * x

    def inner_slope(self, x: Rounded) -> Rounded:
        return exact(np.full(x.shape, 0.5))


@mistake(
    "gelu-without-root",
    "The argument of erf is x/√2; here the root of two is missing.",
    "El argumento de erf es x/√2; aquí falta la raíz de dos.",
)
class GeluWithoutRoot(GELU):
    def value(self, x: Rounded) -> Rounded:
        return x * (math.sqrt(2) * x).normal_cdf()

    def slope(self) -> Rounded:
        wide = math.sqrt(2) * self.x
        return wide.normal_cdf() + wide * density(wide)


@mistake(
    "gelu-gradient-incomplete",
    "The derivative of GELU is Φ(x) + xφ(x): the product rule has two terms.",
    "La derivada de GELU es Φ(x) + xφ(x): la regla del producto tiene dos términos.",
)
class GeluWithoutDensity(GELU):
    def slope(self) -> Rounded:
        return self.x.normal_cdf()


@mistake("gelu-gradient-incomplete")
class GeluWithDensityAlone(GELU):
    def slope(self) -> Rounded:
        return self.x * density(self.x)


@mistake("gelu-gradient-incomplete")
class GeluWithDensityNotTimesInput(GELU):
    def slope(self) -> Rounded:
        return self.x.normal_cdf() + density(self.x)


@mistake(
    "gelu-without-input",
    "GELU is x times the normal distribution function; here the factor x is missing.",
    "GELU es x por la función de distribución normal; aquí falta el factor x.",
)
class GeluWithoutInput(GELU):
    def value(self, x: Rounded) -> Rounded:
        return x.normal_cdf()

    def slope(self) -> Rounded:
        return density(self.x)


@mistake(
    "gelu-root-multiplied",
    "The argument of erf is x/√2; here x is multiplied by the root.",
    "El argumento de erf es x/√2; aquí x está multiplicado por la raíz.",
)
class GeluRootMultiplied(GELU):
    def value(self, x: Rounded) -> Rounded:
        return x * (2.0 * x).normal_cdf()

    def slope(self) -> Rounded:
        twice = 2.0 * self.x
        return twice.normal_cdf() + twice * density(twice)


@mistake(
    "gelu-gradient-sign",
    "The derivative of GELU is Φ(x) + xφ(x), with a plus.",
    "La derivada de GELU es Φ(x) + xφ(x), con un más.",
)
class GeluMinus(GELU):
    def slope(self) -> Rounded:
        return self.x.normal_cdf() - self.x * density(self.x)


@mistake(
    "gelu-density-wrong",
    "The normal density is exp(-x²/2)/√(2π); here its exponent or its divisor is another.",
    "La densidad normal es exp(-x²/2)/√(2π); aquí su exponente o su divisor es otro.",
)
class GeluDensityNotDivided(GELU):
    factor, power = 1.0, -0.5

    def slope(self) -> Rounded:
        bell = (self.x * self.x * self.power).exp() * self.factor
        return self.x.normal_cdf() + self.x * bell


@mistake("gelu-density-wrong")
class GeluDensityOfErf(GeluDensityNotDivided):
    factor, power = 1 / math.sqrt(math.pi), -0.5


@mistake("gelu-density-wrong")
class GeluDensityOfSquare(GeluDensityNotDivided):
    factor, power = 1 / math.sqrt(2 * math.pi), -1.0


@mistake("gelu-density-wrong")
class GeluDensityWithoutTwo(GeluDensityNotDivided):
    factor, power = 1 / math.sqrt(math.pi), -1.0
