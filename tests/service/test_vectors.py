"""PyTorch's numbers, served, where the mask is given: the service has to draw that very mask.

The other cases are run by the clients' suites. A mask cannot be sent, but one seed and one forward
give one mask: for a small mask there is a seed that draws it. The large ones are read off what
the service did.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import vectors
from contract import array, backward, forward, new_session, spec, tensor

from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from worker.randomness import RepeatableGenerator

# The session seeds with which the first forward of a layer "layer", called "1", draws the mask of
# the case. `find_seed` finds another, should the service ever draw differently.
SEEDS = {
    ("Dropout", "training p=0.5 given mask [2, 10]"): 1636449,
    ("Dropout", "training p=0.2 given mask [2, 10]"): 3947,
    ("Dropout", "training p=0.0 given mask [2, 10]"): 0,
    ("Dropout", "training p=0.0 given mask [2, 3, 4, 4]"): 0,
    ("Sequential", "dense relu dropout dense softmax"): 41677,
}


def name_of(value: Any) -> str:
    return str(value["name"]) if isinstance(value, dict) else str(value)


MASKED = [(kind, case) for kind, case in vectors.cases() if "mask" in case]
SMALL = [pair for pair in MASKED if (pair[0], pair[1]["name"]) in SEEDS]
LARGE = [pair for pair in MASKED if pair not in SMALL]


def test_every_case_with_a_mask_is_here() -> None:
    assert len(SMALL) == len(SEEDS)
    assert {(kind, case["name"]) for kind, case in LARGE} == {
        ("Dropout", f"training p={p} given mask [2, 3, 4, 4]") for p in (0.5, 0.2)
    }


@pytest.mark.parametrize(("kind", "case"), SMALL, ids=name_of)
def test_a_forward_that_draws_the_mask_of_the_case_has_its_numbers(
    stub: LayerServiceStub, kind: str, case: dict[str, Any]
) -> None:
    answer, gradients = serve(stub, kind, case, SEEDS[kind, case["name"]])
    output = vectors.array(case["output"])
    vectors.assert_close(answer, output)
    found = {name: array(each) for name, each in gradients.parameter_gradients.items()}
    vectors.assert_backward((array(gradients.input_gradient), found), case)


@pytest.mark.parametrize(("kind", "case"), LARGE, ids=name_of)
def test_a_forward_with_a_mask_of_its_own_has_the_numbers_of_that_mask(
    stub: LayerServiceStub, kind: str, case: dict[str, Any]
) -> None:
    answer, gradients = serve(stub, kind, case, seed=0)
    (x,), g = map(vectors.array, case["inputs"]), vectors.array(case["output_gradient"])
    kept, scale = answer != 0, 1 / (1 - case["config"]["p"])
    assert 0 < kept.mean() < 1
    vectors.assert_close(answer, x * kept * scale)
    vectors.assert_close(array(gradients.input_gradient), g * kept * scale)
    # With the mask of the case the same formula gives PyTorch's numbers.
    vectors.assert_close(x * vectors.array(case["mask"]) * scale, vectors.array(case["output"]))


def serve(
    stub: LayerServiceStub, kind: str, case: dict[str, Any], seed: int
) -> tuple[np.ndarray, Any]:
    layer = spec("layer", kind, **case["config"])
    for name, value in vectors.arrays(case["parameters"]).items():
        layer.parameters[name].CopyFrom(tensor(value))
    session = new_session(stub, layer, seed=seed)
    answer = forward(stub, session, "layer", *map(vectors.array, case["inputs"]), forward_id="1")
    g = vectors.array(case["output_gradient"])
    return array(answer.output), backward(stub, session, "layer", g)


def find_seed(mask: np.ndarray, p: float) -> int:
    """Return the least seed whose first forward keeps what the mask says. It may take minutes."""
    randomness = RepeatableGenerator()
    seed = 0
    while True:
        randomness.wind_to_forward(seed, "layer", "1")
        if np.array_equal(randomness.generator.random(mask.shape) >= p, mask):
            return seed
        seed += 1


def test_a_seed_is_found() -> None:
    (mask,) = (
        vectors.array(case["mask"])
        for kind, case in SMALL
        if case["name"] == "training p=0.2 given mask [2, 10]"
    )
    assert find_seed(mask, 0.2) == SEEDS["Dropout", "training p=0.2 given mask [2, 10]"]
