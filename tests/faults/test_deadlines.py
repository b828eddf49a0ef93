"""Deadlines that pass, calls cancelled, clients that vanish: nobody computes for them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, backward, forward, new_session, refusal, spec, tensor
from metrics_page import metric
from processes import frozen
from waiting import await_true

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from server.stack import Stack, free_port

DROP = spec("drop", "Dropout", p=0.5)
X = np.random.default_rng(1).uniform(1, 2, (8, 64))
QUEUE = 2000
VANISHING = Path(__file__).parent / "vanishing_client.py"


@pytest.fixture(scope="module")
def metrics_address() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, metrics_address: str) -> Iterator[Stack]:
    """One worker, which may stand still for as long as a test needs it busy."""
    settings = {
        "EDUNN_WORKER_TIMEOUT_SECONDS": "60",
        "EDUNN_MAX_QUEUED_OPERATIONS": str(QUEUE),
        "EDUNN_METRICS_ADDRESS": metrics_address,
    }
    with Stack(tmp_path_factory.mktemp("deadlines"), workers=1, environment=settings) as running:
        yield running


@pytest.fixture(scope="module")
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(stack.address, UNLIMITED) as channel:
        yield LayerServiceStub(channel)


def request_of(session: str, **fields: str) -> api.ForwardRequest:
    return api.ForwardRequest(session_id=session, layer="drop", inputs=[tensor(X)], **fields)


def await_arrival(stub: LayerServiceStub) -> None:
    """Wait until the server has taken what was sent before."""
    stub.ListLayerTypes(api.ListLayerTypesRequest(), timeout=60)


@contextmanager
def busy_worker(stub: LayerServiceStub, stack: Stack) -> Iterator[None]:
    """Keep the one worker busy with another session meanwhile, so that others must wait."""
    session = new_session(stub, DROP)
    with frozen(stack.workers[0]):
        busy = stub.Forward.future(request_of(session), timeout=120)
        await_arrival(stub)
        yield
    busy.result()


def assert_was_never_run(stub: LayerServiceStub, session: str, forward_id: str) -> None:
    refused = refusal(lambda: backward(stub, session, "drop", X, forward_id=forward_id))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "FORWARD_NOT_FOUND")
    # A numbered forward that had been run would have counted.
    assert forward(stub, session, "drop", X).forward_id == "#1"


def test_operation_that_expires_in_the_queue_is_never_run(
    stub: LayerServiceStub, stack: Stack
) -> None:
    session = new_session(stub, DROP)
    with busy_worker(stub, stack):
        named = stub.Forward.future(request_of(session, forward_id="late"), timeout=0.5)
        numbered = stub.Forward.future(request_of(session), timeout=0.5)
        for late in (named, numbered):
            assert late.exception().code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert_was_never_run(stub, session, "late")


def test_operation_that_expires_at_the_worker_is_never_run(
    stub: LayerServiceStub, stack: Stack
) -> None:
    """It has left the server, whose own look at the deadline was too early."""
    session = new_session(stub, DROP)
    with frozen(stack.workers[0]):
        late = stub.Forward.future(request_of(session, forward_id="late"), timeout=0.5)
        assert late.exception().code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert_was_never_run(stub, session, "late")


def test_operations_of_a_stream_expire_with_it(stub: LayerServiceStub, stack: Stack) -> None:
    session = new_session(stub, DROP)
    operations = [
        api.ComputeOperation(request_id="named", forward=request_of(session, forward_id="late")),
        api.ComputeOperation(request_id="numbered", forward=request_of(session)),
    ]
    with busy_worker(stub, stack):
        answers = stub.Compute(iter([api.ComputeRequest(operations=operations)]), timeout=0.5)
        refused = refusal(lambda: list(answers))
        assert refused.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert_was_never_run(stub, session, "late")


def test_cancelled_call_leaves_the_queue(stub: LayerServiceStub, stack: Stack) -> None:
    session = new_session(stub, DROP)
    with busy_worker(stub, stack):
        named = stub.Forward.future(request_of(session, forward_id="late"), timeout=60)
        numbered = stub.Forward.future(request_of(session), timeout=60)
        await_arrival(stub)
        named.cancel()
        numbered.cancel()
        # The server hears of it before it answers what comes behind on the same connection.
        await_arrival(stub)
    assert_was_never_run(stub, session, "late")


def test_operations_that_expire_are_counted(
    stub: LayerServiceStub, stack: Stack, metrics_address: str
) -> None:
    in_queue = 'edunn_operations_expired_total{where="queue"}'
    before = metric(metrics_address, in_queue)
    session = new_session(stub, DROP)
    with busy_worker(stub, stack):
        calls = [stub.Forward.future(request_of(session), timeout=0.3) for _ in range(5)]
        assert {call.code() for call in calls} == {grpc.StatusCode.DEADLINE_EXCEEDED}
        await_true(lambda: metric(metrics_address, in_queue) == before + 5, "their count")


@pytest.mark.parametrize("way", ["unary", "compute"])
def test_client_that_vanishes_frees_what_it_held(
    stub: LayerServiceStub, stack: Stack, way: str
) -> None:
    session, other = new_session(stub, DROP), new_session(stub, DROP)

    def has_room_for(count: int) -> bool:
        probes = [stub.Forward.future(request_of(other), timeout=0.5) for _ in range(count)]
        codes = {probe.code() for probe in probes}
        return grpc.StatusCode.RESOURCE_EXHAUSTED not in codes

    with busy_worker(stub, stack):
        # More than fit, because the probes take places too.
        count = str(QUEUE * 3 // 2)
        command = [sys.executable, VANISHING, stack.address, session, way, count]
        with subprocess.Popen(command) as client:
            await_true(lambda: not has_room_for(1), "a full queue")
            client.send_signal(signal.SIGKILL)
            client.wait()
        # Nearly all of it: the server hears of the calls' end one by one.
        await_true(lambda: has_room_for(QUEUE - 100), "room in the queue")
    await_true(lambda: has_room_for(1), "the end of the probes themselves")
    # Nothing of what the client had queued was run for nobody.
    assert forward(stub, session, "drop", X).forward_id == "#1"
