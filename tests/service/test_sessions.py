"""Sessions: what they are, how they end, whose they are."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import grpc
import numpy as np
import pytest
from contract import forward, new_session, refusal, spec
from google.protobuf import duration_pb2
from waiting import await_true

from edunn_serving.v1 import layer_pb2
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

DROP = spec("drop", "Dropout", p=0.5)
X = np.ones((2, 10))


def get_session(stub: LayerServiceStub, session_id: str) -> api.GetSessionResponse:
    request = api.GetSessionRequest(session_id=session_id)
    response: api.GetSessionResponse = stub.GetSession(request, timeout=30)
    return response


def keys_of(stack: Stack, session_id: str) -> list[bytes]:
    return [key for key in stack.redis_client().scan_iter() if session_id.encode() in key]


def test_get_session_describes_it(stub: LayerServiceStub) -> None:
    linear = spec("fc", "Linear", input_size=3, output_size=2)
    session_id = new_session(stub, DROP, linear, seed=9, phase=layer_pb2.PHASE_TEST)
    session = get_session(stub, session_id).session
    assert (session.session_id, session.seed) == (session_id, 9)
    assert session.phase == layer_pb2.PHASE_TEST
    assert [(layer.name, layer.type) for layer in session.layers] == [
        ("drop", "Dropout"),
        ("fc", "Linear"),
    ]
    assert session.layers[0].config["p"] == 0.5
    (w,) = session.layers[1].parameters
    assert (w.name, list(w.shape)) == ("w", [3, 2])
    assert session.expire_time.ToSeconds() - time.time() == pytest.approx(3600, abs=60)


def test_add_layer_extends_a_session(stub: LayerServiceStub) -> None:
    session_id = new_session(stub)
    stub.AddLayer(api.AddLayerRequest(session_id=session_id, layer=DROP), timeout=30)
    forward(stub, session_id, "drop", X)
    refused = refusal(
        lambda: stub.AddLayer(api.AddLayerRequest(session_id=session_id, layer=DROP), timeout=30)
    )
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "LAYER_EXISTS")


def test_chosen_session_id_can_be_taken_once(stub: LayerServiceStub) -> None:
    new_session(stub, session_id="chosen.once")
    refused = refusal(lambda: new_session(stub, session_id="chosen.once"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "SESSION_EXISTS")


def test_deleted_session_leaves_no_key(stub: LayerServiceStub, stack: Stack) -> None:
    session_id = new_session(stub, DROP)
    for _ in range(3):
        forward(stub, session_id, "drop", X)
    assert keys_of(stack, session_id)
    stub.DeleteSession(api.DeleteSessionRequest(session_id=session_id), timeout=30)
    assert keys_of(stack, session_id) == []
    assert refusal(lambda: get_session(stub, session_id)).reason == "SESSION_NOT_FOUND"


def test_new_session_of_a_deleted_name_has_nothing_of_the_old(stub: LayerServiceStub) -> None:
    linear = spec("fc", "Linear", input_size=10, output_size=2)
    first = new_session(stub, linear, session_id="again", seed=1)
    before = forward(stub, first, "fc", X)
    stub.DeleteSession(api.DeleteSessionRequest(session_id="again"), timeout=30)
    new_session(stub, linear, session_id="again", seed=2)
    assert forward(stub, "again", "fc", X).output != before.output


def test_session_expires_unless_used(stub: LayerServiceStub, stack: Stack) -> None:
    # Long enough that a busy machine makes no pause of it between two calls.
    ttl = duration_pb2.Duration(seconds=4)
    session_id = new_session(stub, DROP, ttl=ttl)
    used_until = time.monotonic() + 1.1 * ttl.seconds
    while time.monotonic() < used_until:
        forward(stub, session_id, "drop", X)
    await_true(lambda: not keys_of(stack, session_id), "the expiry of the session")
    assert refusal(lambda: get_session(stub, session_id)).reason == "SESSION_NOT_FOUND"


def test_mask_takes_a_bit_an_element(stub: LayerServiceStub, stack: Stack) -> None:
    session_id = new_session(stub, DROP)
    x = np.ones((64, 1024))
    before = _memory(stack, session_id)
    for _ in range(10):
        forward(stub, session_id, "drop", x)
    assert (_memory(stack, session_id) - before) / 10 < x.size / 8 * 1.25 + 256


def _memory(stack: Stack, session_id: str) -> int:
    redis = stack.redis_client()
    return sum(redis.memory_usage(key, samples=0) or 0 for key in keys_of(stack, session_id))


def test_oldest_contexts_are_evicted_beyond_the_budget(tmp_path: Path) -> None:
    with (
        Stack(
            tmp_path, workers=1, others={}, environment={"EDUNN_SESSION_CONTEXT_BYTES": "2000"}
        ) as stack,
        grpc.insecure_channel(stack.address) as channel,
    ):
        stub = LayerServiceStub(channel)
        session_id = new_session(stub, DROP)
        ids = [forward(stub, session_id, "drop", np.ones((8, 64))).forward_id for _ in range(50)]
        request = api.BackwardRequest(session_id=session_id, layer="drop", forward_id=ids[0])
        refused = refusal(lambda: stub.Backward(request, timeout=30))
        assert (refused.code, refused.reason) == (
            grpc.StatusCode.FAILED_PRECONDITION,
            "CONTEXT_EVICTED",
        )
        request = api.BackwardRequest(session_id=session_id, layer="drop", forward_id=ids[-1])
        # Still there: only the missing gradient is refused.
        assert refusal(lambda: stub.Backward(request, timeout=30)).fields == ["output_gradient"]
        too_large = refusal(lambda: forward(stub, session_id, "drop", np.ones((800, 64))))
        assert (too_large.code, too_large.reason) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "TOO_LARGE",
        )


def test_tokens_keep_callers_apart(tmp_path: Path) -> None:
    environment = {"EDUNN_TOKENS": "ana=red,ben=blue"}
    with (
        Stack(tmp_path, workers=1, others={}, environment=environment) as stack,
        grpc.insecure_channel(stack.address) as channel,
    ):
        stub = LayerServiceStub(channel)
        request = api.CreateSessionRequest(session_id="mine")
        ana, ben = ([("authorization", f"Bearer {token}")] for token in ("red", "blue"))
        stub.CreateSession(request, metadata=ana, timeout=30)
        get = api.GetSessionRequest(session_id="mine")
        stub.GetSession(get, metadata=ana, timeout=30)
        foreign = refusal(lambda: stub.GetSession(get, metadata=ben, timeout=30))
        assert (foreign.code, foreign.reason) == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
        # Ben cannot even tell that the name is taken.
        stub.CreateSession(request, metadata=ben, timeout=30)
        for metadata in (None, [("authorization", "Bearer green")]):
            stranger = refusal(partial(stub.GetSession, get, metadata=metadata, timeout=30))
            assert stranger.code == grpc.StatusCode.UNAUTHENTICATED
