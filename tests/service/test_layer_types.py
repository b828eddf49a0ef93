"""Every type of the catalogue, served: as described, and with the numbers of the library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from contract import array, backward, forward, new_session, spec
from examples import ALL, EXAMPLES, gradient, inputs
from google.protobuf.json_format import MessageToDict

import edunn as nn
from edunn.model import Phase
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_pb2 import PHASE_TEST, PHASE_TRAINING, LayerType
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from worker.randomness import RepeatableGenerator

SEED = 5
PHASES = {Phase.Training: PHASE_TRAINING, Phase.Test: PHASE_TEST}
# A worker multiplies with one thread, this process may with several: sums differ in their rounding.
TOLERANCE = {np.float16: 2e-3, np.float32: 1e-5, np.float64: 1e-12}


@pytest.fixture(scope="module")
def catalogue(stub: LayerServiceStub) -> dict[str, LayerType]:
    answer = stub.ListLayerTypes(api.ListLayerTypesRequest(), timeout=30)
    return {each.type: each for each in answer.layer_types}


def test_the_catalogue_lists_every_layer_and_loss(catalogue: dict[str, LayerType]) -> None:
    assert list(catalogue) == sorted(nn.LAYER_TYPES)


@pytest.mark.parametrize("kind", ALL)
def test_a_type_is_described_as_the_library_describes_it(
    catalogue: dict[str, LayerType], kind: str
) -> None:
    served, described = catalogue[kind], nn.describe(kind)
    assert served.summary == described.summary
    assert tuple(served.inputs) == described.inputs
    assert [(p.name, p.shape) for p in served.parameters] == [
        (p.name, p.shape) for p in described.parameters
    ]
    assert [(b.name, b.shape) for b in served.buffers] == [
        (b.name, b.shape) for b in described.buffers
    ]
    assert [(f.name, f.required, f.bounds) for f in served.config_fields] == [
        (f.name, f.required, f.bounds) for f in described.fields
    ]
    for there, here in zip(served.config_fields, described.fields, strict=True):
        assert there.summary.startswith(here.doc)
        default = list(here.default) if isinstance(here.default, tuple) else here.default
        assert MessageToDict(there).get("defaultValue") == (None if here.required else default)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_type_is_served_with_the_numbers_of_the_library(
    stub: LayerServiceStub, kind: str, phase: Phase, dtype: type[np.floating[Any]]
) -> None:
    config, given = EXAMPLES[kind][0], inputs(kind, dtype)
    session = new_session(stub, spec("layer", kind, **config), seed=SEED, phase=PHASES[phase])
    local = twin(stub, session, kind, config, phase)

    answer = forward(stub, session, "layer", *given, forward_id="1")
    y = local.forward(*given)
    assert answer.phase == PHASES[phase]
    close(array(answer.output), y)

    g = gradient(y)
    gradients = backward(stub, session, "layer", g)
    δEδx, δEδp = local.backward(g)
    close(array(gradients.input_gradient), δEδx)
    assert gradients.parameter_gradients.keys() == δEδp.keys()
    for name, expected in δEδp.items():
        close(array(gradients.parameter_gradients[name]), expected)

    after = parameters_of(stub, session)
    for name, expected in local.get_buffers().items():
        np.testing.assert_allclose(after[name], expected, rtol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.bool_, np.int32, np.int64, np.float32])
@pytest.mark.parametrize("kind", ["BinaryCrossEntropy", "SequenceCrossEntropyWithLabels"])
def test_the_truth_of_a_loss_may_be_booleans_integers_or_floats(
    stub: LayerServiceStub, kind: str, dtype: type[np.generic]
) -> None:
    y_true, y = inputs(kind)
    session = new_session(stub, spec("layer", kind))
    answer = forward(stub, session, "layer", y_true.astype(dtype), y)
    close(array(answer.output), nn.build(kind, {}).forward(y_true, y))


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_labels_may_be_of_either_integer_type(
    stub: LayerServiceStub, dtype: type[np.integer[Any]]
) -> None:
    labels, p = inputs("CrossEntropyWithLabels")
    session = new_session(stub, spec("layer", "CrossEntropyWithLabels"))
    answer = forward(stub, session, "layer", labels.astype(dtype), p)
    close(array(answer.output), nn.CrossEntropyWithLabels().forward(labels, p))


def twin(
    stub: LayerServiceStub, session: str, kind: str, config: dict[str, Any], phase: Phase
) -> nn.Model:
    """Return a layer of the library with the parameters and the randomness of the service's."""
    local = nn.build(kind, config)
    there = parameters_of(stub, session)
    names = local.get_parameters().keys()
    local.set_parameters({name: there[name] for name in names})
    local.set_buffers({name: value for name, value in there.items() if name not in names})
    local.set_phase(phase)
    randomness = RepeatableGenerator()
    randomness.wind_to_forward(SEED, "layer", "1")
    local.rng = randomness.generator
    return local


def parameters_of(stub: LayerServiceStub, session: str) -> dict[str, np.ndarray]:
    request = api.GetParametersRequest(session_id=session, layer="layer")
    return {
        name: array(each)
        for name, each in stub.GetParameters(request, timeout=30).parameters.items()
    }


def close(got: np.ndarray, expected: np.ndarray) -> None:
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    # Parameter gradients of half-precision inputs come in single precision, and as precise.
    tolerance = TOLERANCE[expected.dtype.type]
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
