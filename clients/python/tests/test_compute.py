"""`compute`: results come as they finish, and a source may wait for them."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any

import pytest
from edunn_client import (
    AsyncClient,
    Backward,
    Client,
    EdunnError,
    FailedPreconditionError,
    Forward,
    RemoteLayer,
    ResourceExhaustedError,
)
from edunn_client._stubs import layer_service_pb2 as pb
from scripted_server import ScriptedServer
from test_stream import SESSION, answer, echo


@pytest.fixture
def client(scripted: ScriptedServer) -> Iterator[Client]:
    scripted.compute = echo
    with Client(scripted.address) as opened:
        yield opened


@pytest.fixture
def layer(client: Client, scripted: ScriptedServer) -> RemoteLayer:
    scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)] * 2
    return client.session().layers["l1"]


def test_a_source_may_wait_for_each_result(client: Client, layer: RemoteLayer) -> None:
    seen: SimpleQueue[float] = SimpleQueue()

    def operations() -> Iterator[Forward]:
        value = 1.0
        for _ in range(5):
            yield Forward(layer, [value])
            value = 2 * seen.get()

    for result in client.compute(operations(), in_flight=64):
        seen.put(float(result.value[0]))
    assert result.value.tolist() == [16.0]


def test_so_may_an_asynchronous_one(scripted: ScriptedServer, layer: RemoteLayer) -> None:
    async def run() -> None:
        seen: asyncio.Queue[float] = asyncio.Queue()

        async def operations() -> AsyncIterator[Forward]:
            value = 1.0
            for _ in range(5):
                yield Forward(twin, [value])
                value = 2 * await seen.get()

        async with AsyncClient(scripted.address) as client:
            twin = (await client.session()).layers["l1"]
            async for result in client.compute(operations(), in_flight=64):
                await seen.put(float(result.value[0]))
            assert result.value.tolist() == [16.0]

    asyncio.run(run())


def test_results_come_as_they_finish(
    client: Client, layer: RemoteLayer, scripted: ScriptedServer
) -> None:
    more = threading.Event()

    def second_first(requests: Iterator[Any], _context: Any) -> Iterator[pb.ComputeResponse]:
        waiting = [operation for request in requests for operation in request.operations]
        yield pb.ComputeResponse(results=[answer(waiting[1])])
        assert more.wait(30)
        yield pb.ComputeResponse(results=[answer(waiting[0])])

    scripted.compute = second_first
    stream = client.stream()
    first, second = stream.forward(layer, [1.0]), stream.forward(layer, [2.0])
    stream._end()
    assert second.result(30).tolist() == [2.0]
    assert not first.done()
    more.set()
    assert first.result(30).tolist() == [1.0]


def test_what_a_source_raises_comes_out(client: Client, layer: RemoteLayer) -> None:
    def operations() -> Iterator[Forward]:
        yield Forward(layer, [1.0])
        raise KeyError("source")

    results = client.compute(operations())
    with pytest.raises(KeyError, match="source"):
        list(results)


def test_so_does_what_an_asynchronous_one_raises(
    scripted: ScriptedServer, layer: RemoteLayer
) -> None:
    async def run() -> None:
        async def operations() -> AsyncIterator[Forward]:
            yield Forward(layer, [1.0])
            raise KeyError("source")

        async with AsyncClient(scripted.address) as client:
            with pytest.raises(KeyError, match="source"):
                async for _ in client.compute(operations()):
                    pass

    asyncio.run(run())


def test_a_source_sees_the_context_of_its_caller(client: Client, layer: RemoteLayer) -> None:
    variable: ContextVar[float] = ContextVar("variable", default=0.0)
    variable.set(7.0)

    def operations() -> Iterator[Forward]:
        yield Forward(layer, [variable.get()])

    assert [result.value.tolist() for result in client.compute(operations())] == [[7.0]]


def test_leaving_early_leaves_no_thread_behind(client: Client, layer: RemoteLayer) -> None:
    def operations() -> Iterator[Forward]:
        while True:
            yield Forward(layer, [1.0])

    results = client.compute(operations(), in_flight=2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    until = time.monotonic() + 30
    while any(thread.name.startswith("edunn") for thread in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_there_must_be_room_for_one(client: Client) -> None:
    with pytest.raises(ValueError, match="in_flight must be at least 1"):
        client.compute([], in_flight=0)
    with pytest.raises(TypeError, match="in_flight must be a whole number, not nan"):
        client.compute([], in_flight=math.nan)  # type: ignore[arg-type]


def test_what_is_no_operation_is_refused(client: Client, scripted: ScriptedServer) -> None:
    wrong: Any = ["forward"]
    with pytest.raises(TypeError, match=r"a stream takes operations .*, not str"):
        list(client.compute(wrong))

    async def run() -> None:
        async with AsyncClient(scripted.address) as twin:
            async for _ in twin.compute(wrong):
                pass

    with pytest.raises(TypeError, match=r"a stream takes operations .*, not str"):
        asyncio.run(run())


def test_no_operations_give_no_results(client: Client, scripted: ScriptedServer) -> None:
    assert list(client.compute([])) == []

    async def run() -> list[Any]:
        async with AsyncClient(scripted.address) as twin:
            return [each async for each in twin.compute([])]

    assert asyncio.run(run()) == []


def test_what_cannot_be_sent_is_its_own_error(layer: RemoteLayer, scripted: ScriptedServer) -> None:
    options = [("grpc.max_send_message_length", 1000)]
    with Client(scripted.address, options=options) as small:
        operations = [
            Backward(layer, [1.0]),
            Forward(layer, [1.0] * 1000),
            Forward(layer, [1.0]),
        ]
        results = {result.operation: result for result in small.compute(operations)}
    first, second = (results[operation].error for operation in operations[:2])
    assert isinstance(first, FailedPreconditionError)
    assert first.reason == "NO_FORWARD"
    assert isinstance(second, ResourceExhaustedError)
    assert second.reason == "TOO_LARGE"
    assert results[operations[2]].error is None


def test_a_single_call_that_is_too_large_has_the_reason_too(
    layer: RemoteLayer, scripted: ScriptedServer
) -> None:
    scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)]
    options = [("grpc.max_send_message_length", 1000)]
    with (
        Client(scripted.address, options=options) as small,
        pytest.raises(ResourceExhaustedError) as caught,
    ):
        small.session().layers["l1"].forward([1.0] * 1000)
    assert caught.value.reason == "TOO_LARGE"


def test_an_asyncio_stream_works_without_a_block(
    scripted: ScriptedServer, layer: RemoteLayer
) -> None:
    async def run() -> asyncio.Future[Any]:
        async with AsyncClient(scripted.address) as client:
            twin = (await client.session()).layers["l1"]
            stream = client.stream()
            assert (await stream.forward(twin, [1.0])).tolist() == [1.0]
            future = stream.forward(twin, [2.0])
            await stream.close()
            assert future.result().tolist() == [2.0]
            with pytest.raises(ValueError, match="closed"):
                stream.forward(twin, [3.0])
            unused = client.stream()
            await unused.close()
            # One that nobody closes ends with its loop.
            return client.stream().forward(twin, [4.0])

    future = asyncio.run(run())
    assert future.done()
    assert future.cancelled() or isinstance(future.exception(), EdunnError | ValueError)


def test_results_know_their_operation_and_forward(client: Client, layer: RemoteLayer) -> None:
    forward, backward = Forward(layer, [1.0]), Backward(layer, [2.0])
    assert forward.forward_id == ""
    first, second = sorted(
        client.compute([forward, backward]), key=lambda result: result.operation is backward
    )
    assert (first.operation, second.operation) == (forward, backward)
    assert forward.forward_id == "c1"
    # The scripted service names nothing; a real one does, see test_service.py.
    assert second.forward_id == ""
    assert repr(first) == "Result(Forward('l1', float64 1), value=float64 1)"
    assert repr(second) == "Result(Backward('l1', float64 1), value=(float64 1, c1: float64 1))"
