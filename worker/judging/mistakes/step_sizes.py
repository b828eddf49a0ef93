"""Steps whose size is another than the learning rate says."""

from __future__ import annotations

import math

from worker.judging.formulas.optimizers import ALL, OptimizerFormula
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, rounded


@mistake(
    "learning-rate-decays",
    "The learning rate is the same in every step; here it becomes smaller.",
    "La tasa de aprendizaje es la misma en cada paso; aquí se hace menor.",
    of=ALL,
)
class OverRoot(OptimizerFormula):
    def lr(self) -> Rounded:
        return super().lr() / math.sqrt(self.steps)


@mistake("learning-rate-decays", of=ALL)
class OverSteps(OptimizerFormula):
    def lr(self) -> Rounded:
        return super().lr() / float(self.steps)


class _Fading(OptimizerFormula):
    share = 1.0
    # The step from which on it fades.
    first = 1

    def lr(self) -> Rounded:
        return super().lr() * self.share ** (self.steps - self.first)


@mistake("learning-rate-decays", of=ALL)
class Fading(_Fading):
    share = 0.9


@mistake("learning-rate-decays", of=ALL)
class FadingSlower(_Fading):
    share = 0.99


@mistake("learning-rate-decays", of=ALL)
class FadingFaster(_Fading):
    share = 0.5


@mistake(
    "learning-rate-grows",
    "The learning rate is the same in every step; here it is multiplied by the step's number.",
    "La tasa de aprendizaje es la misma en cada paso; aquí se multiplica por el número del paso.",
    of=ALL,
)
class TimesSteps(OptimizerFormula):
    def lr(self) -> Rounded:
        return super().lr() * float(self.steps)


@mistake(
    "learning-rate-squared",
    "The step is multiplied by the learning rate once; here it is twice.",
    "El paso se multiplica por la tasa de aprendizaje una vez; aquí se hace dos veces.",
    of=ALL,
)
class Squared(OptimizerFormula):
    def lr(self) -> Rounded:
        return super().lr() * super().lr()


@mistake(
    "learning-rate-fixed",
    "The learning rate is the one given; here it is another, fixed number.",
    "La tasa de aprendizaje es la dada; aquí es otro número, fijo.",
    of=ALL,
)
class Thousandth(OptimizerFormula):
    fixed = 0.001

    def lr(self) -> Rounded:
        return rounded(self.fixed)


@mistake("learning-rate-fixed", of=ALL)
class Hundredth(Thousandth):
    fixed = 0.01


@mistake("learning-rate-fixed", of=ALL)
class Tenth(Thousandth):
    fixed = 0.1


@mistake(
    "learning-rate-divides",
    "The step is multiplied by the learning rate, not divided by it.",
    "El paso se multiplica por la tasa de aprendizaje, no se divide por ella.",
    of=ALL,
)
class Divides(OptimizerFormula):
    def lr(self) -> Rounded:
        return 1.0 / super().lr()


@mistake(
    "step-multiplies-parameter",
    "The step is subtracted from the parameter; here the parameter is multiplied by it.",
    "El paso se resta del parámetro; aquí el parámetro se multiplica por él.",
    of=ALL,
)
class MultipliesParameter(OptimizerFormula):
    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        return p * (1.0 - (p - super().forward(p, g)))
