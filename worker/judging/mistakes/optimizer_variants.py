"""Optimizers that are another variant of the one asked for."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.optimizers import (
    WITH_VELOCITY,
    Adam,
    MomentumGD,
    NesterovMomentumGD,
    OptimizerFormula,
    RMSprop,
    SignGD,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact, rounded

# Adam.


def larger(one: Rounded, other: Rounded) -> Rounded:
    return one.where(one.value >= other.value, other)


@mistake(
    "adam-is-amsgrad",
    "This keeps the largest of the running squares, as AMSGrad does; Adam takes the last one.",
    "Esto conserva el mayor de los cuadrados acumulados, como AMSGrad; Adam usa el último.",
)
class AmsGrad(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        super().direction(p, g)
        self.state["largest"] = larger(self.past("largest", g), self.state["s"])
        return self.divided(
            self.corrected(self.state["m"], 0), self.corrected(self.state["largest"], 1)
        )


@mistake("adam-is-amsgrad")
class AmsGradOfCorrected(Adam):
    def corrected(self, mean: Rounded, which: int) -> Rounded:
        corrected = super().corrected(mean, which)
        if which == 0:
            return corrected
        self.state["largest"] = larger(self.past("largest", mean), corrected)
        return self.state["largest"]


@mistake(
    "adam-is-adamax",
    "This keeps the largest gradient, as AdaMax does; Adam keeps the mean of their squares.",
    "Esto conserva el mayor gradiente, como AdaMax; Adam conserva la media de sus cuadrados.",
)
class AdaMax(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        first, second = self.betas()
        self.state["m"] = m = self.past("m", g) * first + (1.0 - first) * g
        self.state["s"] = largest = larger(self.past("s", g) * second, abs(g))
        return self.corrected(m, 0) / (largest + self.setting("eps"))


@mistake(
    "adam-is-nadam",
    "This looks ahead along the gradient, as NAdam does; Adam steps along the running mean.",
    "Esto mira hacia adelante según el gradiente, como NAdam; Adam avanza según el promedio.",
)
class Nadam(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        super().direction(p, g)
        first, _ = self.betas()
        ahead = first * self.corrected(self.state["m"], 0) + (1.0 - first) * self.corrected(g, 0)
        return self.divided(ahead, self.corrected(self.state["s"], 1))


@mistake(
    "adam-without-squares",
    "The running mean is divided by the root of the running square; here it is not divided.",
    "El promedio se divide por la raíz del cuadrado acumulado; aquí no se divide.",
)
class WithoutSquares(Adam):
    def divided(self, m: Rounded, s: Rounded) -> Rounded:
        return m


@mistake(
    "bias-corrections-exchanged",
    "Each mean is corrected with its own beta; here they are exchanged.",
    "Cada promedio se corrige con su propio beta; aquí están intercambiados.",
)
class CorrectionsExchanged(Adam):
    def corrected(self, mean: Rounded, which: int) -> Rounded:
        return super().corrected(mean, 1 - which)


@mistake(
    "bias-correction-not-rooted",
    "The running square is corrected under the root; here its correction has no root.",
    "El cuadrado acumulado se corrige dentro de la raíz; aquí su corrección no tiene raíz.",
)
class CorrectionNotRooted(Adam):
    def corrected(self, mean: Rounded, which: int) -> Rounded:
        corrected = super().corrected(mean, which)
        return corrected * (corrected / mean) if which == 1 else corrected


@mistake(
    "old-mean-used",
    "The step takes the new running mean, which has this gradient in it already.",
    "El paso usa el promedio nuevo, que ya incluye este gradiente.",
)
class OldMean(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        old = self.past("m", g)
        super().direction(p, g)
        return self.divided(self.corrected(old, 0), self.corrected(self.state["s"], 1))


@mistake("old-square-used")
class AdamOldSquare(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        old = self.past("s", g)
        super().direction(p, g)
        return self.divided(self.corrected(self.state["m"], 0), self.corrected(old, 1))


class _Weighted(Adam):
    """The new values have weights of their own."""

    of_gradient, of_square = True, True

    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        first, second = self.betas()
        new = (1.0 - first) * g if self.of_gradient else g
        square = (1.0 - second) * (g * g) if self.of_square else g * g
        self.state["m"] = m = self.past("m", g) * first + new
        self.state["s"] = s = self.past("s", g) * second + square
        return self.divided(self.corrected(m, 0), self.corrected(s, 1))


@mistake("new-value-not-weighted")
class GradientNotWeighted(_Weighted):
    of_gradient = False


@mistake("new-value-not-weighted")
class SquareNotWeighted(_Weighted):
    of_square = False


# RMSprop.


@mistake(
    "rmsprop-centred",
    "The square of the running mean is subtracted, as in centred RMSprop; here nothing is.",
    "Se resta el cuadrado del promedio, como en el RMSprop centrado; aquí no se resta nada.",
)
class Centred(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        super().direction(p, g)
        beta = self.beta()
        self.state["m"] = m = self.past("m", g) * beta + (1.0 - beta) * g
        variance = self.state["s"] - m * m
        return self.divided(g, variance.where(variance.value > 0))


@mistake(
    "rmsprop-has-momentum",
    "Earlier steps take part in this one; RMSprop without momentum has none of them.",
    "Los pasos anteriores intervienen en este; RMSprop sin momento no los incluye.",
)
class HasMomentum(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        step = super().direction(p, g)
        self.state["v"] = v = self.past("v", g) * 0.9 + step
        return v


@mistake(
    "rmsprop-takes-mean",
    "The step takes the gradient itself, not a running mean of it; that is Adam's.",
    "El paso usa el gradiente mismo, no un promedio acumulado; eso es de Adam.",
)
class TakesMean(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        super().direction(p, g)
        self.state["m"] = m = self.past("m", g) * self.beta() + (1.0 - self.beta()) * g
        return self.divided(m, self.state["s"])


@mistake(
    "largest-square-kept",
    "The running square fades; here the largest so far is kept.",
    "El cuadrado acumulado se atenúa; aquí se conserva el mayor hasta ahora.",
)
class LargestKept(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        super().direction(p, g)
        self.state["largest"] = largest = larger(self.past("largest", g), self.state["s"])
        return self.divided(g, largest)


@mistake("largest-square-kept")
class LargestOfFading(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        self.state["s"] = s = larger(self.past("s", g) * self.beta(), g * g)
        return self.divided(g, s)


# What divides.


@mistake(
    "square-not-per-element",
    "Each element has a running square of its own; here one number is that of all elements.",
    "Cada elemento tiene su propio cuadrado acumulado; aquí un número sirve a todos.",
    of=(RMSprop, Adam),
)
class SquareOfAll(OptimizerFormula):
    def divided(self, step: Rounded, s: Rounded) -> Rounded:
        return super().divided(step, s.mean().broadcast_to(s.shape))


@mistake("square-not-per-element", of=(RMSprop, Adam))
class SumOfAll(OptimizerFormula):
    def divided(self, step: Rounded, s: Rounded) -> Rounded:
        return super().divided(step, s.sum().broadcast_to(s.shape))


@mistake(
    "square-multiplies",
    "The step is divided by the root of the running square, not multiplied by it.",
    "El paso se divide por la raíz del cuadrado acumulado, no se multiplica por ella.",
    of=(RMSprop, Adam),
)
class SquareMultiplies(OptimizerFormula):
    def divided(self, step: Rounded, s: Rounded) -> Rounded:
        return step * (s.sqrt() + self.setting("eps"))


@mistake("eps-inside-root", of=(RMSprop, Adam))
class EpsOnBothSides(OptimizerFormula):
    def divided(self, step: Rounded, s: Rounded) -> Rounded:
        return step / ((s + self.setting("eps")).sqrt() + self.setting("eps"))


class _OtherEps(OptimizerFormula):
    eps = 0.0

    def setting(self, name: str) -> float:
        return self.eps if name == "eps" else super().setting(name)


@mistake(
    "eps-fixed",
    "eps is the one given; here it is another, fixed number.",
    "eps es el dado; aquí es otro número, fijo.",
    of=(RMSprop, Adam, SignGD),
)
class EpsOfMillionth(_OtherEps):
    eps = 1e-6


@mistake("eps-fixed", of=(RMSprop, Adam, SignGD))
class EpsOfThousandth(_OtherEps):
    eps = 1e-3


@mistake("eps-fixed", of=(RMSprop, Adam, SignGD))
class EpsOfTenMillionth(_OtherEps):
    eps = 1e-7


@mistake("eps-fixed", of=(RMSprop, Adam, SignGD))
class EpsOfBillionth(_OtherEps):
    eps = 1e-10


# Momentum.


@mistake(
    "velocity-decayed-twice",
    "The velocity is multiplied by gamma once in a step; here it is twice.",
    "La velocidad se multiplica por gamma una vez por paso; aquí se hace dos veces.",
    of=WITH_VELOCITY,
)
class DecayedTwice(MomentumGD):
    def gamma(self) -> Rounded:
        return super().gamma() * super().gamma()


@mistake(
    "momentum-fixed",
    "gamma is the one given; here it is another, fixed number.",
    "gamma es el dado; aquí es otro número, fijo.",
    of=WITH_VELOCITY,
)
class GammaOfNineTenths(MomentumGD):
    fixed = 0.9

    def gamma(self) -> Rounded:
        return rounded(self.fixed)


@mistake("momentum-fixed", of=WITH_VELOCITY)
class GammaOfHalf(MomentumGD):
    fixed = 0.5

    def gamma(self) -> Rounded:
        return rounded(self.fixed)


@mistake(
    "velocity-and-gradient",
    "The step is along the velocity, which has the gradient in it; here both are added.",
    "El paso va según la velocidad, que ya incluye el gradiente; aquí se suman ambos.",
)
class VelocityAndGradient(MomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return super().direction(p, g) + g


@mistake(
    "nesterov-looks-ahead-of-old",
    "Nesterov's step is g + gamma v with the new velocity v; here v is the old one.",
    "El paso de Nesterov es g + gamma v con la velocidad nueva v; aquí v es la anterior.",
)
class AheadOfOld(NesterovMomentumGD):
    """That is plain momentum in other words, if gamma weighs the old velocity once."""

    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        old = self.past("v", g)
        MomentumGD.direction(self, p, g)
        return g + self.gamma() * self.gamma() * old


@mistake(
    "nesterov-weights-exchanged",
    "Nesterov's step is g + gamma v; here gamma multiplies the gradient.",
    "El paso de Nesterov es g + gamma v; aquí gamma multiplica el gradiente.",
)
class WeightsExchanged(NesterovMomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return self.gamma() * g + MomentumGD.direction(self, p, g)


# The sign.


@mistake(
    "sign-is-tanh",
    "The sign is smoothed as g/√(g² + eps), not by tanh or x/(1+|x|).",
    "El signo se suaviza como g/√(g² + eps), no con tanh ni x/(1+|x|).",
)
class SignTanh(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g.tanh()


@mistake("sign-is-tanh")
class SignSoft(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g / (1.0 + abs(g))


@mistake("sign-not-smoothed")
class SignOfZeroIsOne(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return exact(np.where(g.value >= 0, 1.0, -1.0))


@mistake(
    "sign-eps-squared",
    "eps is added as it is: g/√(g² + eps), not its square.",
    "eps se suma tal cual: g/√(g² + eps), no su cuadrado.",
)
class SignEpsSquared(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g / (g * g + self.setting("eps") ** 2).sqrt()
