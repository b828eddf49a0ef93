"""Mistakes of momentum, plain and Nesterov's."""

from __future__ import annotations

import numpy as np

from worker.judging.challenges import Floats
from worker.judging.formulas.optimizers import (
    WITH_VELOCITY,
    MomentumGD,
    NesterovMomentumGD,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact


@mistake(
    "momentum-dampened",
    "The gradient is added to the velocity whole: v = gamma v + g, not gamma v + (1-gamma) g.",
    "El gradiente se suma entero a la velocidad: v = gamma v + g, no gamma v + (1-gamma) g.",
    of=WITH_VELOCITY,
)
class Dampened(MomentumGD):
    def gained(self, g: Rounded) -> Rounded:
        return (1.0 - self.gamma()) * g


@mistake(
    "momentum-reversed-weights",
    "gamma weighs the velocity; here it weighs the gradient.",
    "gamma pesa la velocidad; aquí pesa el gradiente.",
    of=WITH_VELOCITY,
)
class GammaOfGradient(MomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        old = self.past("v", g)
        self.state["v"] = v = old * (1.0 - self.gamma()) + self.gamma() * g
        return v


@mistake("momentum-reversed-weights", of=WITH_VELOCITY)
class GammaOfGradientAlone(MomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        self.state["v"] = v = self.past("v", g) + self.gamma() * g
        return v


@mistake(
    "velocity-not-decayed",
    "The velocity must be multiplied by gamma before the gradient is added.",
    "La velocidad debe multiplicarse por gamma antes de sumar el gradiente.",
    of=WITH_VELOCITY,
)
class NotDecayed(MomentumGD):
    def gamma(self) -> Rounded:
        return exact(1.0)


@mistake(
    "velocity-multiplied-after",
    "gamma multiplies the old velocity alone, not the gradient that is added: v = gamma v + g.",
    "gamma multiplica solo la velocidad anterior, no el gradiente que se suma: v = gamma v + g.",
)
class MultipliedAfter(MomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        self.state["v"] = v = self.gamma() * (self.past("v", g) + g)
        return v


@mistake(
    "velocity-before-gradient",
    "The step takes the new velocity, which has this gradient in it already.",
    "El paso usa la velocidad nueva, que ya incluye este gradiente.",
    of=WITH_VELOCITY,
)
class OldVelocity(MomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        old = self.past("v", g)
        self.state["v"] = old * self.gamma() + g
        return old


@mistake(
    "velocity-sign",
    "Velocity and gradient have opposite signs, so that they work against each other.",
    "La velocidad y el gradiente tienen signos opuestos, así que se contrarrestan.",
    of=WITH_VELOCITY,
)
class VelocitySign(MomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        self.state["v"] = v = g - self.past("v", g) * self.gamma()
        return v


@mistake(
    "momentum-is-nesterov",
    "This looks ahead, as Nesterov's momentum does; plain momentum steps along v.",
    "Esto mira hacia adelante, como el momento de Nesterov; el momento simple avanza según v.",
)
class IsNesterov(MomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g + self.gamma() * super().direction(p, g)


@mistake(
    "nesterov-without-look-ahead",
    "Nesterov's step is g + gamma v with the new velocity v; here it is v alone.",
    "El paso de Nesterov es g + gamma v con la velocidad nueva v; aquí es solo v.",
)
class WithoutLookAhead(NesterovMomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return MomentumGD.direction(self, p, g)


@mistake(
    "nesterov-gradient-missing",
    "Nesterov's step is g + gamma v; the gradient itself is missing.",
    "El paso de Nesterov es g + gamma v; falta el gradiente mismo.",
)
class GradientMissing(NesterovMomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return self.gamma() * MomentumGD.direction(self, p, g)


@mistake(
    "nesterov-velocity-not-weighted",
    "Nesterov's step is g + gamma v; here the velocity is not multiplied by gamma.",
    "El paso de Nesterov es g + gamma v; aquí la velocidad no se multiplica por gamma.",
)
class VelocityNotWeighted(NesterovMomentumGD):
    def direction(self, p: Rounded, g: Rounded) -> Rounded:
        return g + MomentumGD.direction(self, p, g)


class _StartFound(MomentumGD):
    """Finds the first velocity in the first step, which tells nothing of it alone."""

    output: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        self.output = output

    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        if self.steps:
            return super().forward(p, g)
        self.steps += 1
        if self.output is None or self.output.shape != p.shape:
            raise LookupError("there is no answer to find the first velocity in")
        velocity = self.velocity((p.value - self.output) / float(self.lr().value), g.value)
        room = np.abs(p.value) / float(self.lr().value) + np.abs(velocity) + np.abs(g.value)
        self.state["v"] = Rounded(velocity, 4 * room)
        raise LookupError("the first step gives what it was found in")

    def velocity(self, step: Floats, g: Floats) -> Floats:
        """Return the velocity after the first step."""
        return step


@mistake(
    "velocity-starts-otherwise",
    "The velocity starts at zero; here it starts at other numbers.",
    "La velocidad comienza en cero; aquí comienza en otros números.",
)
class StartsOtherwise(_StartFound):
    pass


@mistake("velocity-starts-otherwise")
class NesterovStartsOtherwise(_StartFound, NesterovMomentumGD):
    def velocity(self, step: Floats, g: Floats) -> Floats:
        return (step - g) / float(self.gamma().value)
