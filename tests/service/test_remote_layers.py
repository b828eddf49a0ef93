"""The other layers of a session, their parameters, and what a change of them means."""

from __future__ import annotations

import grpc
import numpy as np
from contract import array, backward, forward, new_session, refusal, spec, tensor

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_pb2 import PHASE_TEST
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub

X = np.random.default_rng(1).normal(size=(4, 3))
W = np.random.default_rng(2).normal(size=(3, 2))
LINEAR = spec("fc", "Linear", input_size=3, output_size=2)


def set_parameters(stub: LayerServiceStub, session: str, layer: str, **arrays: np.ndarray) -> None:
    parameters = {name: tensor(values) for name, values in arrays.items()}
    stub.SetParameters(
        api.SetParametersRequest(session_id=session, layer=layer, parameters=parameters),
        timeout=30,
    )


def get_parameters(stub: LayerServiceStub, session: str, layer: str) -> dict[str, np.ndarray]:
    answer = stub.GetParameters(
        api.GetParametersRequest(session_id=session, layer=layer), timeout=30
    )
    return {name: array(each) for name, each in answer.parameters.items()}


def test_linear_multiplies_by_its_parameters(stub: LayerServiceStub) -> None:
    session = new_session(stub, LINEAR)
    set_parameters(stub, session, "fc", w=W)
    np.testing.assert_allclose(array(forward(stub, session, "fc", X).output), X @ W, rtol=1e-12)
    answer = backward(stub, session, "fc", np.ones((4, 2)))
    np.testing.assert_allclose(array(answer.input_gradient), np.ones((4, 2)) @ W.T, rtol=1e-12)
    np.testing.assert_allclose(
        array(answer.parameter_gradients["w"]), X.T @ np.ones((4, 2)), rtol=1e-12
    )


def test_parameters_in_the_spec_are_the_first_ones(stub: LayerServiceStub) -> None:
    layer = spec("fc", "Linear", input_size=3, output_size=2)
    layer.parameters["w"].CopyFrom(tensor(W))
    session = new_session(stub, layer)
    np.testing.assert_array_equal(get_parameters(stub, session, "fc")["w"], W)


def test_first_parameters_follow_from_the_seed(stub: LayerServiceStub) -> None:
    first, second, other = (
        get_parameters(stub, new_session(stub, LINEAR, seed=seed), "fc")["w"] for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_relu_lets_the_gradient_of_positive_inputs_through(stub: LayerServiceStub) -> None:
    session = new_session(stub, spec("relu", "ReLU"))
    np.testing.assert_array_equal(array(forward(stub, session, "relu", X).output), np.maximum(X, 0))
    gradient = backward(stub, session, "relu", np.ones_like(X)).input_gradient
    np.testing.assert_array_equal(array(gradient), X > 0)


def test_sequential_is_one_layer_with_the_parameters_of_all(stub: LayerServiceStub) -> None:
    network = spec(
        "net",
        "Sequential",
        layers=[
            {"name": "fc", "type": "Linear", "config": {"input_size": 3, "output_size": 2}},
            {"name": "bias", "type": "Bias", "config": {"output_size": 2}},
            {"name": "relu", "type": "ReLU"},
            {"name": "drop", "type": "Dropout", "config": {"p": 0.5}},
        ],
    )
    session = new_session(stub, network)
    assert set(get_parameters(stub, session, "net")) == {"fc(w)", "bias(b)"}
    b = np.array([5.0, 6.0])
    set_parameters(stub, session, "net", **{"fc(w)": W, "bias(b)": b})
    y = array(forward(stub, session, "net", X).output)
    whole = np.maximum(X @ W + b, 0)
    kept = y != 0
    np.testing.assert_allclose(y[kept], 2 * whole[kept], rtol=1e-12)
    answer = backward(stub, session, "net", np.ones_like(y))
    through = 2.0 * kept
    np.testing.assert_allclose(
        array(answer.parameter_gradients["bias(b)"]), through.sum(axis=0), rtol=1e-12
    )
    np.testing.assert_allclose(array(answer.input_gradient), through @ W.T, rtol=1e-12)


def test_backward_after_a_change_of_parameters_is_stale(stub: LayerServiceStub) -> None:
    session = new_session(stub, LINEAR)
    forward(stub, session, "fc", X)
    set_parameters(stub, session, "fc", w=W)
    refused = refusal(lambda: backward(stub, session, "fc", np.ones((4, 2))))
    assert (refused.code, refused.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "FORWARD_STALE",
    )
    forward(stub, session, "fc", X)
    backward(stub, session, "fc", np.ones((4, 2)))


def test_float32_stays_float32_through_float64_parameters(stub: LayerServiceStub) -> None:
    session = new_session(stub, LINEAR)
    assert array(forward(stub, session, "fc", X.astype(np.float32)).output).dtype == np.float32


def test_untracked_forward_stores_no_context(stub: LayerServiceStub) -> None:
    session = new_session(stub, spec("drop", "Dropout", p=0.5))
    forward(stub, session, "drop", X, untracked=True)
    refused = refusal(lambda: backward(stub, session, "drop", X))
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_FORWARD")


def test_catalogue_lists_every_type_with_its_fields(stub: LayerServiceStub) -> None:
    answer = stub.ListLayerTypes(api.ListLayerTypesRequest(), timeout=30)
    types = {each.type: each for each in answer.layer_types}
    assert {"Dropout", "Linear", "Bias", "ReLU", "Sequential"} <= set(types)
    assert all(each.summary for each in types.values())
    (field,) = types["Dropout"].config_fields
    assert (field.name, field.type, field.default_value.number_value) == ("p", "float", 0.5)
    assert field.bounds == "0 <= p < 1"
    assert [each.name for each in types["Linear"].parameters] == ["w"]


NORM = spec("norm", "BatchNorm", num_features=3)


def test_refused_forward_leaves_no_trace(stub: LayerServiceStub) -> None:
    network = spec(
        "net",
        "Sequential",
        layers=[
            {"name": "norm", "type": "BatchNorm", "config": {"num_features": 3}},
            {"name": "fc", "type": "Linear", "config": {"input_size": 3, "output_size": 2}},
        ],
    )
    session = new_session(stub, network)
    before = array(forward(stub, session, "net", X, phase=PHASE_TEST).output)
    # BatchNorm takes it and changes its statistics, then Linear refuses it.
    images = np.random.default_rng(3).normal(5.0, 1.0, (4, 3, 5, 5))
    refused = refusal(lambda: forward(stub, session, "net", images))
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    # Often enough to meet every worker.
    for _ in range(6):
        after = array(forward(stub, session, "net", X, phase=PHASE_TEST).output)
        np.testing.assert_array_equal(after, before)


def test_repetition_of_a_test_forward_is_stale_once_statistics_have_moved(
    stub: LayerServiceStub,
) -> None:
    session = new_session(stub, NORM)
    first = forward(stub, session, "norm", X, phase=PHASE_TEST, forward_id="a")
    again = forward(stub, session, "norm", X, phase=PHASE_TEST, forward_id="a")
    assert again.output == first.output
    forward(stub, session, "norm", X)
    refused = refusal(lambda: forward(stub, session, "norm", X, phase=PHASE_TEST, forward_id="a"))
    assert (refused.code, refused.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "FORWARD_STALE",
    )
