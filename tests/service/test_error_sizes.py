"""An error stays an error, small and complete, however much a caller sends that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from contract import UNLIMITED, new_session, refusal, spec, tensor

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

# Of one character, of two bytes, of four, and what a header escapes.
LONG_TEXTS = ["x" * 1_000_000, "ß" * 500_000, "𝔵" * 300_000, "\n\x00%" * 300_000]
# What an HTTP/2 peer takes by default, for the whole header.
HEADER_BYTES = 8192


def create(text: str) -> tuple[str, Any]:
    return "CreateSession", api.CreateSessionRequest(layers=[spec(text, "ReLU")])


def create_by_id(text: str) -> tuple[str, Any]:
    return "CreateSession", api.CreateSessionRequest(session_id=text)


def create_of_type(text: str) -> tuple[str, Any]:
    return "CreateSession", api.CreateSessionRequest(layers=[spec("a", text)])


def create_with_config(text: str) -> tuple[str, Any]:
    return "CreateSession", api.CreateSessionRequest(layers=[spec("a", "Dropout", p=text)])


def create_with_field(text: str) -> tuple[str, Any]:
    return "CreateSession", api.CreateSessionRequest(layers=[spec("a", "ReLU", **{text: 1})])


def get_session(text: str) -> tuple[str, Any]:
    return "GetSession", api.GetSessionRequest(session_id=text)


def set_parameters(text: str) -> tuple[str, Any]:
    request = api.SetParametersRequest(layer="linear")
    request.parameters[text].CopyFrom(tensor([[1.0]]))
    return "SetParameters", request


def forward(text: str) -> tuple[str, Any]:
    return "Forward", api.ForwardRequest(layer=text, inputs=[tensor([[1.0]])])


def forward_by_id(text: str) -> tuple[str, Any]:
    return "Forward", api.ForwardRequest(layer="linear", inputs=[tensor([[1.0]])], forward_id=text)


REQUESTS = [
    create, create_by_id, create_of_type, create_with_config, create_with_field, get_session,
    set_parameters, forward, forward_by_id,
]  # fmt: skip


@pytest.fixture(scope="module")
def session(stub: LayerServiceStub) -> str:
    return new_session(stub, spec("linear", "Linear", input_size=1, output_size=1))


@pytest.mark.parametrize("text", LONG_TEXTS, ids=["x", "ß", "𝔵", "escaped"])
@pytest.mark.parametrize("request_of", REQUESTS)
def test_long_text_is_refused_and_quoted_in_part(
    stub: LayerServiceStub,
    session: str,
    request_of: Callable[[str], tuple[str, Any]],
    text: str,
) -> None:
    method, request = request_of(text)
    if method != "CreateSession" and not request.session_id:
        request.session_id = session
    refused = refusal(lambda: getattr(stub, method)(request, timeout=60))
    assert refused.reason in {
        "INVALID_ARGUMENT", "LAYER_TYPE_NOT_FOUND", "LAYER_NOT_FOUND", "TOO_LARGE",
    }  # fmt: skip
    assert text[:200] not in refused.message
    details = sum(detail.ByteSize() for detail in refused.details.values())
    assert 3 * len(refused.message.encode()) + 4 * details / 3 < HEADER_BYTES


def test_countless_violations_are_told_by_their_number(stub: LayerServiceStub) -> None:
    wrong = {f"field{number}": 1 for number in range(10_000)}
    request = api.CreateSessionRequest(layers=[spec("a", "ReLU", **wrong)])
    refused = refusal(lambda: stub.CreateSession(request, timeout=60))
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT
    assert 1 <= len(refused.fields) <= 16


def test_large_error_of_a_stream_is_an_error(stub: LayerServiceStub, session: str) -> None:
    request = api.ForwardRequest(session_id=session, layer="linear")
    # Two axes too many: the answer tells the shape.
    request.inputs.add(data_type=3, shape=[1] * 30, data=b"\0" * 8)
    operation = api.ComputeOperation(request_id="a", forward=request)
    answers = stub.Compute(iter([api.ComputeRequest(operations=[operation])]), timeout=60)
    (result,) = (result for answer in answers for result in answer.results)
    assert result.WhichOneof("result") == "error"


def test_request_beyond_the_limit_names_the_field_and_the_limit(tmp_path: Path) -> None:
    limit = 1 << 20
    settings = {"EDUNN_MAX_MESSAGE_BYTES": str(limit)}
    with (
        Stack(tmp_path, workers=1, others={}, environment=settings) as stack,
        grpc.insecure_channel(stack.address, UNLIMITED) as channel,
    ):
        stub = LayerServiceStub(channel)
        session = new_session(stub, spec("a", "ReLU"))
        request = api.ForwardRequest(session_id=session, layer="a", inputs=[tensor([0.0] * limit)])
        refused = refusal(lambda: stub.Forward(request, timeout=60))
        assert (refused.code, refused.reason, refused.fields) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "TOO_LARGE",
            ["inputs"],
        )
        assert refused.metadata["limit"] == str(limit)
        operation = api.ComputeOperation(request_id="a", forward=request)
        in_stream = refusal(
            lambda: list(stub.Compute(iter([api.ComputeRequest(operations=[operation])])))
        )
        assert (in_stream.reason, in_stream.fields) == ("TOO_LARGE", ["operations"])


@pytest.mark.parametrize(
    "path", ["/edunn_serving.v1.LayerService/Fly", "/nobody.Service/Call", "/" + "x" * 5000]
)
def test_unknown_method_carries_a_reason(stack: Stack, path: str) -> None:
    with grpc.insecure_channel(stack.address) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
        refused = refusal(lambda: call(b"", timeout=30))
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED")


def test_health_of_an_unknown_service_carries_a_reason(stack: Stack) -> None:
    with grpc.insecure_channel(stack.address) as channel:
        path = "/grpc.health.v1.Health/Check"
        check: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
        refused = refusal(lambda: check(b"\n\x04none", timeout=30))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "SERVICE_NOT_FOUND")
