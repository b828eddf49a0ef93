"""The conformance vectors: numbers of PyTorch, and how to run a case."""

import json
from pathlib import Path

import numpy as np

import edunn as nn
from edunn.model import Phase

FOLDER = Path(__file__).parent.parent / "vectors"
TOLERANCE = {"rtol": 1e-9, "atol": 1e-11}


def array(tensor):
    return np.array(tensor["data"], dtype=tensor["dtype"]).reshape(tensor["shape"])


def arrays(tensors):
    return {name: array(tensor) for name, tensor in tensors.items()}


def cases():
    """Return (layer type, case) for every case of every layer."""
    for path in sorted(FOLDER.glob("*.json")):
        if path.stem != "optimizers":
            content = json.loads(path.read_text())
            yield from ((content["layer"], case) for case in content["cases"])


def build(layer_type, case):
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

    def __init__(self, mask):
        super().__init__(np.random.PCG64(0))
        self.mask = mask

    def random(self, size):
        assert tuple(size) == self.mask.shape
        # A drop probability is never 1: one is always kept, zero dropped unless p is zero.
        return np.where(self.mask, np.nextafter(1, 0), 0.0)


def forward(layer, case):
    return layer.forward(*(array(tensor) for tensor in case["inputs"]))


def assert_backward(result, case):
    """Compare the gradients of a layer with those of the case."""
    δEδx, δEδp = result
    (expected,) = [gradient for gradient in case["input_gradients"] if gradient is not None]
    np.testing.assert_allclose(δEδx, array(expected), **TOLERANCE)
    expected = arrays(case["parameter_gradients"])
    assert δEδp.keys() == expected.keys()
    for name, gradient in δEδp.items():
        np.testing.assert_allclose(gradient, expected[name], **TOLERANCE)
