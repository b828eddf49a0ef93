"""What sessions leave in Redis: no more than they may, and nothing when they have ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from contract import Refusal, array, backward, forward, new_session, refusal, spec, tensor
from google.protobuf import duration_pb2
from waiting import await_true

from edunn_serving import keys
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

DROP = spec("drop", "Dropout", p=0.5)
DENSE = spec("dense", "Dense", input_size=64, output_size=32)
NORM = spec("norm", "BatchNorm", num_features=64)
X = np.random.default_rng(1).uniform(1, 2, (8, 64))
CONTEXT_BYTES = 20_000
SESSIONS = 150


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"EDUNN_SESSION_CONTEXT_BYTES": str(CONTEXT_BYTES)}
    with Stack(
        tmp_path_factory.mktemp("state"), workers=2, others={}, environment=settings
    ) as running:
        yield running


@pytest.fixture(scope="module")
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(stack.address) as channel:
        yield LayerServiceStub(channel)


def all_keys(stack: Stack) -> set[bytes]:
    return set(stack.redis_client().scan_iter(count=1000))


def keys_of(stack: Stack, session: str) -> set[bytes]:
    return {key for key in all_keys(stack) if session.encode() in key}


def delete(stub: LayerServiceStub, session: str) -> None:
    stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)


def use(stub: LayerServiceStub, session: str) -> None:
    """Leave a trace of every kind: contexts, counts, parameters, buffers, evicted contexts."""
    for _ in range(3):
        y = array(forward(stub, session, "norm", X).output)
        y = array(forward(stub, session, "drop", y).output)
        forward(stub, session, "dense", y)
        backward(stub, session, "dense", np.ones((8, 32)))


@pytest.mark.parametrize("x", [X, X[:1, :1]], ids=["usual", "tiny"])
@pytest.mark.parametrize("prefix", ["", "n" * 100], ids=["numbered", "long names"])
def test_contexts_stay_within_their_budget_and_the_oldest_go_first(
    stub: LayerServiceStub, stack: Stack, x: np.ndarray, prefix: str
) -> None:
    session = new_session(stub, DROP)
    empty = sum(_bytes_of(stack, session))
    names = [f"{prefix}{number}" if prefix else "" for number in range(400)]
    ids = [forward(stub, session, "drop", x, forward_id=name).forward_id for name in names]
    kept = []
    for forward_id in ids:
        try:
            backward(stub, session, "drop", x, forward_id=forward_id)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
            assert Refusal(error).reason == "CONTEXT_EVICTED"
        else:
            kept.append(forward_id)
    # Those kept are the last, without a gap, and they fill the budget.
    assert kept == ids[-len(kept) :]
    name = len(keys.context("drop", ids[-1]))
    context = CONTEXT_BYTES / len(kept)
    assert x.size / 8 < context < x.size / 8 + 2 * name + 192
    # Redis keeps them in about so much, and for each evicted one a short note.
    notes = (len(ids) - len(kept)) * (2 * name + 80)
    taken = sum(_bytes_of(stack, session)) - empty - notes
    # Redis makes its tables larger when it likes: 0.5 to 0.7 of the budget were measured.
    assert taken < 1.5 * CONTEXT_BYTES
    delete(stub, session)


def _bytes_of(stack: Stack, session: str) -> list[int]:
    redis = stack.redis_client()
    return [redis.memory_usage(key, samples=0) or 0 for key in keys_of(stack, session)]


def test_deleted_session_leaves_nothing_at_once(stub: LayerServiceStub, stack: Stack) -> None:
    session = new_session(stub, DROP, DENSE, NORM)
    use(stub, session)
    for _ in range(200):
        forward(stub, session, "drop", X)
    assert len(keys_of(stack, session)) == 3, "the session should have evicted contexts by now"
    delete(stub, session)
    assert keys_of(stack, session) == set()


def test_deletion_while_others_use_the_session_leaves_nothing(
    stub: LayerServiceStub, stack: Stack
) -> None:
    session = new_session(stub, DROP)
    pending = [
        stub.Forward.future(
            api.ForwardRequest(
                session_id=session, layer="drop", inputs=[tensor(X)], forward_id=f"n{number}"
            ),
            timeout=30,
        )
        for number in range(100)
    ]
    delete(stub, session)
    codes = {call.code() for call in pending}
    assert codes <= {grpc.StatusCode.OK, grpc.StatusCode.NOT_FOUND}
    assert keys_of(stack, session) == set()


def test_sessions_that_come_and_go_leave_no_key(stub: LayerServiceStub, stack: Stack) -> None:
    def live(number: int) -> None:
        session = new_session(stub, DROP, DENSE, NORM, seed=number)
        use(stub, session)
        delete(stub, session)

    live(0)
    idle = all_keys(stack)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(live, range(SESSIONS)))
    # The workers' queue is a key only while something waits in it.
    await_true(lambda: all_keys(stack) <= idle, "the return to the idle set of keys")


def test_unused_session_expires_with_everything_and_use_pushes_that_on(
    stub: LayerServiceStub, stack: Stack
) -> None:
    # Long enough that a busy machine makes no pause of it between two calls.
    ttl = duration_pb2.Duration(seconds=6)
    unused = new_session(stub, DROP, DENSE, NORM, ttl=ttl)
    for _ in range(200):
        forward(stub, unused, "drop", X)
    used = new_session(stub, DROP, DENSE, NORM, ttl=ttl)
    use(stub, used)
    while keys_of(stack, unused):
        # Every kind of call is a use, those too that change nothing.
        backward(stub, used, "drop", X)
        stub.GetSession(api.GetSessionRequest(session_id=used), timeout=30)
    assert refusal(lambda: use(stub, unused)).reason == "SESSION_NOT_FOUND"
    use(stub, used)
    began = time.monotonic()
    await_true(lambda: not keys_of(stack, used), "the expiry of the session")
    assert time.monotonic() - began > 2
