"""Deadlines that pass, calls cancelled, clients that vanish: nobody computes for them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, backward, forward, new_session, refusal, spec, tensor
from metrics_page import metric
from processes import frozen
from waiting import await_true

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from server.call import WAIT_SECONDS
from standalone.stack import Stack, free_port

DROP = spec("drop", "Dropout", p=0.5)
X = np.random.default_rng(1).uniform(1, 2, (8, 64))
QUEUE = 2000
# How long the calls may take that are meant to expire: long enough to arrive.
SECONDS = 2.0
AwaitGauge = Callable[[str, int], None]
Busy = Callable[[], AbstractContextManager[None]]
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
        # All calls of a test come over one connection.
        "EDUNN_MAX_CONNECTION_CALLS": "4096",
        "EDUNN_METRICS_ADDRESS": metrics_address,
    }
    with Stack(
        tmp_path_factory.mktemp("deadlines"), workers=1, others={}, environment=settings
    ) as running:
        yield running


@pytest.fixture(scope="module")
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(stack.address, UNLIMITED) as channel:
        yield LayerServiceStub(channel)


def request_of(session: str, **fields: Any) -> api.ForwardRequest:
    return api.ForwardRequest(session_id=session, layer="drop", inputs=[tensor(X)], **fields)


@pytest.fixture(scope="module")
def await_gauge(metrics_address: str) -> AwaitGauge:
    """Wait until the server says so of itself: what it has taken, and what it has let go."""

    def wait(name: str, value: int) -> None:
        gauge = f"edunn_{name}"
        await_true(lambda: metric(metrics_address, gauge) == value, f"{gauge} {value}")

    return wait


@pytest.fixture(scope="module")
def busy_worker(stub: LayerServiceStub, stack: Stack, await_gauge: AwaitGauge) -> Busy:
    """Keep the one worker busy with another session meanwhile, so that others must wait."""

    @contextmanager
    def busy() -> Iterator[None]:
        session = new_session(stub, DROP)
        await_gauge("batches_under_way", 0)
        with frozen(stack.workers[0]):
            call = stub.Forward.future(request_of(session), timeout=120)
            await_gauge("batches_under_way", 1)
            yield
        call.result()

    return busy


def assert_was_never_run(stub: LayerServiceStub, session: str, forward_id: str) -> None:
    refused = refusal(lambda: backward(stub, session, "drop", X, forward_id=forward_id))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "FORWARD_NOT_FOUND")
    # A numbered forward that had been run would have counted.
    assert forward(stub, session, "drop", X).forward_id == "#1"


def test_operation_that_expires_in_the_queue_is_never_run(
    stub: LayerServiceStub, busy_worker: Busy, await_gauge: AwaitGauge
) -> None:
    session = new_session(stub, DROP)
    with busy_worker():
        named = stub.Forward.future(request_of(session, forward_id="late"), timeout=SECONDS)
        numbered = stub.Forward.future(request_of(session), timeout=SECONDS)
        await_gauge("queue_operations", 2)
        for late in (named, numbered):
            assert late.exception().code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await_gauge("queue_operations", 0)
    assert_was_never_run(stub, session, "late")


def test_operation_that_expires_at_the_worker_is_never_run(
    stub: LayerServiceStub, stack: Stack, await_gauge: AwaitGauge
) -> None:
    """It has left the server, whose own look at the deadline was too early."""
    session = new_session(stub, DROP)
    await_gauge("batches_under_way", 0)
    with frozen(stack.workers[0]):
        late = stub.Forward.future(request_of(session, forward_id="late"), timeout=SECONDS)
        await_gauge("batches_under_way", 1)
        # A deadline travels as the time that is left: the service's is later by the way there.
        over = time.monotonic() + SECONDS + 0.1
        assert late.exception().code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await_true(lambda: time.monotonic() > over, "the deadline as the service knows it")
    assert_was_never_run(stub, session, "late")


def test_operations_of_a_stream_expire_with_it(
    stub: LayerServiceStub, busy_worker: Busy, await_gauge: AwaitGauge
) -> None:
    session = new_session(stub, DROP)
    operations = [
        api.ComputeOperation(request_id="named", forward=request_of(session, forward_id="late")),
        api.ComputeOperation(request_id="numbered", forward=request_of(session)),
    ]
    with busy_worker():
        answers = stub.Compute(iter([api.ComputeRequest(operations=operations)]), timeout=SECONDS)
        await_gauge("queue_operations", 2)
        refused = refusal(lambda: list(answers))
        assert refused.code is grpc.StatusCode.DEADLINE_EXCEEDED
        await_gauge("queue_operations", 0)
    assert_was_never_run(stub, session, "late")


def test_cancelled_call_leaves_the_queue(
    stub: LayerServiceStub, busy_worker: Busy, await_gauge: AwaitGauge
) -> None:
    session = new_session(stub, DROP)
    with busy_worker():
        named = stub.Forward.future(request_of(session, forward_id="late"), timeout=60)
        numbered = stub.Forward.future(request_of(session), timeout=60)
        await_gauge("queue_operations", 2)
        named.cancel()
        numbered.cancel()
        await_gauge("queue_operations", 0)
    assert_was_never_run(stub, session, "late")


def test_many_calls_that_are_given_up_after_a_while_are_no_flood(
    stub: LayerServiceStub,
    stack: Stack,
    busy_worker: Busy,
    await_gauge: AwaitGauge,
    metrics_address: str,
) -> None:
    """The connection of calls that are cancelled at once would be cut."""
    session = new_session(stub, DROP)
    with busy_worker():
        calls = [stub.Forward.future(request_of(session), timeout=60) for _ in range(400)]
        # A part of them may leave in a second batch.
        queued = "edunn_queue_operations"
        await_true(lambda: metric(metrics_address, queued) > 300, "most calls in the queue")
        time.sleep(WAIT_SECONDS)
        for call in calls:
            call.cancel()
        await_gauge("queue_operations", 0)
    # The address can open new connections.
    with grpc.insecure_channel(stack.address, [("grpc.use_local_subchannel_pool", 1)]) as another:
        forward(LayerServiceStub(another), session, "drop", X)
    assert "is cut" not in (stack.data / "server.log").read_text()


@contextmanager
def vanishing(stack: Stack, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a client that queues forwards and waits; it is killed at the end."""
    with subprocess.Popen([sys.executable, VANISHING, stack.address, *arguments]) as client:
        try:
            yield client
        finally:
            client.kill()


def test_operations_that_expire_are_counted(
    stub: LayerServiceStub,
    stack: Stack,
    busy_worker: Busy,
    await_gauge: AwaitGauge,
    metrics_address: str,
) -> None:
    in_queue = 'edunn_operations_expired_total{where="queue"}'
    before = metric(metrics_address, in_queue)
    session = new_session(stub, DROP)
    with busy_worker(), vanishing(stack, session, "unary", "5", "5") as client:
        await_gauge("queue_operations", 5)
        # A client that says at its own deadline that it has gone may be counted as gone.
        client.send_signal(signal.SIGSTOP)
        await_gauge("queue_operations", 0)
        assert metric(metrics_address, in_queue) == before + 5


@pytest.mark.parametrize("way", ["unary", "compute"])
def test_client_that_vanishes_frees_what_it_held(
    stub: LayerServiceStub, stack: Stack, busy_worker: Busy, await_gauge: AwaitGauge, way: str
) -> None:
    session = new_session(stub, DROP)
    with busy_worker():
        with vanishing(stack, session, way, str(QUEUE * 3 // 2)):
            await_gauge("queue_operations", QUEUE)
            refused = refusal(lambda: forward(stub, session, "drop", X))
            assert refused.reason == "QUEUE_FULL"
        await_gauge("queue_operations", 0)
    # Nothing of what the client had queued was run for nobody.
    assert forward(stub, session, "drop", X).forward_id == "#1"
