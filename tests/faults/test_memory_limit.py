"""A worker at its memory limit refuses what does not fit, and lives."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, Refusal, forward, new_session, spec
from waiting import await_true
from worker_ids import live_workers

from edunn_serving.setting_types import MEBIBYTE
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

LIMIT = 512 * MEBIBYTE


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"EDUNN_WORKER_MEMORY_BYTES": str(LIMIT)}
    with Stack(
        tmp_path_factory.mktemp("memory"), workers=1, others={}, environment=settings
    ) as running:
        await_true(lambda: bool(live_workers(running)), "a worker")
        yield running


@pytest.fixture(scope="module")
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(stack.address, UNLIMITED) as channel:
        yield LayerServiceStub(channel)


def test_small_requests_for_much_memory_cost_no_worker_its_life(
    stack: Stack, stub: LayerServiceStub
) -> None:
    before = live_workers(stack)
    outcomes = []
    # Images of 2 to 500 MB around one number, and what the backward of each needs.
    for padding in (250, 500, 700, 900, 1200, 1600, 2000, 2800, 3900):
        config = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "padding": [padding] * 2}
        session = new_session(stub, spec("pad", "Conv2d", **config), spec("usual", "ReLU"))
        try:
            forward(stub, session, "pad", np.ones((1, 1, 1, 1)))
            outcomes.append("OK")
        except grpc.RpcError as error:
            outcomes.append(Refusal(error).reason)
        forward(stub, session, "usual", np.ones((2, 3)))
        stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {"OK", "TOO_LARGE"}
    assert live_workers(stack) == before


def test_layers_that_do_not_fit_leave_nothing(stack: Stack, stub: LayerServiceStub) -> None:
    before = live_workers(stack)
    for size in (1, 20, 40, 80, 120, 250):
        layer = spec("large", "Linear", input_size=1, output_size=size * MEBIBYTE // 8)
        request = api.CreateSessionRequest(session_id=f"of-{size}", layers=[layer])
        get = api.GetSessionRequest(session_id=f"of-{size}")
        try:
            stub.CreateSession(request, timeout=60)
        except grpc.RpcError as error:
            assert Refusal(error).reason == "TOO_LARGE"
            with pytest.raises(grpc.RpcError) as caught:
                stub.GetSession(get, timeout=30)
            assert Refusal(caught.value).reason == "SESSION_NOT_FOUND"
        else:
            assert size < 40
            assert [each.name for each in stub.GetSession(get, timeout=30).session.layers]
    assert live_workers(stack) == before
