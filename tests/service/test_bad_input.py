"""Bad input: the right status, the field at fault, a helpful sentence, and a session that lives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, array, backward, forward, new_session, refusal, spec, tensor

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import tensor_pb2
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from edunn_serving.v1.tensor_pb2 import Tensor
from standalone.stack import Stack

INVALID = grpc.StatusCode.INVALID_ARGUMENT
X = np.ones((2, 10))


@pytest.fixture
def session(stub: LayerServiceStub) -> Iterator[str]:
    """A session that must still work when the test is over."""
    session_id = new_session(stub, spec("drop", "Dropout", p=0.5))
    yield session_id
    forward(stub, session_id, "drop", X)
    backward(stub, session_id, "drop", X)


def add(stub: LayerServiceStub, session: str, layer_type: str, **config: Any) -> None:
    request = api.AddLayerRequest(session_id=session, layer=spec("new", layer_type, **config))
    stub.AddLayer(request, timeout=30)


def test_unknown_layer_type_lists_near_names(stub: LayerServiceStub, session: str) -> None:
    refused = refusal(lambda: add(stub, session, "Droput"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "LAYER_TYPE_NOT_FOUND")
    assert "Dropout" in refused.message


@pytest.mark.parametrize("p", [1.5, -0.1, 1.0, math.nan, "0.5", True])
def test_bad_p_names_the_field_and_the_bounds(stub: LayerServiceStub, session: str, p: Any) -> None:
    refused = refusal(lambda: add(stub, session, "Dropout", p=p))
    assert (refused.code, refused.fields) == (INVALID, ["layer.config.p"])
    assert "0 <= p < 1" in refused.message or "number" in refused.message


def test_unknown_config_field_is_named(stub: LayerServiceStub, session: str) -> None:
    refused = refusal(lambda: add(stub, session, "Dropout", prob=0.5))
    assert (refused.code, refused.fields) == (INVALID, ["layer.config.prob"])


def test_fault_inside_a_sequential_is_named_by_its_path(
    stub: LayerServiceStub, session: str
) -> None:
    layers = [{"type": "ReLU"}, {"type": "Dropout", "config": {"p": 2}}]
    refused = refusal(lambda: add(stub, session, "Sequential", layers=layers))
    assert (refused.code, refused.fields) == (INVALID, ["layer.config.layers[1].config.p"])


def test_missing_session(stub: LayerServiceStub, session: str) -> None:
    refused = refusal(lambda: forward(stub, "nobody", "drop", X))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
    assert "nobody" in refused.message


def test_no_session_id(stub: LayerServiceStub, session: str) -> None:
    refused = refusal(lambda: forward(stub, "", "drop", X))
    assert (refused.code, refused.fields) == (INVALID, ["session_id"])


def test_unknown_layer_lists_those_there_are(stub: LayerServiceStub, session: str) -> None:
    refused = refusal(lambda: forward(stub, session, "dorp", X))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "LAYER_NOT_FOUND")
    assert "it has drop" in refused.message


def test_backward_before_any_forward(stub: LayerServiceStub, session: str) -> None:
    refused = refusal(lambda: backward(stub, session, "drop", X))
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_FORWARD")


def test_backward_of_an_unknown_forward(stub: LayerServiceStub, session: str) -> None:
    forward(stub, session, "drop", X)
    refused = refusal(lambda: backward(stub, session, "drop", X, forward_id="never"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "FORWARD_NOT_FOUND")


def test_forward_id_reused_with_other_inputs(stub: LayerServiceStub, session: str) -> None:
    forward(stub, session, "drop", X, forward_id="one")
    refused = refusal(lambda: forward(stub, session, "drop", 2 * X, forward_id="one"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "FORWARD_EXISTS")


def malformed(**fields: Any) -> Tensor:
    message = tensor(X)
    for name, value in fields.items():
        message.ClearField(name)
        getattr(message, name).extend(value) if name == "shape" else setattr(message, name, value)
    return message


@pytest.mark.parametrize(
    ("part", "bad"),
    [
        ("data", malformed(data=b"\0" * 159)),
        ("data", malformed(shape=[2, 11])),
        ("data", malformed(shape=[1 << 62, 1 << 62])),
        ("shape", malformed(shape=[-2, -10])),
        ("shape", malformed(shape=[1] * 40)),
        ("shape", malformed(shape=[0, 1 << 62], data=b"")),
        ("shape", malformed(shape=[(1 << 63) - 1, 0], data=b"")),
        ("shape", malformed(shape=[1 << 24, 0, 1 << 25], data=b"")),
        ("data_type", malformed(data_type=tensor_pb2.DATA_TYPE_UNSPECIFIED)),
        ("data_type", malformed(data_type=99)),
        ("data", malformed(data_type=tensor_pb2.DATA_TYPE_BOOL, shape=[2], data=b"\1\2")),
    ],
)
def test_malformed_tensor_names_its_part(
    stub: LayerServiceStub, session: str, part: str, bad: Tensor
) -> None:
    refused = refusal(lambda: forward(stub, session, "drop", bad))
    assert (refused.code, refused.fields) == (INVALID, [f"inputs[0].{part}"])


IMPOSSIBLE = malformed(shape=[0, 1 << 62], data=b"")


def test_shape_that_no_array_can_have_is_named_in_every_message_with_a_tensor(
    stub: LayerServiceStub, session: str
) -> None:
    add(stub, session, "Linear", input_size=10, output_size=2)
    forward(stub, session, "new", X)
    layer = spec("other", "Bias", output_size=1)
    layer.parameters["b"].CopyFrom(IMPOSSIBLE)
    calls = {
        "output_gradient.shape": lambda: backward(stub, session, "new", IMPOSSIBLE),
        "parameters[w].shape": lambda: stub.SetParameters(
            api.SetParametersRequest(session_id=session, layer="new", parameters={"w": IMPOSSIBLE}),
            timeout=30,
        ),
        "layer.parameters[b].shape": lambda: stub.AddLayer(
            api.AddLayerRequest(session_id=session, layer=layer), timeout=30
        ),
        "layers[0].parameters[b].shape": lambda: new_session(stub, layer),
    }
    for field, call in calls.items():
        refused = refusal(call)
        assert (refused.code, refused.fields) == (INVALID, [field])


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.bool_])
@pytest.mark.parametrize("layer_type", ["Linear", "Sequential", "SquaredError", "MeanError"])
def test_the_service_does_not_cast_as_the_library_does(
    stub: LayerServiceStub, session: str, layer_type: str, dtype: type[np.generic]
) -> None:
    config: dict[str, dict[str, Any]] = {
        "Linear": {"input_size": 2, "output_size": 2},
        "Sequential": {"layers": ["ReLU"]},
        "SquaredError": {},
        "MeanError": {"sample_error": "SquaredError"},
    }
    add(stub, session, layer_type, **config[layer_type])
    floats = [np.ones((2, 2))] * (2 if layer_type.endswith("Error") else 1)
    for at in range(len(floats)):
        given = [*floats[:at], np.ones((2, 2), dtype), *floats[at + 1 :]]
        refused = refusal(partial(forward, stub, session, "new", *given))
        assert (refused.code, refused.fields) == (INVALID, [f"inputs[{at}]"])
    output = array(forward(stub, session, "new", *floats).output)
    refused = refusal(lambda: backward(stub, session, "new", np.ones(output.shape, dtype)))
    assert (refused.code, refused.fields) == (INVALID, ["output_gradient"])


def test_integers_are_an_error_not_a_cast(stub: LayerServiceStub, session: str) -> None:
    refused = refusal(lambda: forward(stub, session, "drop", np.ones((2, 2), np.int64)))
    assert (refused.code, refused.fields) == (INVALID, ["inputs[0]"])


@pytest.mark.parametrize("inputs", [(), (X, X)])
def test_wrong_number_of_inputs(stub: LayerServiceStub, session: str, inputs: tuple[Any]) -> None:
    refused = refusal(lambda: forward(stub, session, "drop", *inputs))
    assert (refused.code, refused.fields) == (INVALID, ["inputs"])


def test_gradient_of_another_shape(stub: LayerServiceStub, session: str) -> None:
    forward(stub, session, "drop", X)
    refused = refusal(lambda: backward(stub, session, "drop", np.ones((2, 9))))
    assert (refused.code, refused.fields) == (INVALID, ["output_gradient"])
    assert "[2, 10]" in refused.message


def test_wrong_input_shape_names_what_is_expected(stub: LayerServiceStub, session: str) -> None:
    add(stub, session, "Linear", input_size=3, output_size=2)
    refused = refusal(lambda: forward(stub, session, "new", X))
    assert (refused.code, refused.fields) == (INVALID, ["inputs[0]"])
    assert "3" in refused.message
    assert "10" in refused.message


def test_parameters_of_a_wrong_name_shape_or_type(stub: LayerServiceStub, session: str) -> None:
    add(stub, session, "Linear", input_size=3, output_size=2)
    for name, value in {"v": np.ones((3, 2)), "w": np.ones((2, 3))}.items():
        request = api.SetParametersRequest(
            session_id=session, layer="new", parameters={name: tensor(value)}
        )
        refused = refusal(partial(stub.SetParameters, request, timeout=30))
        assert (refused.code, refused.fields) == (INVALID, [f"parameters[{name}]"])


@pytest.mark.parametrize("name", ["", "a/b", "x" * 65, "ñ"])
def test_bad_layer_name(stub: LayerServiceStub, session: str, name: str) -> None:
    request = api.AddLayerRequest(session_id=session, layer=spec(name, "ReLU"))
    refused = refusal(lambda: stub.AddLayer(request, timeout=30))
    assert (refused.code, refused.fields) == (INVALID, ["layer.name"])


@pytest.mark.parametrize(
    ("layer_type", "config", "needed"),
    [
        # It fits in a worker's memory, and would take seconds to draw.
        ("Linear", {"input_size": 20_000, "output_size": 20_000}, 3_200_000_000),
        # It fits nowhere.
        ("Linear", {"input_size": 10_000_000, "output_size": 1_000_000}, 80_000_000_000_000),
        # Its scale and its shift alone would do.
        ("BatchNorm", {"num_features": 20_000_000}, 320_000_000),
    ],
)
def test_layer_larger_than_a_session_may_be(
    stub: LayerServiceStub, session: str, layer_type: str, config: dict[str, int], needed: int
) -> None:
    refused = refusal(lambda: add(stub, session, layer_type, **config))
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_LARGE")
    # Worked out from the configuration: nothing was built.
    assert refused.metadata == {"bytes": str(needed), "limit": "268435456"}


def test_layers_that_are_too_large_together(stub: LayerServiceStub, session: str) -> None:
    add(stub, session, "Linear", input_size=1, output_size=1)
    all_there_is = spec("large", "Linear", input_size=1024, output_size=32768)
    request = api.AddLayerRequest(session_id=session, layer=all_there_is)
    refused = refusal(lambda: stub.AddLayer(request, timeout=30))
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_LARGE")
    assert refused.metadata == {"bytes": str(268435456 + 8), "limit": "268435456"}


def test_phase_that_is_none(stub: LayerServiceStub, session: str) -> None:
    refused = refusal(lambda: forward(stub, session, "drop", X, phase=7))
    assert (refused.code, refused.fields) == (INVALID, ["phase"])


def test_bytes_that_are_no_message(stack: Stack, session: str) -> None:
    with grpc.insecure_channel(stack.address) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/edunn_serving.v1.LayerService/Forward"
        )
        refused = refusal(lambda: call(b"\xff\xff\xff", timeout=30))
    assert (refused.code, refused.fields) == (INVALID, ["request"])


def test_name_that_is_too_long_is_said_so_and_not_repeated(stub: LayerServiceStub) -> None:
    request = api.GetSessionRequest(session_id="x" * 1_000_000)
    refused = refusal(lambda: stub.GetSession(request, timeout=30))
    assert (refused.code, refused.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["session_id"])
    assert len(refused.message) < 200


def test_request_of_countless_fields_holds_up_nobody(stub: LayerServiceStub, stack: Stack) -> None:
    # A million unknown fields of two bytes each: well-formed, and of no use.
    request = b"\x50\x01" * 1_000_000
    with grpc.insecure_channel(stack.address, UNLIMITED) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/edunn_serving.v1.LayerService/Forward"
        )
        refused = refusal(lambda: call(request, timeout=30))
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "10000" in refused.message


def nested(depth: int) -> dict[str, Any]:
    """A configuration of so many Sequentials within each other, around a ReLU."""
    layer: dict[str, Any] = {"type": "ReLU"}
    for _ in range(depth):
        layer = {"type": "Sequential", "config": {"layers": [layer]}}
    return dict(layer["config"])


def test_layers_as_deep_as_the_contract_says_are_served(stub: LayerServiceStub) -> None:
    session = new_session(stub, spec("deep", "Sequential", **nested(10)))
    assert forward(stub, session, "deep", X).output.shape == [2, 10]
    got = stub.GetSession(api.GetSessionRequest(session_id=session), timeout=30)
    assert got.session.layers[0].type == "Sequential"


@pytest.mark.parametrize("method", ["CreateSession", "AddLayer"])
@pytest.mark.parametrize("depth", [11, 12, 13, 40, 400])
def test_layers_within_each_other_too_deep_are_refused_in_a_sentence(
    stack: Stack, session: str, method: str, depth: int
) -> None:
    # By hand: protobuf does not write what it would not read.
    value = b""
    for _ in range(depth):
        value = _field(5, _field(1, _field(1, b"layers") + _field(2, _field(6, _field(1, value)))))
        value = _field(5, _field(1, _field(1, b"config") + _field(2, value)))
    config = _field(1, _field(1, b"layers") + _field(2, value))
    layer = _field(1, b"deep") + _field(2, b"Sequential") + _field(3, config)
    request = _field(2, layer) + (_field(1, session.encode()) if method == "AddLayer" else b"")
    with grpc.insecure_channel(stack.address) as channel:
        path = f"/edunn_serving.v1.LayerService/{method}"
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
        refused = refusal(lambda: call(request, timeout=30))
    assert (refused.code, refused.reason) == (INVALID, "INVALID_ARGUMENT")
    assert "10 layers within each other" in refused.message


def _field(number: int, value: bytes) -> bytes:
    size, length = len(value), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + value
