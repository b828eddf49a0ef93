"""Draws a configuration of any layer type, and inputs that suit it, of sizes that differ widely."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from examples import Config

from edunn.arrays import Array

FLOATS = (np.float16, np.float32, np.float64)


# A configuration and the inputs of a forward.
Drawn = tuple[Config, tuple[Array, ...]]
Draw = Callable[[np.random.Generator], Drawn]

_scale = 1


def size(rng: np.random.Generator, most: int = 200) -> int:
    """Draw a size of which small ones are as likely as large ones."""
    return int(np.exp(rng.uniform(0, np.log(most * _scale + 1))))


def drawn(kind: str, rng: np.random.Generator, scale: int = 1) -> Drawn:
    """Return a configuration of a layer type and the inputs of a forward, larger by a scale."""
    global _scale
    _scale = scale
    dtype = FLOATS[rng.integers(3)]
    config, inputs = DRAWN[kind](rng)
    return config, tuple(x.astype(dtype) if x.dtype.kind == "f" else x for x in inputs)


def _any_shape(config: dict[str, float] | None = None) -> Draw:
    def draw(
        rng: np.random.Generator,
    ) -> Drawn:
        shape = [size(rng, 60) for _ in range(rng.integers(1, 4))]
        return dict(config or {}), (rng.standard_normal(shape),)

    return draw


def _features(field: str) -> Draw:
    def draw(rng: np.random.Generator) -> Drawn:
        features = size(rng)
        return {field: features}, (rng.standard_normal((size(rng), features)),)

    return draw


def _linear(rng: np.random.Generator) -> Drawn:
    inputs, outputs = size(rng), size(rng)
    x = rng.standard_normal((size(rng), inputs))
    return {"input_size": inputs, "output_size": outputs}, (x,)


def _dense(rng: np.random.Generator) -> Drawn:
    config, inputs = _linear(rng)
    name = ("id", "relu", "tanh", "sigmoid", "softmax")[rng.integers(5)]
    return config | {"activation_name": name}, inputs


def _norm(rng: np.random.Generator) -> Drawn:
    channels = size(rng, 50)
    rest = (size(rng, 20), size(rng, 20)) if rng.integers(2) else ()
    return {"num_features": channels}, (rng.standard_normal((1 + size(rng), channels, *rest)),)


def _images(rng: np.random.Generator, channels: int, least: list[int]) -> Array:
    height, width = (least[axis] + size(rng, 30) - 1 for axis in (0, 1))
    return rng.standard_normal((size(rng, 8), channels, height, width))


def _pool(rng: np.random.Generator) -> Drawn:
    kernel = [size(rng, 9), size(rng, 9)]
    stride = [size(rng, 4), size(rng, 4)]
    return {"kernel_size": kernel, "stride": stride}, (_images(rng, size(rng, 6), kernel),)


def _convolution(rng: np.random.Generator) -> Drawn:
    config, _ = _pool(rng)
    channels = size(rng, 8)
    config |= {"in_channels": channels, "out_channels": size(rng, 8)}
    config |= {"padding": [size(rng, 6) - 1, size(rng, 6) - 1], "bias": bool(rng.integers(2))}
    return config, (_images(rng, channels, config["kernel_size"]),)


def _recurrent(rng: np.random.Generator) -> Drawn:
    inputs, steps = size(rng, 40), size(rng, 60)
    config: Config = {"input_dim": inputs, "output_dim": size(rng, 40), "hidden_dim": size(rng, 60)}
    config["bptt_truncate"] = [None, 0, size(rng, 70)][rng.integers(3)]
    return config, (rng.standard_normal((size(rng, 40), steps, inputs)),)


def _sequential(rng: np.random.Generator) -> Drawn:
    sizes = [size(rng, 80) for _ in range(4)]
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        config = {"input_size": inputs, "output_size": outputs}
        layers.append({"type": "Linear", "config": config, "frozen": bool(rng.integers(2))})
        layers.append({"type": ("ReLU", "GELU", "Dropout", "Softmax")[rng.integers(4)]})
    inner = {"type": "Sequential", "config": {"layers": layers[2:]}}
    return {"layers": [*layers[:2], inner]}, (rng.standard_normal((size(rng), sizes[0])),)


def _classes(rng: np.random.Generator) -> Drawn:
    samples, classes = size(rng, 500), size(rng)
    labels = rng.integers(0, classes, samples)
    return {}, (labels, rng.dirichlet(np.full(classes, 5.0), samples))


def _yes_or_no(rng: np.random.Generator) -> Drawn:
    samples = size(rng, 5000)
    return {}, (rng.integers(0, 2, (samples, 1)), rng.uniform(0.2, 0.8, (samples, 1)))


def _pairs(rng: np.random.Generator) -> Drawn:
    shape = [size(rng, 60) for _ in range(rng.integers(1, 4))]
    return {}, (rng.standard_normal(shape), rng.standard_normal(shape))


def _sequences(rng: np.random.Generator) -> Drawn:
    samples, steps, classes = size(rng, 40), size(rng, 40), size(rng, 40)
    truth = np.eye(classes)[rng.integers(0, classes, (samples, steps))]
    return {}, (truth, rng.standard_normal((samples, steps, classes)))


def _mean(rng: np.random.Generator) -> Drawn:
    kind = ("SquaredError", "CrossEntropyWithLabels", "BinaryCrossEntropy")[rng.integers(3)]
    return {"sample_error": kind}, DRAWN[kind](rng)[1]


DRAWN: dict[str, Draw] = {
    "AddConstant": _any_shape({"value": 1.5}),
    "AvgPool2d": _pool,
    "BatchNorm": _norm,
    "Bias": _features("output_size"),
    "BinaryCrossEntropy": _yes_or_no,
    "Conv2d": _convolution,
    "CrossEntropyWithLabels": _classes,
    "Dense": _dense,
    "Dropout": _any_shape({"p": 0.4}),
    "Flatten": _any_shape(),
    "GELU": _any_shape(),
    "Identity": _any_shape(),
    "Linear": _linear,
    "LinearRegression": _linear,
    "LogisticRegression": _linear,
    "MaxPool2d": _pool,
    "MeanError": _mean,
    "MultiplyConstant": _any_shape({"value": 1.5}),
    "RNN": _recurrent,
    "ReLU": _any_shape(),
    "Sequential": _sequential,
    "SequenceCrossEntropyWithLabels": _sequences,
    "Sigmoid": _any_shape(),
    "Softmax": lambda rng: ({}, (rng.standard_normal((size(rng), size(rng))),)),
    "SquaredError": _pairs,
    "TanH": _any_shape(),
}
