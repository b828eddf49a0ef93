"""The conformance vectors: numbers of PyTorch, and how to run a case."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import edunn as nn
from edunn.arrays import Array
from edunn.model import Model, ParameterSet, Phase

FOLDER = Path(__file__).parent.parent / "vectors"

# A tensor and a case as the files have them.
Tensor = Mapping[str, Any]
Case = Mapping[str, Any]


def assert_close(found: Array, expected: Array) -> None:
    """Compare an array with PyTorch's."""
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def array(tensor: Tensor) -> Array:
    return np.array(tensor["data"], dtype=tensor["dtype"]).reshape(tensor["shape"])


def arrays(tensors: Mapping[str, Tensor]) -> ParameterSet:
    return {name: array(tensor) for name, tensor in tensors.items()}


def cases() -> Iterator[tuple[str, Case]]:
    """Return (layer type, case) for every case of every layer."""
    for path in sorted(FOLDER.glob("*.json")):
        if path.stem != "optimizers":
            content = json.loads(path.read_text())
            yield from ((content["layer"], case) for case in content["cases"])


def build(layer_type: str, case: Case) -> Model:
    """Return the layer of a case with its parameters, buffers and phase."""
    layer = nn.build(layer_type, case["config"], rng=np.random.default_rng(0))
    layer.set_parameters(arrays(case["parameters"]))
    layer.set_buffers(arrays(case.get("state_before", {})))
    layer.set_phase(Phase(case["phase"]))
    if "mask" in case:
        layer.rng = Masked(array(case["mask"]))
    return layer


class Masked(np.random.Generator):
    """A source of uniform numbers that make a Dropout keep what a mask says."""

    def __init__(self, mask: Array) -> None:
        super().__init__(np.random.PCG64(0))
        self.mask = mask

    def random(self, size: tuple[int, ...]) -> Array:  # type: ignore[override]  # what Dropout uses
        assert tuple(size) == self.mask.shape
        # A drop probability is never 1: one is always kept, zero dropped unless p is zero.
        return np.where(self.mask, np.nextafter(1, 0), 0.0)


def forward(layer: Model, case: Case) -> Array:
    return layer.forward(*(array(tensor) for tensor in case["inputs"]))


def assert_backward(result: tuple[Array, ParameterSet], case: Case) -> None:
    """Compare the gradients of a layer with those of the case."""
    δEδx, δEδp = result
    (of_input,) = [gradient for gradient in case["input_gradients"] if gradient is not None]
    assert_close(δEδx, array(of_input))
    expected = arrays(case["parameter_gradients"])
    assert δEδp.keys() == expected.keys()
    for name, gradient in δEδp.items():
        assert_close(gradient, expected[name])
