"""Layers that are wrong in one way each: the gradient check catches every one of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from examples import LAYERS, inputs, make

import edunn as nn
from edunn.arrays import Array
from edunn.model import ParameterSet, Phase
from edunn.utils.check_gradient import common_layer, squared_error


class Scale(nn.ModelWithParameters):
    """y = s x + t, with a scale of ones and a shift of zeros at first; a right layer."""

    def __init__(self, name: None = None) -> None:
        super().__init__(name)
        self.s, self.t = np.ones(3), np.zeros(3)
        self.register_parameter("s", self.s)
        self.register_parameter("t", self.t)

    def forward(self, x: Array) -> Array:
        self.x = x
        return self.s * x + self.t

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return δEδy * self.s, {"s": (δEδy * self.x).sum(axis=0), "t": δEδy.sum(axis=0)}


class ForgottenFactor(Scale):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return δEδy, super().backward(δEδy)[1]


class ForgottenShift(Scale):
    """y = s (x + t), of which the gradient of s forgets t, which is zero at first."""

    def forward(self, x: Array) -> Array:
        self.x = x
        return self.s * (x + self.t)

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        _, δEδp = super().backward(δEδy)
        return δEδy * self.s, δEδp | {"t": (δEδy * self.s).sum(axis=0)}


class Squared(Scale):
    """y = s² x, of which the gradient of s is that of s x times two, right at ones alone."""

    def forward(self, x: Array) -> Array:
        return super().forward(x) * self.s

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return δEδy * self.s**2, {"s": (2 * δEδy * self.x).sum(axis=0), "t": δEδy.sum(axis=0)}


class WrongSign(nn.MultiplyConstant):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return -super().backward(δEδy)[0], {}


class WrongSignOfParameter(Scale):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        return δEδx, δEδp | {"s": -δEδp["s"]}


class Transposed(nn.Linear):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        return δEδx, {"w": δEδp["w"].T}


class TransposedWeights(nn.Linear):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return δEδy @ self.get_parameters()["w"], super().backward(δEδy)[1]


class MissingSum(Scale):
    """The gradient of the first sample in place of the sum over all."""

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        return δEδx, δEδp | {"t": δEδy[0]}


class MeanForSum(Scale):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        return δEδx, δEδp | {"t": δEδy.mean(axis=0)}


class SumOverFeatures(Scale):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        return δEδx, δEδp | {"t": δEδy.sum(axis=1)}


class InPlaceForward(Scale):
    """The input is scaled where it lies, and then taken for what it was."""

    def forward(self, x: Array) -> Array:
        self.x = x
        x *= self.s
        return x + self.t


class InPlaceBackward(Scale):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδp = super().backward(δEδy)[1]
        δEδy *= self.s
        return δEδy, δEδp


class InPlaceParameter(Scale):
    """An optimizer's step within the backward."""

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        answer = super().backward(δEδy)
        self.t -= 0.1 * answer[1]["t"]
        return answer


class ViewOfInput(Scale):
    """The output is a view of the input, and shifting it shifts what is kept of the input."""

    def forward(self, x: Array) -> Array:
        self.x = x
        y = x[:]
        y += self.t
        return y * self.s


class ViewOfParameter(Scale):
    """y = x + t, which is t itself where there is but one sample of zeros."""

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        self.t[...] = δEδp["t"]
        return δEδx, δEδp | {"t": self.t[:]}


class ViewOfBuffer(Scale):
    """Every backward writes its gradient to the same array."""

    shift_gradient = np.zeros(3)

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        np.sum(δEδy, axis=0, out=self.shift_gradient)
        return δEδx, δEδp | {"t": self.shift_gradient}


class ViewOfLastOutput(nn.Identity):
    """Every forward writes its output to the same array."""

    y = np.zeros((3, 3))

    def forward(self, x: Array) -> Array:
        self.y[...] = super().forward(x)
        return self.y


class AddsUp(Scale):
    """The gradient is added to that of the backward before."""

    total: Array = np.zeros(())

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        self.total = self.total + δEδp["t"]
        return δEδx, δEδp | {"t": self.total}


class WrongParameter(Scale):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        return δEδx, {"s": δEδp["t"], "t": δEδp["s"]}


class MisspeltParameter(Scale):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        return δEδx, {"S": δEδp["s"], "t": δEδp["t"]}


class WrongBesideKink(nn.ReLU):
    """A leaky ReLU of which the backward forgets the leak."""

    def forward(self, x: Array) -> Array:
        return super().forward(x) + 0.01 * np.minimum(x, 0)


class KinkOnTheWrongSide(nn.ReLU):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return δEδy - super().backward(δEδy)[0], {}


class Broadcast(Scale):
    """The shift goes to the samples, its gradient to the features; both are three."""

    def forward(self, x: Array) -> Array:
        self.x = x
        return self.s * x + self.t[:, np.newaxis]


class BroadcastGradient(Scale):
    """The gradient of a sum over the features keeps its axis."""

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        return δEδx, δEδp | {"t": δEδy.sum(axis=0, keepdims=True)}


class IgnoresTheError(Scale):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return super().backward(np.ones_like(δEδy))


class ForgottenVariance(nn.BatchNorm):
    """In the test phase the variance is 1 at first, and the scale too."""

    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return δEδy * self.get_parameters()["w"], super().backward(δEδy)[1]


class ForgottenScale(nn.BatchNorm):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        δEδx, δEδp = super().backward(δEδy)
        return δEδx / self.get_parameters()["w"], δEδp


class ForgottenMask(nn.Dropout):
    def backward(self, δEδy: Array) -> tuple[Array, ParameterSet]:
        return δEδy / (1 - self.p), {}


class ReturnsNothing(Scale):
    def backward(self, δEδy: Array) -> Any:
        super().backward(δEδy)


def in_test_phase(layer: nn.Model) -> nn.Model:
    layer.set_phase(Phase.Test)
    return layer


FAULTY = [
    ForgottenFactor(),
    ForgottenShift(),
    Squared(),
    WrongSign(2.0),
    WrongSignOfParameter(),
    Transposed(3, 3),
    TransposedWeights(3, 3),
    MissingSum(),
    MeanForSum(),
    SumOverFeatures(),
    InPlaceForward(),
    InPlaceBackward(),
    InPlaceParameter(),
    ViewOfInput(),
    ViewOfParameter(),
    ViewOfBuffer(),
    ViewOfLastOutput(),
    AddsUp(),
    WrongParameter(),
    MisspeltParameter(),
    WrongBesideKink(),
    KinkOnTheWrongSide(),
    Broadcast(),
    BroadcastGradient(),
    IgnoresTheError(),
    in_test_phase(ForgottenVariance(3)),
    ForgottenScale(3),
    ForgottenMask(0.5),
    ReturnsNothing(),
]


@pytest.mark.parametrize("layer", FAULTY, ids=lambda layer: type(layer).__name__)
def test_a_planted_fault_is_caught_and_named(layer: nn.Model) -> None:
    before = {name: p.copy() for name, p in layer.get_parameters().items()}
    answer = common_layer(layer, (3, 3))
    assert not answer
    assert len(answer.line) < 200
    assert answer.problems
    for name, p in layer.get_parameters().items():
        np.testing.assert_array_equal(p, before[name])


def test_the_layer_without_the_fault_passes() -> None:
    assert common_layer(Scale(), (3, 3), samples=20)


class ScaledError(nn.SquaredError):
    """A loss with a weight of one, which its backward forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = np.ones(1)
        self.register_parameter("weight", self.weight)

    def forward(self, y_true: Array, y: Array) -> Array:
        return super().forward(y_true, y) * self.weight

    def backward(self, δE: Array | float = 1.0) -> tuple[Array, ParameterSet]:
        δEδy, _ = super().backward(δE)
        return δEδy, {"weight": np.zeros(1)}


def test_a_fault_of_a_loss_is_caught() -> None:
    assert not squared_error(ScaledError(), (3, 2))


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("phase", Phase)
def test_every_layer_passes_with_any_parameters(kind: str, phase: Phase) -> None:
    layer, (x,) = make(kind), inputs(kind)
    layer.set_phase(phase)
    # A thousand were tried; these are for the time that a test may take.
    answer = common_layer(layer, x.shape, samples=5)
    assert answer, str(answer)
