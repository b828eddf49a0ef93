"""What a server reads of a request without parsing it."""

from __future__ import annotations

import pytest
from contract import tensor

from edunn_serving.errors import ServiceError
from edunn_serving.rpcs import LAYER_RPCS
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import step_pb2
from server.envelope import head_of, largest_field

TENSOR = tensor([[1.0, 2.0]])


def test_head_of_a_forward_names_its_session_layer_and_forward() -> None:
    request = api.ForwardRequest(session_id="s", layer="l", inputs=[TENSOR], forward_id="f")
    head = head_of("Forward", "caller", 7, request.SerializeToString(), "call-1")
    assert head == ("Forward", "caller", "s", 7, "l", "f", None, None, "call-1", 0)


def test_head_of_a_train_step_names_its_loss_and_its_id() -> None:
    request = step_pb2.TrainStepRequest(session_id="s", layer="l", loss="e", step_id="7")
    head = head_of("TrainStep", "", 0, request.SerializeToString())
    assert (head.layer, head.loss, head.repeat_id) == ("l", "e", "7")


def test_head_of_a_method_without_a_layer_names_none() -> None:
    # AddLayer has a field `layer` too, but no name.
    request = api.AddLayerRequest(session_id="s")
    request.layer.name = "new"
    head = head_of("AddLayer", "", 0, request.SerializeToString())
    assert (head.layer, head.forward_id) == (None, None)


@pytest.mark.parametrize(
    ("request_bytes", "field"),
    [
        (b"", "session_id"),
        (b"\n\x00", "session_id"),
        (b"\n\x41" + b"s" * 65, "session_id"),
        (b"\n\x01s\x12\x41" + b"l" * 65, "layer"),
        (b"\n\x01s*\x81\x01" + b"f" * 129, "forward_id"),
        (b"\n\x05s", "request"),
        (b"\n\x01\xff", "request"),
        (b"\x0b", "request"),
        (b"\xff" * 20, "request"),
        (b"\n\x01s" + b"\x20\x01" * 20_000, "request"),
    ],
)
def test_malformed_request_is_refused_by_its_field(request_bytes: bytes, field: str) -> None:
    with pytest.raises(ServiceError) as refused:
        head_of("Forward", "", 0, request_bytes)
    assert [name for name, _ in refused.value.violations] == [field]


def test_every_method_that_is_about_a_session_is_read_by_the_contract() -> None:
    about_layers = {name for name, rpc in LAYER_RPCS.items() if "layer" in rpc.name_fields.values()}
    assert about_layers >= {"Forward", "Backward", "GetParameters", "SetParameters"}
    assert {
        name for name, rpc in LAYER_RPCS.items() if "forward_id" in rpc.name_fields.values()
    } >= {
        "Forward",
        "Backward",
    }
    assert not LAYER_RPCS["ListLayerTypes"].names_session
    assert LAYER_RPCS["Compute"].client_streaming


def test_largest_field_is_found_over_its_repetitions() -> None:
    request = api.ForwardRequest(session_id="s" * 50, inputs=[TENSOR, TENSOR, TENSOR])
    assert largest_field(request.SerializeToString()) == 3
    assert largest_field(b"\xff") == 0
