"""The gradients of parameters without that of the input: those of the backward, to the byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from examples import ALL, gradient, inputs, make

import edunn as nn
from edunn.model import ParameterSet


def encoded(gradients: ParameterSet) -> list[tuple[str, bytes]]:
    return [(name, each.tobytes()) for name, each in gradients.items()]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("frozen", [False, True])
def test_they_are_those_of_the_backward(
    kind: str, dtype: type[np.floating[Any]], frozen: bool
) -> None:
    layer = make(kind)
    layer.frozen = frozen
    y = layer.forward(*inputs(kind, dtype))
    _, expected = layer.backward(gradient(y))
    assert encoded(layer.parameter_gradients(gradient(y))) == encoded(expected)


@pytest.mark.parametrize("frozen", ["nothing", "first", "inner", "last", "all"])
def test_they_are_those_of_the_backward_within_one_another(frozen: str) -> None:
    rng = np.random.default_rng(1)
    inner = nn.Sequential([nn.Linear(4, 5, name="first"), nn.ReLU()], name="inner")
    net = nn.Sequential([inner, nn.BatchNorm(5), nn.Dense(5, 3, "softmax", name="last")])
    parts = {"first": inner.layers[0], "inner": inner, "last": net.layers[-1], "all": net}
    if frozen in parts:
        parts[frozen].frozen = True
    y = net.forward(rng.normal(size=(7, 4)))
    _, expected = net.backward(np.ones_like(y))
    assert encoded(net.parameter_gradients(np.ones_like(y))) == encoded(expected)
    assert bool(expected) is (frozen != "all")
