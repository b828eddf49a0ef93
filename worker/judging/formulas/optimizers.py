"""Formulas of optimizers: a forward takes a parameter and its gradient, and makes one step."""

from __future__ import annotations

from typing import Any

from worker.judging.formulas.formula import Formula
from worker.judging.rounding import Rounded, rounded, zeros


class OptimizerFormula(Formula):
    """One step after another. The parameter is another one in each, the state goes on."""

    def __init__(self, model: Any) -> None:
        # Not a model: an optimizer has no parameters of its own.
        self.model = model
        self.parameters = {}
        self.steps = 0
        self.state: dict[str, Rounded] = {}

    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        self.steps += 1
        return p - self.lr() * self.direction(p, g)

    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        """Return what is multiplied by the learning rate and subtracted."""
        raise NotImplementedError

    def divided(self, step: Rounded, s: Rounded) -> Rounded:
        """Return a step divided by the size that its running square s tells, if it has one."""
        raise NotImplementedError

    def lr(self) -> Rounded:
        return rounded(self.setting("lr"))

    def past(self, name: str, like: Rounded) -> Rounded:
        return self.state.get(name, zeros(like.shape))


class GradientDescent(OptimizerFormula):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g


class MomentumGD(OptimizerFormula):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        self.state["v"] = v = self.past("v", g) * self.gamma() + self.gained(g)
        return v

    def gamma(self) -> Rounded:
        return rounded(self.setting("gamma"))

    def gained(self, g: Rounded) -> Rounded:
        """Return what the velocity gains."""
        return g


class NesterovMomentumGD(MomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g + self.gamma() * super().direction(p, g)


class RMSprop(OptimizerFormula):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        beta = self.beta()
        self.state["s"] = s = self.past("s", g) * beta + (1.0 - beta) * (g * g)
        return self.divided(g, s)

    def beta(self) -> Rounded:
        return rounded(self.setting("beta"))

    def divided(self, g: Rounded, s: Rounded) -> Rounded:
        return g / (s.sqrt() + self.setting("eps"))


class Adam(OptimizerFormula):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        first, second = self.betas()
        self.state["m"] = m = self.past("m", g) * first + (1.0 - first) * g
        self.state["s"] = s = self.past("s", g) * second + (1.0 - second) * (g * g)
        return self.divided(self.corrected(m, 0), self.corrected(s, 1))

    def betas(self) -> tuple[Rounded, Rounded]:
        first, second = self.model.betas
        return rounded(first), rounded(second)

    def corrected(self, mean: Rounded, which: int) -> Rounded:
        """Return a running mean without its start at zero."""
        power = rounded(1.0)
        for _ in range(self.steps):
            power = power * self.betas()[which]
        return mean / (1.0 - power)

    def divided(self, m: Rounded, s: Rounded) -> Rounded:
        return m / (s.sqrt() + self.setting("eps"))


class SignGD(OptimizerFormula):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g / (g * g + self.setting("eps")).sqrt()


#: All optimizers, those that keep something between steps, and those that keep a velocity.
ALL = (Adam, GradientDescent, MomentumGD, NesterovMomentumGD, RMSprop, SignGD)
WITH_STATE = (Adam, MomentumGD, NesterovMomentumGD, RMSprop)
WITH_VELOCITY = (MomentumGD, NesterovMomentumGD)
