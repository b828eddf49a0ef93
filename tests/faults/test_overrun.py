"""What computes on although nobody awaits it is stopped, with its worker."""

from __future__ import annotations

import time
from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, forward, new_session, refusal, spec, tensor
from metrics_page import metric
from processes import await_restart, frozen
from slow_layer import DEEP, input_for
from waiting import await_true, await_workers

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack, free_port, is_serving

X = np.ones((8, 64))
# How long the operations compute that are stopped, and the limit for those without a deadline.
COMPUTE_SECONDS = 24.0
LIMIT_SECONDS = 3.0


@pytest.fixture(scope="module")
def metrics_address() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, metrics_address: str) -> Iterator[Stack]:
    settings = {
        "EDUNN_OPERATION_SECONDS": f"{LIMIT_SECONDS:g}",
        "EDUNN_METRICS_ADDRESS": metrics_address,
        # The estimate would refuse before it begins what is to compute for long.
        "EDUNN_OPERATION_WORK": str(10**15),
        # A worker that has ended takes some seconds to come back.
        "EDUNN_WORKER_WAIT_SECONDS": "60",
    }
    with Stack(
        tmp_path_factory.mktemp("overrun"), workers=1, others={}, environment=settings
    ) as running:
        yield running


@pytest.fixture(scope="module")
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(stack.address, UNLIMITED) as channel:
        yield LayerServiceStub(channel)


@pytest.fixture(scope="module")
def long_request(stub: LayerServiceStub) -> api.ForwardRequest:
    """A forward that computes for about `COMPUTE_SECONDS`."""
    long = tensor(input_for(stub, COMPUTE_SECONDS, deep=True))
    session = new_session(stub, DEEP)
    return api.ForwardRequest(session_id=session, layer="slow", inputs=[long], untracked=True)


def test_deadline_ends_the_computation(
    stack: Stack, stub: LayerServiceStub, long_request: api.ForwardRequest
) -> None:
    starts, began = stack.workers[0].starts, time.monotonic()
    refused = refusal(lambda: stub.Forward(long_request, timeout=2.0))
    assert refused.code == grpc.StatusCode.DEADLINE_EXCEEDED
    await_restart(stack.workers[0], starts)
    await_workers(stack)
    assert time.monotonic() - began < COMPUTE_SECONDS
    forward(stub, new_session(stub, spec("drop", "Dropout", p=0.5)), "drop", X)


def test_computation_ends_when_its_caller_leaves(
    stack: Stack, stub: LayerServiceStub, long_request: api.ForwardRequest, metrics_address: str
) -> None:
    starts, under_way = stack.workers[0].starts, "edunn_batches_under_way"
    # A batch whose worker has died is under way until the server has noticed.
    await_true(lambda: metric(metrics_address, under_way) == 0, "the end of the batches before")
    call = stub.Forward.future(long_request, timeout=60)
    await_true(lambda: metric(metrics_address, under_way) == 1, "the batch's departure")
    call.cancel()
    await_restart(stack.workers[0], starts)
    await_workers(stack)


def test_computation_of_a_stream_ends_with_its_own_timeout(
    stack: Stack, stub: LayerServiceStub, long_request: api.ForwardRequest
) -> None:
    starts = stack.workers[0].starts
    operation = api.ComputeOperation(request_id="long", forward=long_request)
    operation.timeout.FromSeconds(2)
    answers = stub.Compute(iter([api.ComputeRequest(operations=[operation])]), timeout=60)
    (result,) = (result for answer in answers for result in answer.results)
    assert result.error.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
    await_restart(stack.workers[0], starts)
    await_workers(stack)


def test_computation_beyond_the_limit_is_refused_and_harms_no_other(
    stack: Stack, stub: LayerServiceStub, long_request: api.ForwardRequest, metrics_address: str
) -> None:
    other = new_session(stub, spec("drop", "Dropout", p=0.5))
    short = api.ForwardRequest(session_id=other, layer="drop", inputs=[tensor(X)])
    operations = [
        api.ComputeOperation(request_id="long", forward=long_request),
        api.ComputeOperation(request_id="short", forward=short),
    ]
    answers = stub.Compute(iter([api.ComputeRequest(operations=operations)]), timeout=120)
    results = {result.request_id: result for answer in answers for result in answer.results}
    assert results["short"].WhichOneof("result") == "forward"
    assert results["long"].error.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert "TOO_LARGE" in str(results["long"].error.details[0])


def test_health_and_a_metric_show_that_no_batch_comes_back(
    stack: Stack, stub: LayerServiceStub, metrics_address: str
) -> None:
    session = new_session(stub, spec("drop", "Dropout", p=0.5))
    request = api.ForwardRequest(session_id=session, layer="drop", inputs=[tensor(X)])
    with grpc.insecure_channel(stack.address) as channel:
        stack.pause_supervision()
        with frozen(stack.workers[0]):
            call = stub.Forward.future(request, timeout=120)
            oldest = "edunn_oldest_batch_seconds"
            await_true(lambda: metric(metrics_address, oldest) > 0, "a metric that says so")
            await_true(lambda: not is_serving(channel), "a health that says so")
        stack.resume_supervision()
        call.result()
        await_true(lambda: is_serving(channel), "health again")
