"""Layers with numbers of their own, which the diagnosis learns from what they answer."""

from __future__ import annotations

import numpy as np

from worker.judging.challenges import Floats
from worker.judging.formulas.activations import ReLU
from worker.judging.formulas.formula import Formula
from worker.judging.formulas.images import Conv2d
from worker.judging.formulas.linear import Bias, Dense, Linear
from worker.judging.formulas.rnn import RNN
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact

# Fewer numbers could be anything.
_FEWEST = 4


@mistake(
    "bias-too-many",
    "A number that is no parameter of this layer is added to each feature of the output.",
    "Se suma a cada atributo de la salida un número que no es un parámetro de esta capa.",
    of=(Linear, RNN, Bias, Conv2d, Dense),
)
class OutputBias(Formula):
    """Adds the same numbers in every forward: one for each index of the last axis, or channel."""

    # Somebody's own, until they are learned.
    own = 0.25
    learned: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        if self.learned is not None or output.shape[0] < 2:
            return
        right = super().forward(*inputs)
        if output.shape == right.shape:
            axis = 1 if len(right.shape) == 4 else len(right.shape) - 1
            rest = tuple(other for other in range(len(right.shape)) if other != axis)
            self.learned = np.asarray((output - right.value).mean(axis=rest, keepdims=True))

    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return y + (self.own if self.learned is None else exact(self.learned))


@mistake("relu-leaky")
class ReluLeaking(ReLU):
    """Has any slope for negative inputs."""

    leak = 0.3

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        x = inputs[0].value
        negative = x < 0
        if "leak" in self.__dict__ or np.count_nonzero(negative) < _FEWEST:
            return
        if output.shape == x.shape:
            self.leak = float(np.median(output[negative] / x[negative]))

    def value(self, x: Rounded) -> Rounded:
        return super().value(x) + (x * self.leak).where(x.value < 0)

    def slope(self) -> Rounded:
        return super().slope() + exact(self.leak * (self.x.value < 0))
