"""The repository's conformance vectors, computed by the service through this client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edunn_client import Client
from edunn_client._tensors import Array

VECTORS = Path(__file__).parents[3] / "tests" / "vectors"
CASES = [
    pytest.param(data["layer"], case, id=f"{data['layer']}: {case['name']}")
    for path in sorted(VECTORS.glob("*.json"))
    if path.stem != "optimizers"
    for data in [json.loads(path.read_text())]
    for case in data["cases"]
]


def array(value: dict[str, Any]) -> Array:
    return np.array(value["data"], value["dtype"]).reshape(value["shape"])


def arrays(values: dict[str, dict[str, Any]]) -> dict[str, Array]:
    return {name: array(value) for name, value in values.items()}


@pytest.mark.parametrize(("layer_type", "case"), CASES)
def test_vector(client: Client, layer_type: str, case: dict[str, Any]) -> None:
    if "mask" in case:
        pytest.skip("the mask is given: a service draws its own")
    if layer_type not in {kind.type for kind in client.layer_types()}:
        pytest.skip("the service has no such layer type yet")
    parameters = arrays(case["parameters"]) | arrays(case.get("state_before", {}))
    with client.session(seed=0) as session:
        layer = session.layer("layer", layer_type, parameters=parameters, **case["config"])
        output = layer.forward(*(array(each) for each in case["inputs"]), phase=case["phase"])
        gradient, parameter_gradients = layer.backward(array(case["output_gradient"]))
        buffers = layer.get_buffers()
        assert layer.get_parameters().keys() == case["parameters"].keys() | buffers.keys()
    close(output, case["output"])
    close(gradient, case["input_gradients"][-1])
    assert parameter_gradients.keys() == case["parameter_gradients"].keys()
    for name, expected in case["parameter_gradients"].items():
        close(parameter_gradients[name], expected)
    for name, expected in case.get("state_after", {}).items():
        close(buffers[name], expected)


def close(got: Array, expected: dict[str, Any]) -> None:
    assert got.shape == tuple(expected["shape"])
    np.testing.assert_allclose(got, array(expected), rtol=1e-9, atol=1e-11)
