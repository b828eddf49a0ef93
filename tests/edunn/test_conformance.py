"""Every layer and loss agrees with PyTorch's numbers, also through a saved cache."""

from __future__ import annotations

import numpy as np
import pytest
from vectors import Case, array, arrays, assert_backward, assert_close, build, cases, forward

NAMED = {f"{kind}: {case['name']}": (kind, case) for kind, case in cases()}
CASES = [pytest.param(*pair, id=name) for name, pair in NAMED.items()]
WITH_STATE = [
    pytest.param(*pair, id=name) for name, pair in NAMED.items() if "state_after" in pair[1]
]


@pytest.mark.parametrize(("layer_type", "case"), CASES)
def test_forward(layer_type: str, case: Case) -> None:
    y = forward(build(layer_type, case), case)
    assert y.shape == tuple(case["output"]["shape"])
    assert_close(y, array(case["output"]))


@pytest.mark.parametrize(("layer_type", "case"), CASES)
def test_backward(layer_type: str, case: Case) -> None:
    layer = build(layer_type, case)
    forward(layer, case)
    assert_backward(layer.backward(array(case["output_gradient"])), case)


@pytest.mark.parametrize(("layer_type", "case"), CASES)
def test_backward_in_a_fresh_instance_is_the_same_to_the_byte(layer_type: str, case: Case) -> None:
    layer, fresh = build(layer_type, case), build(layer_type, case)
    forward(layer, case)
    # As it comes back from a store: plain bytes, read-only.
    cache = {
        name: np.frombuffer(value.tobytes(), value.dtype).reshape(value.shape)
        if isinstance(value, np.ndarray)
        else value
        for name, value in layer.get_cache().items()
    }
    fresh.set_cache(cache)
    δEδy = array(case["output_gradient"])
    here, there = layer.backward(δEδy), fresh.backward(δEδy)
    assert_backward(there, case)
    assert here[0].tobytes() == there[0].tobytes()
    assert {k: v.tobytes() for k, v in here[1].items()} == {
        k: v.tobytes() for k, v in there[1].items()
    }


@pytest.mark.parametrize(("layer_type", "case"), WITH_STATE)
def test_buffers_after_the_forward(layer_type: str, case: Case) -> None:
    layer = build(layer_type, case)
    forward(layer, case)
    expected = arrays(case["state_after"])
    assert layer.get_buffers().keys() == expected.keys()
    for name, value in layer.get_buffers().items():
        assert_close(value, expected[name])
