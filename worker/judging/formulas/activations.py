"""Formulas of activations and of layers without parameters."""

from __future__ import annotations

import math

import numpy as np

from worker.judging.challenges import Array
from worker.judging.formulas.formula import Elementwise, Formula, Passed
from worker.judging.rounding import Rounded, is_doubtful, rounded


class Identity(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0]

    def backward(self, g: Rounded) -> Passed:
        return g, {}


class Dropout(Identity):
    """The test phase alone: what the training phase gives depends on a generator."""

    def set_phase(self, phase: str) -> None:
        super().set_phase(phase)
        if phase == "training" and self.model.p > 0:
            raise NotImplementedError("Dropout has no formula in the training phase")


class ReLU(Elementwise):
    at_kink: Array = np.zeros(())

    def value(self, x: Rounded) -> Rounded:
        self.at_kink = is_doubtful(x, self.unit)
        self.kinks = int(np.count_nonzero(self.at_kink))
        return x.where(x.value > 0)

    def slope(self) -> Rounded:
        slope = (self.x.value > 0).astype(np.float64)
        # At the kink, any slope from 0 to 1 is one.
        return Rounded(slope, self.at_kink / self.unit)

    def backward(self, g: Rounded) -> Passed:
        # A choice of 0 or 1 does not round.
        slope = self.slope()
        error = g.error * slope.value + np.abs(g.value) * slope.error
        return g.made(g.value * slope.value, error), {}


class Sigmoid(Elementwise):
    def value(self, x: Rounded) -> Rounded:
        return x.sigmoid()

    def slope(self) -> Rounded:
        return self.y * (1.0 - self.y)


class TanH(Elementwise):
    def value(self, x: Rounded) -> Rounded:
        return x.tanh()

    def slope(self) -> Rounded:
        return 1.0 - self.y * self.y


class GELU(Elementwise):
    def value(self, x: Rounded) -> Rounded:
        return x * x.normal_cdf()

    def slope(self) -> Rounded:
        return self.x.normal_cdf() + self.x * density(self.x)


class Softmax(Formula):
    """y = exp(x) / Σ exp(x) over the last axis; with a smoothing s, (y + s) / (1 + n s)."""

    p: Rounded

    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        self.p = self.probabilities(x)
        return self.smoothed(self.p)

    def probabilities(self, x: Rounded) -> Rounded:
        return softmax(x)

    def smoothed(self, p: Rounded) -> Rounded:
        smoothing = self.model.smoothing
        return (p + smoothing) / (1 + p.shape[-1] * smoothing) if smoothing else p

    def backward(self, g: Rounded) -> Passed:
        if self.model.smoothing:
            g = g / (1 + self.p.shape[-1] * self.model.smoothing)
        return self.p * (g - (self.p * g).sum(axis=-1, keepdims=True)), {}


class _Constant(Formula):
    def constant(self) -> Rounded:
        value = np.asarray(self.model.value, np.float64)
        return Rounded(value, np.abs(value))


class AddConstant(_Constant):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] + self.constant()

    def backward(self, g: Rounded) -> Passed:
        return g, {}


class MultiplyConstant(_Constant):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] * self.constant()

    def backward(self, g: Rounded) -> Passed:
        return g * self.constant(), {}


class Flatten(Formula):
    input_shape: tuple[int, ...]

    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        self.input_shape = x.shape
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))

    def backward(self, g: Rounded) -> Passed:
        return g.reshape(*self.input_shape), {}


def softmax(x: Rounded) -> Rounded:
    """Return the softmax over the last axis.

    The bound leaves room for exp(x - log Σ exp(x)), which rounds the scores themselves.
    """
    highest = x.max(axis=-1, keepdims=True)
    room = np.abs(x.value) + np.abs(highest.value)
    powers = (x - highest).doubtful(room).exp()
    return powers / powers.sum(axis=-1, keepdims=True)


def density(x: Rounded) -> Rounded:
    """Return the density of the normal distribution."""
    return ((x * x) * -0.5).exp() / rounded(math.sqrt(2 * math.pi))
