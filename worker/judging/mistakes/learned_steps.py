"""Optimizers whose steps are other sums of gradients, found in what was answered."""

from __future__ import annotations

import numpy as np

from worker.judging.challenges import Array, Floats
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
from worker.judging.rounding import Rounded

# How many elements there must be for each number that is sought.
_ELEMENTS_A_NUMBER = 2
_ROOM = 4.0
# What differs by less than this is as good as equal.
_EQUAL = 1e-4


class _Summed(OptimizerFormula):
    """Answers a sum of arrays, whose weights it finds in the answer of every step."""

    output: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        self.output = output

    def fitted(self, p: Rounded, arrays: list[Floats]) -> tuple[Rounded, Array]:
        """Return the sum of arrays that is nearest to the answer, and the weights."""
        if self.output is None or self.output.shape != p.shape:
            raise LookupError("there is no answer to find weights in")
        if self.output.size < _ELEMENTS_A_NUMBER * len(arrays):
            raise LookupError("there are too few elements to find weights in")
        columns = np.stack([each.reshape(-1) for each in arrays], axis=1)
        # Sizes are made equal, so that small arrays count.
        sizes = np.abs(columns).max(axis=0)
        if not (sizes > 0).all():
            raise LookupError("an array is zero")
        target = (self.output - self.kept(p)).reshape(-1)
        weights = np.linalg.lstsq(columns / sizes, target, rcond=None)[0] / sizes
        value = (columns @ weights).reshape(p.shape) + self.kept(p)
        room = np.abs(p.value) + np.abs(columns * weights).sum(axis=1).reshape(p.shape)
        return Rounded(value, _ROOM * room), weights

    def kept(self, p: Rounded) -> Floats:
        """Return what stands in the answer with no weight to be found."""
        return p.value


@mistake("weight-decay", of=ALL)
class ParameterShrinks(_Summed):
    """The new parameter is some share of the old one, of its sign, and of the step."""

    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        step = super().forward(p, g).value - p.value
        after, weights = self.fitted(p, [p.value, np.sign(p.value), step])
        if max(abs(weights[0] - 1), abs(weights[1])) < _EQUAL * abs(self.lr().value):
            raise LookupError("the parameter does not shrink")
        return after

    def kept(self, p: Rounded) -> Floats:
        return np.zeros(p.shape)


@mistake(
    "gradients-weighted-otherwise",
    "The step is the learning rate times a sum of all gradients so far: from the last one back, "
    "the weights are {got}.",
    "El paso es la tasa de aprendizaje por una suma de todos los gradientes: desde el último "
    "hacia atrás, los pesos son {got}.",
    of=(GradientDescent, MomentumGD, NesterovMomentumGD),
)
class OfGradients(_Summed):
    gradients: tuple[Floats, ...] = ()

    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        right = super().forward(p, g).value - p.value
        self.gradients = (g.value, *self.gradients)
        after, weights = self.fitted(p, list(self.gradients))
        if _are_proportional(after.value - p.value, right):
            raise LookupError("the step has another factor alone")
        shares = weights / -float(self.lr().value)
        self.finding = ", ".join(f"{share:.3g}" for share in shares)
        return after


@mistake(
    "earlier-steps-added",
    "The step is made of the last gradient and what the optimizer keeps; here earlier steps are "
    "added to it.",
    "El paso se hace con el último gradiente y lo que guarda el optimizador; aquí se le suman "
    "pasos anteriores.",
    of=(Adam, RMSprop, SignGD),
)
class OfSteps(_Summed):
    steps_so_far: tuple[Floats, ...] = ()

    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        step = super().forward(p, g).value - p.value
        self.steps_so_far = (step, *self.steps_so_far)
        after, _ = self.fitted(p, list(self.steps_so_far))
        if _are_proportional(after.value - p.value, step):
            raise LookupError("the step has another factor alone")
        return after


def _are_proportional(step: Floats, right: Floats) -> bool:
    """Tell whether a step is the right one but for one factor."""
    factor = np.vdot(step, right) / np.vdot(right, right)
    return bool((np.abs(step - factor * right) <= _EQUAL * np.abs(step).max()).all())


class _OtherFunction(OptimizerFormula):
    """Takes a function of the gradient for it."""

    def forward(self, *inputs: Rounded) -> Rounded:
        p, g = inputs
        changed = self.changed(p.value, g.value)
        return super().forward(p, g.made(changed, 4 * np.abs(changed)))

    def changed(self, p: Floats, g: Floats) -> Floats:
        raise NotImplementedError


@mistake(
    "optimizer-gradient-changed",
    "The gradient is used as it is given; here it goes through a function first.",
    "El gradiente se usa tal como se da; aquí antes pasa por una función.",
    of=ALL,
)
class ThroughTanh(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return np.tanh(g)


@mistake("optimizer-gradient-changed", of=ALL)
class PositiveAlone(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return np.maximum(g, 0.0)


@mistake("optimizer-gradient-changed", of=ALL)
class Rooted(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return np.copysign(np.sqrt(np.abs(g)), g)


@mistake("optimizer-gradient-changed", of=ALL)
class Centred(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return np.asarray(g - g.mean())


@mistake("optimizer-gradient-changed", of=ALL)
class OverElements(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return g / g.size


@mistake(
    "optimizer-gradient-changed", of=tuple(each for each in ALL if each is not GradientDescent)
)
class TimesParameter(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return g * p


@mistake("optimizer-gradient-averaged", of=ALL)
class SummedOverRows(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return np.broadcast_to(g.sum(axis=0, keepdims=True), g.shape)


@mistake("optimizer-gradient-averaged", of=ALL)
class SummedOverColumns(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return np.broadcast_to(g.sum(axis=-1, keepdims=True), g.shape)


@mistake("optimizer-takes-sign", of=(Adam, RMSprop))
class SignTaken(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return np.sign(g)


@mistake(
    "parameter-for-gradient",
    "The step follows the gradient; here the parameter stands in its place.",
    "El paso sigue al gradiente; aquí está el parámetro en su lugar.",
    of=ALL,
)
class ParameterTaken(_OtherFunction):
    def changed(self, p: Floats, g: Floats) -> Floats:
        return p
