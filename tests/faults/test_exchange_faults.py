"""Large answers go past Redis, and are whole and the same after any death."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, array, new_session, spec, tensor
from processes import await_restart, kill
from waiting import await_true, await_workers

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.data_folder import EXCHANGE
from standalone.stack import Stack

DROP = spec("drop", "Dropout", p=0.5)
X = np.random.default_rng(1).uniform(1, 2, (256, 512))
FORWARDS = 12


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"EDUNN_WORKER_TIMEOUT_SECONDS": "2.5"}
    with Stack(
        tmp_path_factory.mktemp("exchange"), workers=2, others={}, environment=settings
    ) as running:
        await_workers(running)
        yield running


@pytest.fixture(scope="module")
def stub(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(stack.address, UNLIMITED) as channel:
        yield LayerServiceStub(channel)


def large_forward(stub: LayerServiceStub, session: str, forward_id: str) -> bytes:
    request = api.ForwardRequest(
        session_id=session, layer="drop", inputs=[tensor(X)], forward_id=forward_id
    )
    output = array(stub.Forward(request, timeout=120).output)
    assert np.array_equal(output, np.where(output != 0, 2 * X, 0.0))
    return output.tobytes()


def results_in_redis(stack: Stack) -> int:
    """Return the number of large results that servers have fetched from Redis."""
    with stack.redis_client() as client:
        calls = client.info("commandstats").get("cmdstat_getdel", {"calls": 0})["calls"]
    return int(calls)


def test_large_answer_leaves_nothing_in_redis_and_in_the_exchange(
    stack: Stack, stub: LayerServiceStub
) -> None:
    session = new_session(stub, DROP)
    marks = os.listdir(stack.data / EXCHANGE)
    assert len(marks) == len(stack.servers)
    for number in range(3):
        large_forward(stub, session, str(number))
    # A busy machine may have let two workers run a batch.
    await_true(lambda: os.listdir(stack.data / EXCHANGE) == marks, "an empty exchange")
    assert results_in_redis(stack) == 0


def test_large_answers_are_the_same_after_a_worker_has_died(
    stack: Stack, stub: LayerServiceStub
) -> None:
    session = new_session(stub, DROP, seed=1)
    undisturbed = new_session(stub, DROP, seed=1)
    names = [str(number) for number in range(FORWARDS)]
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(large_forward, stub, session, name) for name in names]
        # One alone: an operation over which two have died is refused.
        worker = stack.workers[0]
        starts = worker.starts
        kill(worker)
        await_restart(worker, starts)
        disturbed = [answer.result() for answer in answers]
    assert disturbed == [large_forward(stub, undisturbed, name) for name in names]
    assert disturbed == [large_forward(stub, session, name) for name in names]


def test_server_that_has_died_leaves_its_successor_an_exchange(
    stack: Stack, stub: LayerServiceStub
) -> None:
    session = new_session(stub, DROP)
    before = large_forward(stub, session, "one")
    server = stack.servers[0]
    starts = server.starts
    kill(server)
    await_restart(server, starts)
    stack.await_serving(stack.address)
    with grpc.insecure_channel(stack.address, UNLIMITED) as channel:
        assert large_forward(LayerServiceStub(channel), session, "one") == before
    assert results_in_redis(stack) == 0


def test_answers_go_through_redis_without_the_folder(stack: Stack, stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    before = large_forward(stub, session, "one")
    folder = stack.data / EXCHANGE
    away = folder.rename(folder.with_name("away"))
    try:
        assert large_forward(stub, session, "one") == before
        assert results_in_redis(stack) > 0
    finally:
        away.rename(folder)
