"""An operation that would take too much is refused before it begins, and the service goes on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import grpc
import numpy as np
import pytest
from contract import Refusal, array, backward, forward, new_session, refusal, spec

from edunn_serving.settings import Settings
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import tensor_pb2
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from edunn_serving.v1.tensor_pb2 import Tensor

EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
X = np.ones((2, 3))
WINDOW = {"kernel_size": 1, "stride": 1}


def empty(*shape: int) -> Tensor:
    return Tensor(data_type=tensor_pb2.DATA_TYPE_FLOAT64, shape=shape)


@pytest.fixture
def session(stub: LayerServiceStub) -> Iterator[str]:
    """A session that must still work when the test is over, on every worker."""
    session_id = new_session(stub, spec("usual", "ReLU"))
    yield session_id
    for _ in range(10):
        assert forward(stub, session_id, "usual", X).output.shape == [2, 3]


def add(stub: LayerServiceStub, session: str, layer_type: str, **config: Any) -> None:
    request = api.AddLayerRequest(session_id=session, layer=spec("new", layer_type, **config))
    stub.AddLayer(request, timeout=30)


def assert_too_large(refused: Refusal) -> None:
    assert (refused.code, refused.reason) == (EXHAUSTED, "TOO_LARGE"), refused.message
    assert int(refused.metadata["estimate"]) > int(refused.metadata["limit"])


def test_answer_far_larger_than_its_request(stub: LayerServiceStub, session: str) -> None:
    # From one number a padded image of 537 MB, more than Redis takes.
    add(stub, session, "Conv2d", in_channels=1, out_channels=1, kernel_size=1, padding=[4097, 4097])
    one = np.ones((1, 1, 1, 1))
    for untracked in (True, False):
        refused = refusal(partial(forward, stub, session, "new", one, untracked=untracked))
        assert_too_large(refused)
        assert refused.metadata["what"] == "bytes of answer"


def test_memory_that_neither_request_nor_answer_has(stub: LayerServiceStub, session: str) -> None:
    # An image of 12.8 GB on the way from one number to nine.
    window = {"kernel_size": 1, "stride": [20_000] * 2, "padding": [20_000] * 2}
    add(stub, session, "Conv2d", in_channels=1, out_channels=1, **window)
    try:
        answer = forward(stub, session, "new", np.ones((1, 1, 1, 1)))
    except grpc.RpcError as error:
        assert_too_large(Refusal(error))
    else:
        assert array(answer.output).shape == (1, 1, 3, 3)


def test_work_that_is_quadratic_in_the_request(stub: LayerServiceStub, session: str) -> None:
    side = 700
    add(stub, session, "Conv2d", in_channels=1, out_channels=1, kernel_size=side)
    refused = refusal(lambda: forward(stub, session, "new", np.ones((1, 1, 2 * side, 2 * side))))
    assert_too_large(refused)


def test_steps_without_number_of_no_sample(stub: LayerServiceStub, session: str) -> None:
    add(stub, session, "RNN", input_dim=1, output_dim=1, hidden_dim=1)
    x = empty(0, 2**47, 1)
    try:
        answer = forward(stub, session, "new", x)
    except grpc.RpcError as error:
        assert_too_large(Refusal(error))
    else:
        assert answer.output.shape == x.shape


@pytest.mark.parametrize("shape", [(0, 1, 2**40, 2), (2**47, 0), (0, 2**40)])
@pytest.mark.parametrize(
    ("layer_type", "config"),
    [
        ("Identity", {}),
        ("GELU", {}),
        ("Dropout", {}),
        ("MaxPool2d", WINDOW),
        ("AvgPool2d", WINDOW),
        ("Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "padding": 2**31 - 1}),
    ],
)
def test_empty_tensor_of_any_shape_is_answered_or_refused(
    stub: LayerServiceStub,
    session: str,
    layer_type: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
) -> None:
    add(stub, session, layer_type, **config)
    try:
        answer = forward(stub, session, "new", empty(*shape))
        backward(stub, session, "new", empty(*answer.output.shape))
    except grpc.RpcError as error:
        assert error.code() in (EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT)


@pytest.mark.parametrize("length", [65, 2_000_000])
def test_name_within_a_layer_is_as_short_as_any_other(
    stub: LayerServiceStub, session: str, length: int
) -> None:
    layers = [{"type": "ReLU"}, {"type": "ReLU", "name": "x" * length}]
    refused = refusal(lambda: add(stub, session, "Sequential", layers=layers))
    if length == 65:
        assert refused.fields == ["layer.config.layers[1].name"]
    else:
        assert_too_large(refused)
    layers[1]["name"] = "x" * 64
    add(stub, session, "Sequential", layers=layers)


@pytest.mark.parametrize("field", ["y" * 65, "type"])
def test_texts_of_a_configuration_are_short(
    stub: LayerServiceStub, session: str, field: str
) -> None:
    layers = [{field: "y" * 65}]
    refused = refusal(lambda: add(stub, session, "Sequential", layers=layers))
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.fields[0].startswith("layer.config.layers[0]")


def test_layers_without_number_in_one(stub: LayerServiceStub, session: str) -> None:
    refused = refusal(lambda: add(stub, session, "Sequential", layers=["ReLU"] * 20_000))
    assert_too_large(refused)
    assert refused.metadata["limit"] == str(Settings().layer_config_values)


def test_configurations_of_a_session_are_bounded_together(stub: LayerServiceStub) -> None:
    session = new_session(stub)
    layers = [{"type": "ReLU", "name": f"{number:064}"} for number in range(3_000)]
    sizes = []
    for number in range(5):
        layer = spec(f"n{number}", "Sequential", layers=layers)
        try:
            stub.AddLayer(api.AddLayerRequest(session_id=session, layer=layer), timeout=30)
        except grpc.RpcError as error:
            assert_too_large(Refusal(error))
            break
        sizes.append(layer.ByteSize())
    assert sum(sizes) < Settings().session_record_bytes < sum(sizes) + 2 * sizes[-1]
    get = api.GetSessionRequest(session_id=session)
    assert len(stub.GetSession(get, timeout=30).session.layers) == len(sizes)


def test_context_that_a_session_may_not_keep_is_refused_before_it_is_made(
    stub: LayerServiceStub, session: str
) -> None:
    # 72 MB in, and as much in each of four caches.
    add(stub, session, "Sequential", layers=["GELU"] * 4)
    x = np.ones((9_000_000,))
    refused = refusal(lambda: forward(stub, session, "new", x))
    assert (refused.code, refused.reason) == (EXHAUSTED, "TOO_LARGE")
    assert "untracked" in refused.message
    assert array(forward(stub, session, "new", x[:1000]).output).shape == (1000,)
