"""An operation of a stream has a timeout of its own, and can be cancelled alone."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from typing import Any

import pytest
from edunn_client import (
    AsyncClient,
    Backward,
    Client,
    DeadlineExceededError,
    Forward,
    RemoteLayer,
    Step,
    TrainStep,
)
from edunn_client._stubs import layer_service_pb2 as pb
from scripted_server import ScriptedServer
from silent_stream import Silent
from test_stream import SESSION


@pytest.fixture
def silent(scripted: ScriptedServer) -> Silent:
    scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)]
    scripted.compute = silent = Silent()
    return silent


@pytest.fixture
def client(scripted: ScriptedServer) -> Iterator[Client]:
    with Client(scripted.address) as opened:
        yield opened


@pytest.fixture
def layer(client: Client, silent: Silent) -> RemoteLayer:
    return client.session().layers["l1"]


def test_the_service_is_told_each_timeout(
    client: Client, layer: RemoteLayer, silent: Silent
) -> None:
    x = [1.0]
    stream = client.stream()
    stream.forward(layer, x, timeout=1.0)
    stream.backward(layer, x, timeout=2.0)
    stream.step(layer, "Adam", timeout=3.0)
    stream.train_step(layer, x, x, "l1", "Adam", timeout=4.0)
    stream.forward(layer, x, timeout=math.inf)
    stream.forward(layer, x)
    assert silent.wait_for(6)
    stream.cancel()
    assert silent.timeouts == [1.0, 2.0, 3.0, 4.0, 0.0, 0.0]


@pytest.mark.parametrize("timeout", [0.0, -1.0, math.nan])
def test_what_is_no_time_is_refused(layer: RemoteLayer, timeout: float) -> None:
    x = [1.0]
    for make in (
        lambda: Forward(layer, x, timeout=timeout),
        lambda: Backward(layer, x, timeout=timeout),
        lambda: Step(layer, timeout=timeout),
        lambda: TrainStep(layer, x, x, "l1", timeout=timeout),
    ):
        with pytest.raises(ValueError, match="timeout must be a positive number"):
            make()


def test_cancelling_a_future_tells_the_service(
    client: Client, layer: RemoteLayer, silent: Silent
) -> None:
    stream = client.stream()
    futures = [stream.forward(layer, [1.0]) for _ in range(2)]
    assert silent.wait_for(2)
    assert futures[0].cancel()
    assert silent.forgotten.wait(30)
    assert silent.cancelled == ["1"]
    assert not futures[1].done()
    stream.cancel()


def test_so_it_does_for_asyncio(
    scripted: ScriptedServer, layer: RemoteLayer, silent: Silent
) -> None:
    async def run() -> None:
        async with AsyncClient(scripted.address) as client:
            stream = client.stream()
            future = stream.forward(layer, [1.0], timeout=5.0)
            assert await asyncio.to_thread(silent.wait_for, 1)
            future.cancel()
            assert await asyncio.to_thread(silent.forgotten.wait, 30)
            stream.cancel()
            await stream.close()

    asyncio.run(run())
    assert (silent.timeouts, silent.cancelled) == ([5.0], ["1"])


def test_an_operation_that_takes_too_long_ends_at_the_service(address: str) -> None:
    operations: list[Any] = []
    with Client(address) as client, client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        operations = [Forward(drop, [1.0], timeout=1e-6), Forward(drop, [1.0], timeout=1e10)]
        late, in_time = client.compute(operations, in_flight=1)
    assert isinstance(late.error, DeadlineExceededError)
    assert in_time.error is None
