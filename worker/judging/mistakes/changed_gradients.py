"""Optimizers that change the gradient before they use it."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.optimizers import (
    ALL,
    Adam,
    GradientDescent,
    MomentumGD,
    NesterovMomentumGD,
    OptimizerFormula,
    RMSprop,
    SignGD,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact


class _Changed(OptimizerFormula):
    def changed(self, g: Rounded) -> Rounded:
        raise NotImplementedError

    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        return super().forward(p, self.changed(g))


@mistake(
    "optimizer-gradient-clipped",
    "The gradient is clipped; this optimizer takes it as it is.",
    "El gradiente se recorta; este optimizador lo toma tal cual.",
    of=ALL,
)
class Clipped(_Changed):
    bound = 1.0

    def changed(self, g: Rounded) -> Rounded:
        return Rounded(np.clip(g.value, -self.bound, self.bound), g.error)


@mistake("optimizer-gradient-clipped", of=ALL)
class ClippedAtFive(Clipped):
    bound = 5.0


@mistake("optimizer-gradient-clipped", of=ALL)
class ClippedAtTen(Clipped):
    bound = 10.0


@mistake("optimizer-gradient-clipped", of=ALL)
class ClippedAtHalf(Clipped):
    bound = 0.5


@mistake("optimizer-gradient-clipped", of=ALL)
class ClippedAtTenth(Clipped):
    bound = 0.1


@mistake("optimizer-gradient-clipped", of=ALL)
class NormClipped(_Changed):
    bound = 1.0

    def changed(self, g: Rounded) -> Rounded:
        norm = (g * g).sum().sqrt()
        return g * (self.bound / norm) if norm.value > self.bound else g


@mistake("optimizer-gradient-clipped", of=ALL)
class NormClippedAtFive(NormClipped):
    bound = 5.0


@mistake(
    "optimizer-gradient-normalized",
    "The gradient is divided by its own size; this optimizer takes it as it is.",
    "El gradiente se divide por su propio tamaño; este optimizador lo toma tal cual.",
    of=ALL,
)
class DividedByNorm(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g / (g * g).sum().sqrt()


@mistake("optimizer-gradient-normalized", of=ALL)
class DividedByLargest(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g / float(np.abs(g.value).max())


@mistake("optimizer-gradient-normalized", of=ALL)
class RowsDividedByNorm(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g / (g * g).sum(axis=-1, keepdims=True).sqrt()


@mistake(
    "optimizer-gradient-of-earlier-step",
    "The step takes the gradient that it is given, not that of the step before.",
    "El paso usa el gradiente que recibe, no el del paso anterior.",
    # Of plain momentum that is the velocity before this gradient, which has a name.
    of=(Adam, GradientDescent, NesterovMomentumGD, RMSprop, SignGD),
)
class OfEarlierStep(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        earlier: Rounded = self.__dict__.get("earlier", g * 0.0)
        self.earlier = g
        return earlier


@mistake(
    "optimizer-gradient-averaged",
    "Each element has a gradient of its own: take no mean over the elements.",
    "Cada elemento tiene su propio gradiente: no tomes una media sobre los elementos.",
    of=ALL,
)
class OverElements(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g.mean().broadcast_to(g.shape)


@mistake("optimizer-gradient-averaged", of=ALL)
class OverRows(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g.mean(axis=0, keepdims=True).broadcast_to(g.shape)


@mistake("optimizer-gradient-averaged", of=ALL)
class DividedByRows(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g / float(g.shape[0])


@mistake("optimizer-gradient-averaged", of=ALL)
class DividedByElements(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g / float(g.value.size)


@mistake(
    "optimizer-gradients-summed",
    "The step takes this gradient alone; here those of all steps so far are added up.",
    "El paso usa solo este gradiente; aquí se suman los de todos los pasos hasta ahora.",
    of=(GradientDescent,),
)
class Summed(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        total: Rounded = self.__dict__.get("total", g * 0.0)
        self.total = total + g
        return self.total


@mistake(
    "optimizer-has-momentum",
    "Earlier gradients take part in this step; plain descent takes the last one alone.",
    "Los gradientes anteriores intervienen en este paso; el descenso simple usa solo el último.",
    of=(GradientDescent,),
)
class HasMomentum(_Changed):
    kept, gained = 0.9, 1.0

    def changed(self, g: Rounded) -> Rounded:
        past: Rounded = self.__dict__.get("velocity", g * 0.0)
        self.velocity = past * self.kept + g * self.gained
        return self.velocity


@mistake("optimizer-has-momentum", of=(GradientDescent,))
class HasRunningMean(HasMomentum):
    kept, gained = 0.9, 0.1


@mistake(
    "optimizer-takes-sign",
    "The size of the gradient counts; here only its sign does.",
    "El tamaño del gradiente cuenta; aquí solo cuenta su signo.",
    of=(GradientDescent, MomentumGD, NesterovMomentumGD),
)
class TakesSign(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return exact(np.sign(g.value))


@mistake(
    "optimizer-takes-magnitude",
    "The gradient has a sign; here its magnitude alone is taken.",
    "El gradiente tiene signo; aquí se toma solo su magnitud.",
    of=ALL,
)
class TakesMagnitude(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return abs(g)


@mistake(
    "optimizer-gradient-squared",
    "The step is along the gradient, not along its square.",
    "El paso va según el gradiente, no según su cuadrado.",
    of=ALL,
)
class TakesSquare(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g * g
