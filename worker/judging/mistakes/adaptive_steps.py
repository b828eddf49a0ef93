"""Mistakes of optimizers that divide by a size of the gradient."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.optimizers import (
    Adam,
    RMSprop,
    SignGD,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact, rounded


@mistake(
    "eps-inside-root",
    "eps is added to the root of the running square, not under it.",
    "eps se suma a la raíz del cuadrado acumulado, no dentro de ella.",
)
class EpsInside(RMSprop):
    def divided(self, g: Rounded, s: Rounded) -> Rounded:
        return g / (s + self.setting("eps")).sqrt()


@mistake("eps-inside-root")
class AdamEpsInside(Adam):
    def divided(self, m: Rounded, s: Rounded) -> Rounded:
        return m / (s + self.setting("eps")).sqrt()


@mistake(
    "eps-missing",
    "Without eps a gradient of zero gives 0/0, which is NaN.",
    "Sin eps un gradiente de cero da 0/0, que es NaN.",
)
class EpsMissing(RMSprop):
    def divided(self, g: Rounded, s: Rounded) -> Rounded:
        return g / s.sqrt()


@mistake("eps-missing")
class AdamEpsMissing(Adam):
    def divided(self, m: Rounded, s: Rounded) -> Rounded:
        return m / s.sqrt()


@mistake("eps-missing")
class SignEpsMissing(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g / (g * g).sqrt()


@mistake(
    "root-missing",
    "Divide by the root of the running square.",
    "Divide por la raíz del cuadrado acumulado.",
)
class RootMissing(RMSprop):
    def divided(self, g: Rounded, s: Rounded) -> Rounded:
        return g / (s + self.setting("eps"))


@mistake("root-missing")
class AdamRootMissing(Adam):
    def divided(self, m: Rounded, s: Rounded) -> Rounded:
        return m / (s + self.setting("eps"))


@mistake("root-missing")
class SignRootMissing(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g / (g * g + self.setting("eps"))


@mistake(
    "beta-reversed",
    "beta weighs the old running value, 1 - beta the new one; here they are exchanged.",
    "beta pesa el valor acumulado anterior, 1 - beta el nuevo; aquí están intercambiados.",
)
class BetaReversed(RMSprop):
    def beta(self) -> Rounded:
        return 1.0 - super().beta()


@mistake("beta-reversed")
class AdamBetasReversed(Adam):
    def betas(self) -> tuple[Rounded, Rounded]:
        first, second = super().betas()
        return 1.0 - first, 1.0 - second


@mistake(
    "squares-not-decayed",
    "The old squares must fade: s = beta s + (1 - beta) g². Their plain sum is Adagrad.",
    "Los cuadrados anteriores deben atenuarse: s = beta s + (1 - beta) g². Su simple suma es "
    "Adagrad.",
)
class Adagrad(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        self.state["s"] = s = self.past("s", g) + g * g
        return self.divided(g, s)


@mistake(
    "new-value-not-weighted",
    "The new value is weighted by 1 - beta.",
    "El valor nuevo se pesa por 1 - beta.",
)
class NewNotWeighted(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        self.state["s"] = s = self.past("s", g) * self.beta() + g * g
        return self.divided(g, s)


@mistake("new-value-not-weighted")
class AdamNewNotWeighted(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        first, second = self.betas()
        self.state["m"] = m = self.past("m", g) * first + g
        self.state["s"] = s = self.past("s", g) * second + g * g
        return self.divided(self.corrected(m, 0), self.corrected(s, 1))


@mistake(
    "gradient-not-squared",
    "The running size takes the square of the gradient.",
    "El tamaño acumulado toma el cuadrado del gradiente.",
)
class NotSquared(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        beta = self.beta()
        self.state["s"] = s = self.past("s", g) * beta + (1.0 - beta) * abs(g)
        return self.divided(g, s)


@mistake("gradient-not-squared")
class AdamNotSquared(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        first, second = self.betas()
        self.state["m"] = m = self.past("m", g) * first + (1.0 - first) * g
        self.state["s"] = s = self.past("s", g) * second + (1.0 - second) * abs(g)
        return self.divided(self.corrected(m, 0), self.corrected(s, 1))


@mistake(
    "old-square-used",
    "The step divides by the new running square, which has this gradient in it already.",
    "El paso divide por el cuadrado acumulado nuevo, que ya incluye este gradiente.",
)
class OldSquare(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        old = self.past("s", g)
        super().direction(p, g)
        return self.divided(g, old)


@mistake(
    "bias-corrected",
    "RMSprop has no correction for its start at zero; that is Adam's.",
    "RMSprop no corrige su comienzo en cero; eso es de Adam.",
)
class RmspropCorrected(RMSprop):
    def divided(self, g: Rounded, s: Rounded) -> Rounded:
        power = self.setting("beta") ** self.steps
        return super().divided(g, s / (1.0 - rounded(power)))


# Adam.


@mistake(
    "bias-correction-missing",
    "Both running means start at zero: divide them by 1 - beta^t.",
    "Ambos promedios comienzan en cero: divídelos por 1 - beta^t.",
)
class NotCorrected(Adam):
    def corrected(self, mean: Rounded, which: int) -> Rounded:
        return mean


@mistake("bias-correction-missing")
class FirstNotCorrected(Adam):
    def corrected(self, mean: Rounded, which: int) -> Rounded:
        return super().corrected(mean, which) if which == 1 else mean


@mistake("bias-correction-missing")
class SecondNotCorrected(Adam):
    def corrected(self, mean: Rounded, which: int) -> Rounded:
        return super().corrected(mean, which) if which == 0 else mean


class _StepCount(Adam):
    def count(self) -> int:
        raise NotImplementedError

    def corrected(self, mean: Rounded, which: int) -> Rounded:
        power = float(self.betas()[which].value) ** self.count()
        return mean / (1.0 - rounded(power))


@mistake(
    "step-count-wrong",
    "t is the number of this step, from 1 on, and grows by one in each.",
    "t es el número de este paso, desde 1, y crece en uno en cada paso.",
)
class CountStaysAtOne(_StepCount):
    def count(self) -> int:
        return 1


@mistake("step-count-wrong")
class CountsFromZero(_StepCount):
    def count(self) -> int:
        return self.steps - 1


@mistake("step-count-wrong")
class CountsFromTwo(_StepCount):
    def count(self) -> int:
        return self.steps + 1


@mistake(
    "bias-correction-wrong",
    "The correction divides by 1 - beta to the power t, not by 1 - beta times t.",
    "La corrección divide por 1 - beta elevado a t, no por 1 - beta por t.",
)
class TimesCount(Adam):
    def corrected(self, mean: Rounded, which: int) -> Rounded:
        return mean / (1.0 - self.betas()[which] * float(self.steps))


@mistake("bias-correction-wrong")
class Multiplied(Adam):
    def corrected(self, mean: Rounded, which: int) -> Rounded:
        power = float(self.betas()[which].value) ** self.steps
        return mean * (1.0 - rounded(power))


@mistake(
    "correction-kept",
    "The corrected means are for this step alone: the next one goes on with the uncorrected.",
    "Los promedios corregidos son solo para este paso: el siguiente sigue con los no corregidos.",
)
class CorrectionKept(Adam):
    def corrected(self, mean: Rounded, which: int) -> Rounded:
        corrected = super().corrected(mean, which)
        self.state["ms"[which]] = corrected
        return corrected


@mistake(
    "betas-exchanged",
    "The first beta is that of the gradient, the second that of its square.",
    "El primer beta es el del gradiente, el segundo el de su cuadrado.",
)
class BetasExchanged(Adam):
    def betas(self) -> tuple[Rounded, Rounded]:
        first, second = super().betas()
        return second, first


@mistake("betas-exchanged")
class FirstBetaForBoth(Adam):
    def betas(self) -> tuple[Rounded, Rounded]:
        first, _ = super().betas()
        return first, first


@mistake("betas-exchanged")
class SecondBetaForBoth(Adam):
    def betas(self) -> tuple[Rounded, Rounded]:
        _, second = super().betas()
        return second, second


@mistake(
    "eps-before-correction",
    "eps is added after the running square is corrected and its root taken.",
    "eps se suma después de corregir el cuadrado acumulado y tomar su raíz.",
)
class EpsBeforeCorrection(Adam):
    def divided(self, m: Rounded, s: Rounded) -> Rounded:
        root = (1.0 - rounded(self.setting_of_beta() ** self.steps)).sqrt()
        return m * root / (s.sqrt() * root + self.setting("eps"))

    def setting_of_beta(self) -> float:
        return float(self.model.betas[1])


@mistake(
    "gradient-for-mean",
    "The step takes the running mean of the gradients, not the last gradient.",
    "El paso usa el promedio acumulado de los gradientes, no el último gradiente.",
)
class GradientForMean(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        super().direction(p, g)
        return self.divided(g, self.corrected(self.state["s"], 1))


@mistake(
    "second-mean-of-first",
    "The second mean is that of the squared gradient, not the square of the first mean.",
    "El segundo promedio es el del gradiente al cuadrado, no el cuadrado del primero.",
)
class SquareOfMean(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        first, second = self.betas()
        self.state["m"] = m = self.past("m", g) * first + (1.0 - first) * g
        self.state["s"] = s = self.past("s", g) * second + (1.0 - second) * (m * m)
        return self.divided(self.corrected(m, 0), self.corrected(s, 1))


# The sign.


@mistake(
    "sign-not-smoothed",
    "The sign is smoothed around zero: g/√(g² + eps).",
    "El signo se suaviza cerca de cero: g/√(g² + eps).",
)
class HardSign(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return exact(np.sign(g.value))


@mistake(
    "sign-eps-outside-root",
    "eps is added under the root: g/√(g² + eps).",
    "eps se suma dentro de la raíz: g/√(g² + eps).",
)
class SignEpsOutside(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g / (abs(g) + self.setting("eps"))


@mistake(
    "sign-forgotten",
    "Only the sign of the gradient counts, whatever its size.",
    "Solo cuenta el signo del gradiente, sea cual sea su tamaño.",
)
class SignForgotten(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g
