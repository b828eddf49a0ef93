"""An example of every layer and loss, for the facts that hold of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import edunn as nn
from edunn.arrays import Array

# What a layer is built from; a function that draws what it is run on.
Config = dict[str, Any]
Draw = Callable[[np.random.Generator], tuple[Array, ...]]

SIZES = st.integers(1, 4)


def numbers(*shape: int) -> Draw:
    return lambda rng: (rng.standard_normal(shape),)


def labelled(samples: int, classes: int) -> Draw:
    return lambda rng: (
        rng.integers(0, classes, samples),
        rng.dirichlet(np.full(classes, 5.0), samples),
    )


def yes_or_no(samples: int) -> Draw:
    return lambda rng: (
        rng.integers(0, 2, (samples, 1)),
        rng.uniform(0.2, 0.8, (samples, 1)),
    )


def pairs(*shape: int) -> Draw:
    return lambda rng: (rng.standard_normal(shape), rng.standard_normal(shape))


def sequences(samples: int, steps: int, classes: int) -> Draw:
    return lambda rng: (
        np.eye(classes)[rng.integers(0, classes, (samples, steps))],
        rng.standard_normal((samples, steps, classes)),
    )


DENSE: Config = {"input_size": 5, "output_size": 4}
NETWORK: list[Config] = [
    {"type": "Dense", "name": "first", "config": DENSE | {"activation_name": "tanh"}},
    {"type": "Dropout", "config": {"p": 0.4}},
    {
        "type": "Sequential",
        "config": {"layers": [{"type": "BatchNorm", "config": {"num_features": 4}}]},
    },
    {"type": "Dense", "config": {"input_size": 4, "output_size": 3, "activation_name": "softmax"}},
]

#: For every type a configuration, and a function that draws its inputs.
EXAMPLES: dict[str, tuple[Config, Draw]] = {
    "AddConstant": ({"value": 1.5}, numbers(3, 4)),
    "AvgPool2d": ({"kernel_size": 2, "stride": 2}, numbers(2, 3, 5, 4)),
    "BatchNorm": ({"num_features": 3}, numbers(4, 3, 2, 2)),
    "Bias": ({"output_size": 4, "initializer": "RandomNormal"}, numbers(3, 4)),
    "BinaryCrossEntropy": ({}, yes_or_no(4)),
    "Conv2d": (
        {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "padding": 1, "bias": True},
        numbers(2, 2, 5, 4),
    ),
    "CrossEntropyWithLabels": ({}, labelled(4, 3)),
    "Dense": (DENSE | {"activation_name": "sigmoid"}, numbers(3, 5)),
    "Dropout": ({"p": 0.5}, numbers(3, 4)),
    "Flatten": ({}, numbers(2, 3, 4)),
    "GELU": ({}, numbers(3, 4)),
    "Identity": ({}, numbers(3, 4)),
    "Linear": (DENSE, numbers(3, 5)),
    "LinearRegression": (DENSE, numbers(3, 5)),
    "LogisticRegression": (DENSE, numbers(3, 5)),
    "MaxPool2d": ({"kernel_size": 2}, numbers(2, 3, 5, 4)),
    "MeanError": ({"sample_error": "SquaredError"}, pairs(3, 4)),
    "MultiplyConstant": ({"value": 1.5}, numbers(3, 4)),
    "RNN": ({"input_dim": 3, "output_dim": 2, "hidden_dim": 4}, numbers(2, 5, 3)),
    "ReLU": ({}, numbers(3, 4)),
    "Sequential": ({"layers": NETWORK}, numbers(6, 5)),
    "SequenceCrossEntropyWithLabels": ({}, sequences(2, 4, 5)),
    "Sigmoid": ({}, numbers(3, 4)),
    "Softmax": ({}, numbers(3, 4)),
    "SquaredError": ({}, pairs(3, 4)),
    "TanH": ({}, numbers(3, 4)),
}
LOSSES = sorted(kind for kind, cls in nn.LAYER_TYPES.items() if issubclass(cls, nn.Loss))
LAYERS = sorted(set(nn.LAYER_TYPES) - set(LOSSES))
ALL = [*LAYERS, *LOSSES]


def make(kind: str) -> nn.Model:
    """Return the layer of an example; always the same one."""
    return nn.build(kind, EXAMPLES[kind][0], rng=np.random.default_rng(0))


def inputs(kind: str, dtype: type[np.floating[Any]] = np.float64) -> tuple[Array, ...]:
    """Return the inputs of an example, floats in the dtype asked for; always the same ones."""
    drawn = EXAMPLES[kind][1](np.random.default_rng(1))
    return tuple(x.astype(dtype) if x.dtype.kind == "f" else x for x in drawn)


def gradient(y: Array) -> Array:
    """Return a gradient for an output: of its shape and dtype, no two elements alike."""
    return np.linspace(0.5, 1.5, y.size, dtype=y.dtype).reshape(y.shape)


@st.composite
def shaped(draw: st.DrawFn, kind: str) -> tuple[Config, tuple[int, ...]]:
    """Draw a configuration of a layer type and the shape of an input that suits it."""
    samples, features = draw(SIZES), draw(SIZES)
    config: Config
    if kind in ("Linear", "Dense", "LinearRegression", "LogisticRegression"):
        config = {"input_size": features, "output_size": draw(SIZES)}
        if kind == "Dense":
            names = ["id", "relu", "tanh", "sigmoid", "softmax"]
            config["activation_name"] = draw(st.sampled_from(names))
        return config, (samples, features)
    if kind == "Bias":
        return {"output_size": features}, (samples, features)
    if kind == "Softmax":
        return {"smoothing": draw(st.sampled_from([0, 1e-16, 0.1]))}, (samples, features)
    if kind == "BatchNorm":
        shape = (samples + 1, features)
        return {"num_features": features}, shape + draw(st.sampled_from([(), (2, 3)]))
    if kind == "RNN":
        config = {"input_dim": features, "output_dim": draw(SIZES), "hidden_dim": draw(SIZES)}
        return config, (samples, draw(SIZES), features)
    if kind == "Sequential":
        inner = [draw(shaped("Linear"))[0], draw(shaped("Linear"))[0]]
        inner[1]["input_size"] = inner[0]["output_size"]
        layers = [{"type": "Linear", "config": config} for config in inner]
        layers[1:1] = [{"type": draw(st.sampled_from(["TanH", "Dropout", "GELU"]))}]
        return {"layers": layers}, (samples, inner[0]["input_size"])
    if kind in ("Conv2d", "MaxPool2d", "AvgPool2d"):
        kernel = (draw(SIZES), draw(SIZES))
        config = {"kernel_size": kernel, "stride": (draw(SIZES), draw(SIZES))}
        if kind == "Conv2d":
            padding = (draw(st.integers(0, 5)), draw(st.integers(0, 5)))
            config |= {"in_channels": features, "out_channels": draw(SIZES)}
            config |= {"padding": padding, "bias": draw(st.booleans())}
        size = (kernel[0] + draw(st.integers(0, 3)), kernel[1] + draw(st.integers(0, 3)))
        return config, (min(samples, 2), features, *size)
    config = {"value": draw(st.floats(-3, 3))} if kind.endswith("Constant") else {}
    return config, tuple(draw(st.lists(SIZES, min_size=1, max_size=3)))
