"""Optimizers whose running means start, fade or divide in another way."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from worker.judging.formulas.optimizers import Adam, OptimizerFormula, RMSprop, SignGD
from worker.judging.mistakes.adaptive_steps import _StepCount
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact, rounded

# From the old mean, the new value and beta to the new mean.
_Mean = Callable[[Rounded, Rounded, Rounded], Rounded]


def _right(old: Rounded, new: Rounded, beta: Rounded) -> Rounded:
    return old * beta + (1.0 - beta) * new


def _reversed(old: Rounded, new: Rounded, beta: Rounded) -> Rounded:
    return old * (1.0 - beta) + beta * new


def _not_faded(old: Rounded, new: Rounded, beta: Rounded) -> Rounded:
    return old + (1.0 - beta) * new


def _summed(old: Rounded, new: Rounded, beta: Rounded) -> Rounded:
    return old + new


def _weighted_twice(old: Rounded, new: Rounded, beta: Rounded) -> Rounded:
    return old * beta + (1.0 - beta) * (1.0 - beta) * new


def _last_alone(old: Rounded, new: Rounded, beta: Rounded) -> Rounded:
    return beta * new


class _Means(OptimizerFormula):
    """Adam or RMSprop by its two running means, each of which may be another."""

    mean: _Mean = staticmethod(_right)
    square: _Mean = staticmethod(_right)
    # What the means are of, and the values before the first step.
    first_of_square = 0.0

    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        start = exact(np.full(g.shape, self.first_of_square))
        old = self.state.get("s", start)
        if isinstance(self, RMSprop):
            self.state["s"] = s = self.square(old, self.squared(p, g), self.beta())
            return self.divided(g, s)
        first, second = self.betas()  # type: ignore[attr-defined]
        self.state["m"] = m = self.mean(self.past("m", g), self.averaged(p, g), first)
        self.state["s"] = s = self.square(old, self.squared(p, g), second)
        step: Rounded = self.corrected(m, 0)  # type: ignore[attr-defined]
        return self.divided(step, self.corrected(s, 1))  # type: ignore[attr-defined]

    def averaged(self, p: Rounded, g: Rounded) -> Rounded:
        return g

    def squared(self, p: Rounded, g: Rounded) -> Rounded:
        return g * g


def _registered(bug: str, name: str, **changes: object) -> None:
    """Register a mistake in which a mean is another, in Adam and RMSprop or in Adam alone."""
    of = (Adam,) if "mean" in changes or "averaged" in changes else (Adam, RMSprop)
    mistake(bug, of=of)(type(name, (_Means,), changes))


_registered("beta-reversed", "MeanReversed", mean=staticmethod(_reversed))
_registered("beta-reversed", "SquareReversed", square=staticmethod(_reversed))
_registered(
    "beta-reversed",
    "BothReversed",
    mean=staticmethod(_reversed),
    square=staticmethod(_reversed),
)
_registered("squares-not-decayed", "SquareNotFaded", square=staticmethod(_not_faded))
_registered("squares-not-decayed", "SquareSummed", square=staticmethod(_summed))
_registered("new-value-not-weighted", "SquareWeightedTwice", square=staticmethod(_weighted_twice))
_registered("state-not-kept", "MeanOfLastAlone", mean=staticmethod(_last_alone))


@mistake(
    "mean-not-decayed",
    "The old mean must fade: m = beta m + (1 - beta) g. Here all of it stays.",
    "El promedio anterior debe atenuarse: m = beta m + (1 - beta) g. Aquí queda entero.",
    of=(Adam,),
)
class MeanNotFaded(_Means):
    mean = staticmethod(_not_faded)


@mistake("mean-not-decayed", of=(Adam,))
class MeanSummed(_Means):
    mean = staticmethod(_summed)


@mistake(
    "squares-start-at-one",
    "The running square starts at zero, not at one.",
    "El cuadrado acumulado comienza en cero, no en uno.",
    of=(Adam, RMSprop),
)
class SquareStartsAtOne(_Means):
    first_of_square = 1.0


@mistake(
    "squares-of-difference",
    "The running square is that of the gradient, not that of its difference to the running mean.",
    "El cuadrado acumulado es el del gradiente, no el de su diferencia con el promedio.",
    of=(Adam,),
)
class SquareOfDifference(_Means):
    def squared(self, p: Rounded, g: Rounded) -> Rounded:
        difference = g - self.state["m"]
        return difference * difference


@mistake("squares-of-difference", of=(Adam,))
class Belief(SquareOfDifference):
    def squared(self, p: Rounded, g: Rounded) -> Rounded:
        second: Rounded = self.betas()[1]  # type: ignore[attr-defined]
        return super().squared(p, g) + self.setting("eps") / (1.0 - second)


@mistake("square-not-per-element", of=(Adam, RMSprop))
class SquareOfMean(_Means):
    def squared(self, p: Rounded, g: Rounded) -> Rounded:
        return (g * g).mean().broadcast_to(g.shape)


@mistake("square-not-per-element", of=(Adam, RMSprop))
class SquareOfSum(_Means):
    def squared(self, p: Rounded, g: Rounded) -> Rounded:
        return (g * g).sum().broadcast_to(g.shape)


@mistake("parameter-for-gradient", of=(Adam, RMSprop))
class SquareOfParameter(_Means):
    def squared(self, p: Rounded, g: Rounded) -> Rounded:
        return p * p


@mistake("parameter-for-gradient", of=(Adam,))
class MeanOfParameter(_Means):
    def averaged(self, p: Rounded, g: Rounded) -> Rounded:
        return p


class _WithBetas(Adam):
    """Each use of a beta may take the other one."""

    of_means = (0, 1)
    of_corrections = (0, 1)

    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        first, second = (super(_WithBetas, self).betas()[each] for each in self.of_means)
        self.state["m"] = m = _right(self.past("m", g), g, first)
        self.state["s"] = s = _right(self.past("s", g), g * g, second)
        return self.divided(self.corrected(m, 0), self.corrected(s, 1))

    def corrected(self, mean: Rounded, which: int) -> Rounded:
        return super().corrected(mean, self.of_corrections[which])


for _means, _corrections in (
    ((1, 1), (0, 1)),
    ((0, 0), (0, 1)),
    ((0, 1), (0, 0)),
    ((0, 1), (1, 1)),
    ((1, 0), (0, 1)),
):
    mistake("betas-exchanged")(
        type(
            f"Betas{_means}{_corrections}",
            (_WithBetas,),
            {"of_means": _means, "of_corrections": _corrections},
        )
    )


@mistake("step-count-wrong")
class CountsByTwo(_StepCount):
    def count(self) -> int:
        return 2 * self.steps


@mistake("step-count-wrong")
class CountsByTwoFromOne(_StepCount):
    def count(self) -> int:
        return 2 * self.steps - 1


@mistake(
    "means-exchanged",
    "The mean of the gradients is divided by the root of that of the squares; here they are "
    "exchanged.",
    "El promedio de los gradientes se divide por la raíz del de los cuadrados; aquí están "
    "intercambiados.",
)
class MeansExchanged(Adam):
    def divided(self, m: Rounded, s: Rounded) -> Rounded:
        return s / (abs(m).sqrt() + self.setting("eps"))


@mistake("adam-without-squares")
class SignOfMean(Adam):
    def divided(self, m: Rounded, s: Rounded) -> Rounded:
        return exact(np.sign(m.value))


@mistake("bias-correction-not-rooted")
class SquareCorrectedAfterRoot(Adam):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        super().direction(p, g)
        power = rounded(float(self.betas()[1].value) ** self.steps)
        root = self.state["s"].sqrt() / (1.0 - power)
        return self.corrected(self.state["m"], 0) / (root + self.setting("eps"))


class _OtherDivisor(OptimizerFormula):
    def divided(self, step: Rounded, s: Rounded) -> Rounded:
        return step / self.divisor(s)

    def divisor(self, s: Rounded) -> Rounded:
        raise NotImplementedError


@mistake(
    "another-root",
    "Divide by the square root of the running square, not by another function of it.",
    "Divide por la raíz cuadrada del cuadrado acumulado, no por otra función de él.",
    of=(Adam, RMSprop),
)
class CubeRoot(_OtherDivisor):
    def divisor(self, s: Rounded) -> Rounded:
        value = np.cbrt(s.value)
        root = s.made(value, s.error / np.maximum(value * value, 1e-300) + 4 * value)
        return root + self.setting("eps")


@mistake("another-root", of=(Adam, RMSprop))
class FourthRoot(_OtherDivisor):
    def divisor(self, s: Rounded) -> Rounded:
        return s.sqrt().sqrt() + self.setting("eps")


@mistake("another-root", of=(Adam, RMSprop))
class LogarithmOfSquare(_OtherDivisor):
    def divisor(self, s: Rounded) -> Rounded:
        value = np.log1p(s.value)
        return s.made(value, s.error + 4 * value) + self.setting("eps")


@mistake("eps-fixed", of=(Adam, RMSprop))
class EpsRooted(_OtherDivisor):
    def divisor(self, s: Rounded) -> Rounded:
        return s.sqrt() + math.sqrt(self.setting("eps"))


@mistake("sign-is-tanh")
class SteepTanh(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return (1000.0 * g).tanh()


@mistake("sign-is-tanh")
class SignRooted(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        root = np.copysign(np.sqrt(np.abs(g.value)), g.value)
        return g.made(root, 4 * np.abs(root))


@mistake(
    "sign-not-per-element",
    "Each element is divided by its own size; here one number is that of several elements.",
    "Cada elemento se divide por su propio tamaño; aquí un número sirve a varios.",
)
class SignOfAll(SignGD):
    axes: int | None = None
    averaged = True

    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        squares = g * g
        size = (squares.mean if self.averaged else squares.sum)(self.axes, True)
        direction: Rounded = g / (size + self.setting("eps")).sqrt()
        return direction


for _axes in (None, 0, -1):
    for _averaged in (True, False):
        mistake("sign-not-per-element")(
            type(f"SignOf{_axes}{_averaged}", (SignOfAll,), {"axes": _axes, "averaged": _averaged})
        )


@mistake(
    "sign-of-mean",
    "The step takes the last gradient's sign, not that of a running mean.",
    "El paso toma el signo del último gradiente, no el de un promedio acumulado.",
)
class SignOfMeanGradient(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        self.state["m"] = m = self.past("m", g) * 0.9 + 0.1 * g
        return exact(np.sign(m.value))


@mistake("sign-of-mean")
class SizeOfMeanSquare(SignGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        self.state["s"] = s = self.past("s", g) * 0.9 + 0.1 * (g * g)
        return g / (s + self.setting("eps")).sqrt()


@mistake(
    "rmsprop-is-sign",
    "The step takes the gradient divided by the running size, not its sign alone.",
    "El paso usa el gradiente dividido por el tamaño acumulado, no solo su signo.",
)
class SignOfGradient(RMSprop):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return exact(np.sign(g.value))
