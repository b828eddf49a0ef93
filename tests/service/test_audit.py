"""The audit log: a line for each event, by which a call is found again in the service's log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from contract import spec, tensor
from more_servers import one_more_server
from waiting import await_true

from edunn_serving.own_channel import WITHOUT_PROXY
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

ANA = (("authorization", "Bearer red-secret"),)


class Audited:
    """A server with an audit log of its own."""

    def __init__(self, channel: grpc.Channel, file: Path) -> None:
        self.stub = LayerServiceStub(channel)
        self._file = file

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._file.read_text().splitlines()]

    def await_line(self, **wanted: str) -> dict[str, Any]:
        """Return the line that has these values, once it is there."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.lines() if wanted.items() <= line.items()]

        await_true(lambda: bool(found()), f"a line with {wanted}")
        (line,) = found()
        return line


@pytest.fixture(scope="module")
def audited(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    file = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    settings = {
        "EDUNN_AUDIT_FILE": str(file),
        "EDUNN_TOKENS": "ana=red-secret",
    }
    with (
        one_more_server(stack, **settings) as address,
        grpc.insecure_channel(address, WITHOUT_PROXY) as channel,
    ):
        yield Audited(channel, file)


def request_id_of(error: grpc.RpcError) -> str:
    sent_back: Any = error.trailing_metadata()
    return str(dict(sent_back)["edunn-request-id"])


def test_a_session_is_noted_when_it_is_made_and_when_it_is_ended(audited: Audited) -> None:
    create = api.CreateSessionRequest(layers=[spec("drop", "Dropout", p=0.5)])
    session = audited.stub.CreateSession(create, metadata=ANA, timeout=30).session.session_id
    delete = api.DeleteSessionRequest(session_id=session)
    audited.stub.DeleteSession(delete, metadata=ANA, timeout=30)
    for event, method in (("session made", "CreateSession"), ("session ended", "DeleteSession")):
        line = audited.await_line(event=event, session=session)
        assert (line["caller"], line["method"]) == ("ana", method)
        assert line["peer"].startswith("ipv4:127.0.0.1:")
        assert line["request_id"]
        assert line["time"].endswith("Z")


def test_what_failed_is_no_session_made(audited: Audited) -> None:
    create = api.CreateSessionRequest(session_id="wrong", layers=[spec("x", "None")])
    with pytest.raises(grpc.RpcError) as caught:
        audited.stub.CreateSession(create, metadata=ANA, timeout=30)
    # An error that is of no interest here has its id too.
    assert request_id_of(caught.value)
    assert not [line for line in audited.lines() if line.get("session") == "wrong"]


def test_a_limit_that_is_met_is_noted_with_its_name(audited: Audited) -> None:
    create = api.CreateSessionRequest(
        layers=[spec(f"layer{number}", "ReLU") for number in range(300)]
    )
    with pytest.raises(grpc.RpcError) as caught:
        audited.stub.CreateSession(create, metadata=ANA, timeout=30)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    line = audited.await_line(event="limit", request_id=request_id_of(caught.value))
    assert (line["caller"], line["reason"]) == ("ana", "QUOTA")


def test_a_limit_that_a_stream_meets_is_noted_too(audited: Audited) -> None:
    create = api.CreateSessionRequest(layers=[spec("linear", "Linear", input_size=1,
                                                   output_size=2_000_000)])  # fmt: skip
    session = audited.stub.CreateSession(create, metadata=ANA, timeout=30).session.session_id
    forward = api.ForwardRequest(session_id=session, layer="linear", inputs=[tensor([[1.0]] * 10)])
    operation = api.ComputeOperation(request_id="large", forward=forward)
    request = api.ComputeRequest(operations=[operation])
    (response,) = audited.stub.Compute(iter([request]), metadata=ANA, timeout=60)
    assert response.results[0].error.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert audited.await_line(event="limit", method="Compute")["reason"] == "TOO_LARGE"


def test_a_refused_call_is_noted_without_what_it_showed(audited: Audited, stack: Stack) -> None:
    for metadata in ((), (("authorization", "Bearer guess-secret"),)):
        with pytest.raises(grpc.RpcError) as caught:
            audited.stub.ListLayerTypes(api.ListLayerTypesRequest(), metadata=metadata, timeout=30)
        line = audited.await_line(request_id=request_id_of(caught.value))
        assert (line["event"], line["reason"]) == ("refused", "UNAUTHENTICATED")
        assert line["caller"] == ""
    text = json.dumps(audited.lines())
    assert "guess-secret" not in text
    assert "red-secret" not in text


def test_a_denied_call_is_noted_with_its_caller(audited: Audited) -> None:
    request = api.GetSessionRequest(session_id="a")
    for_ben = (*ANA, ("edunn-on-behalf-of", "ben"))
    with pytest.raises(grpc.RpcError) as caught:
        audited.stub.GetSession(request, metadata=for_ben, timeout=30)
    line = audited.await_line(request_id=request_id_of(caught.value))
    assert (line["event"], line["reason"]) == ("refused", "PERMISSION_DENIED")
    assert line["caller"] == "ana"


def test_the_id_of_a_call_that_a_worker_refuses_is_in_both_logs(stack: Stack) -> None:
    with grpc.insecure_channel(stack.address, WITHOUT_PROXY) as channel:
        stub = LayerServiceStub(channel)
        session = stub.CreateSession(api.CreateSessionRequest(), timeout=30).session.session_id
        forward = api.ForwardRequest(session_id=session, layer="none", inputs=[tensor([[1.0]])])
        with pytest.raises(grpc.RpcError) as caught:
            stub.Forward(forward, timeout=30)
    request_id = request_id_of(caught.value)
    for name in ("server", "worker"):

        def found(name: str = name) -> bool:
            logs = [log.read_text() for log in stack.data.glob(f"{name}*.log")]
            return any(f"{request_id} Forward LAYER_NOT_FOUND" in log for log in logs)

        await_true(found, f"the id in the log of the {name}")


def test_a_callers_text_forges_no_line(audited: Audited) -> None:
    before = len(audited.lines())
    with pytest.raises(grpc.RpcError) as caught:
        audited.stub.GetSession(
            api.GetSessionRequest(session_id='x"}\n{"event": "forged"}'), timeout=30
        )
    audited.await_line(request_id=request_id_of(caught.value))
    assert all(line["event"] != "forged" for line in audited.lines()[before:])
