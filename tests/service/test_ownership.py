"""What belongs to a caller does not exist for others, but for those who may act for the caller."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import grpc
import pytest
from contract import refusal, spec, tensor
from more_servers import one_more_server

from edunn_serving.own_channel import WITHOUT_PROXY
from edunn_serving.rpcs import LAYER_RPCS, LAYER_SERVICE
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

ROUNDS = 150
Metadata = tuple[tuple[str, str], ...]


def bearer(token: str, *more: tuple[str, str]) -> Metadata:
    return (("authorization", f"Bearer {token}"), *more)


ANA, BEN = bearer("red"), bearer("blue")
TEACHER, ROOT = (bearer(token, ("edunn-on-behalf-of", "ana")) for token in ("green", "gold"))


@pytest.fixture(scope="module")
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    tokens = "ana=red,ben=blue,teacher:grader=green,root:admin=gold"
    with (
        one_more_server(stack, EDUNN_TOKENS=tokens) as address,
        grpc.insecure_channel(address, WITHOUT_PROXY) as channel,
    ):
        yield LayerServiceStub(channel)


@pytest.fixture
def session_of_ana(stub: LayerServiceStub) -> Iterator[str]:
    request = api.CreateSessionRequest(layers=[spec("drop", "Dropout", p=0.5)])
    session_id = stub.CreateSession(request, metadata=ANA, timeout=30).session.session_id
    yield session_id
    with suppress(grpc.RpcError):
        delete = api.DeleteSessionRequest(session_id=session_id)
        stub.DeleteSession(delete, metadata=ANA, timeout=30)


def answers_of(stub: LayerServiceStub, method: str, request: Any) -> list[Any]:
    """Call a method as Ben, and read all of its answers."""
    kind = LAYER_SERVICE.methods_by_name[method]
    sent = iter([request]) if kind.client_streaming else request
    answer = getattr(stub, method)(sent, metadata=BEN, timeout=30)
    return list(answer) if kind.server_streaming else [answer]


@pytest.mark.parametrize("method", [name for name, rpc in LAYER_RPCS.items() if rpc.names_session])
def test_anothers_session_is_refused_by_every_method_as_one_that_never_was(
    stub: LayerServiceStub, session_of_ana: str, method: str
) -> None:
    if method == "CreateSession":
        return
    request_type = LAYER_RPCS[method].request_type
    texts = []
    for session_id in (session_of_ana, "x" * len(session_of_ana)):
        request: Any = request_type(session_id=session_id)
        for field in request_type.DESCRIPTOR.fields:
            if field.name == "layer" and field.message_type is not None:
                request.layer.CopyFrom(spec("new", "ReLU"))
            elif field.name in ("layer", "loss", "step_id"):
                setattr(request, field.name, "drop")
        answer = refusal(partial(answers_of, stub, method, request))
        texts.append((answer.code, answer.message.replace(session_id, "ID")))
    assert texts[0] == texts[1]


def test_the_time_of_a_refusal_does_not_tell_whether_the_session_is_anothers(
    stub: LayerServiceStub, session_of_ana: str
) -> None:
    # Other work on the machine may disturb a comparison, but not each of them in the same way.
    ratios = (time_of_foreign_by_absent(stub, session_of_ana) for _ in range(5))
    assert any(0.8 < ratio < 1.25 for ratio in ratios)


def time_of_foreign_by_absent(stub: LayerServiceStub, foreign: str) -> float:
    """Compare the times in which two sessions are refused: another caller's, and one that is not
    there.
    """
    x = tensor([[1.0, 2.0]])
    ids = {"foreign": foreign, "absent": "x" * len(foreign)}
    times: dict[str, list[float]] = {kind: [] for kind in ids}
    for round_ in range(ROUNDS):
        # The order changes, because a call may have the one before to thank.
        for kind in sorted(ids, reverse=bool(round_ % 2)):
            request = api.ForwardRequest(session_id=ids[kind], layer="drop", inputs=[x])
            began = time.monotonic()
            refusal(partial(stub.Forward, request, metadata=BEN, timeout=30))
            times[kind].append(time.monotonic() - began)
    return statistics.median(times["foreign"]) / statistics.median(times["absent"])


def test_a_grader_looks_at_a_students_session_and_changes_nothing(
    stub: LayerServiceStub, session_of_ana: str
) -> None:
    get = api.GetSessionRequest(session_id=session_of_ana)
    assert stub.GetSession(get, metadata=TEACHER, timeout=30).session.session_id == session_of_ana
    delete = api.DeleteSessionRequest(session_id=session_of_ana)
    denied = refusal(partial(stub.DeleteSession, delete, metadata=TEACHER, timeout=30))
    assert (denied.code, denied.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    assert "needs the role admin" in denied.message
    # As oneself a grader has no such session.
    own = refusal(partial(stub.GetSession, get, metadata=bearer("green"), timeout=30))
    assert own.reason == "SESSION_NOT_FOUND"


def test_an_admin_sees_and_ends_anothers_session(
    stub: LayerServiceStub, session_of_ana: str
) -> None:
    get = api.GetSessionRequest(session_id=session_of_ana)
    assert stub.GetSession(get, metadata=ROOT, timeout=30).session.session_id == session_of_ana
    delete = api.DeleteSessionRequest(session_id=session_of_ana)
    stub.DeleteSession(delete, metadata=ROOT, timeout=30)
    assert refusal(partial(stub.GetSession, get, metadata=ANA, timeout=30)).reason == (
        "SESSION_NOT_FOUND"
    )


def test_a_student_cannot_act_for_another(stub: LayerServiceStub, session_of_ana: str) -> None:
    get = api.GetSessionRequest(session_id=session_of_ana)
    metadata = (*BEN, ("edunn-on-behalf-of", "ana"))
    denied = refusal(partial(stub.GetSession, get, metadata=metadata, timeout=30))
    assert denied.reason == "PERMISSION_DENIED"
