"""Calls that share a stream are the calls that they are by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import grpc
import numpy as np
import pytest
from edunn_client import (
    AsyncClient,
    CallScope,
    CancelledError,
    Client,
    DeadlineExceededError,
    FailedPreconditionError,
    NotFoundError,
    _calls,
    _sharing,
)
from edunn_client._stubs import layer_service_pb2 as pb
from scripted_server import ScriptedServer, status
from silent_stream import Silent
from test_stream import SESSION, echo

X = np.random.default_rng(5).random((4, 10)) + 0.5
G = np.random.default_rng(6).random((4, 10)) + 0.5
CREATED = pb.CreateSessionResponse(session=SESSION)


def forwarded(request: pb.ForwardRequest) -> pb.ForwardResponse:
    return pb.ForwardResponse(forward_id=request.forward_id, output=request.inputs[0])


@pytest.fixture
def scripted_session(scripted: ScriptedServer) -> ScriptedServer:
    scripted.script["CreateSession"] = [CREATED] * 9
    scripted.compute = echo
    return scripted


def test_they_give_what_calls_by_themselves_give(client: Client, address: str) -> None:
    def masks(of: Client) -> list[bytes]:
        with of.session(seed=8) as session:
            drop = session.layer("drop", "Dropout", p=0.5)
            outputs = [drop.forward(X) for _ in range(3)]
            assert [output.forward_id for output in outputs] == ["c1", "c2", "c3"]
            gradient, _ = drop.backward(G, forward_id=outputs[1])
            assert np.array_equal(gradient == 0, outputs[1] == 0)
            with pytest.raises(NotFoundError) as caught:
                drop.backward(G, forward_id="never")
            assert caught.value.reason == "FORWARD_NOT_FOUND"
            with pytest.raises(FailedPreconditionError):
                session.layer("fresh", "ReLU").backward(G)
            return [output.tobytes() for output in outputs]

    with Client(address, share_stream=True) as sharing:
        assert masks(sharing) == masks(client)
        assert sharing._caller._stream._pending.was_answered  # type: ignore[attr-defined]


def test_so_they_do_for_asyncio_with_many_at_once(client: Client, address: str) -> None:
    async def run() -> list[bytes]:
        async with AsyncClient(address, share_stream=True) as sharing:

            async def one(seed: int) -> bytes:
                async with sharing.session(seed=seed) as session:
                    drop = await session.layer("drop", "Dropout", p=0.5)
                    output = await drop.forward(X)
                    gradient, _ = await drop.backward(G)
                    assert np.array_equal(gradient == 0, output == 0)
                    return output.tobytes()

            found = await asyncio.gather(*(one(seed) for seed in range(20)))
            assert sharing._caller._stream._pending.was_answered  # type: ignore[attr-defined]
            return found

    masks = asyncio.run(run())
    for seed in (0, 19):
        with client.session(seed=seed) as session:
            assert session.layer("drop", "Dropout", p=0.5).forward(X).tobytes() == masks[seed]


def test_threads_share_one_stream(scripted_session: ScriptedServer) -> None:
    with Client(scripted_session.address, share_stream=True) as client:
        layer = client.session().layers["l1"]
        with ThreadPoolExecutor(8) as pool:
            values = pool.map(lambda i: float(layer.forward([float(i)])[0]), range(100))
        assert list(values) == list(range(100))
    assert not scripted_session.seen["Forward"]


def test_threads_that_make_the_first_calls_wait_for_the_channel(
    scripted_session: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as pool, Client(scripted_session.address) as client:
        others: list[Future[Any]] = []
        methods = _calls.methods

        def and_meanwhile_another_call(channel: Any) -> Any:
            others.append(pool.submit(client.session))
            with suppress(TimeoutError):
                others[0].result(timeout=0.2)
            return methods(channel)

        monkeypatch.setattr(_calls, "methods", and_meanwhile_another_call)
        client.session()
        assert others[0].result(timeout=30)


def test_a_deadline_is_the_calls_own_and_the_service_is_told(
    scripted_session: ScriptedServer,
) -> None:
    silent = scripted_session.compute = Silent()

    async def twin() -> None:
        async with AsyncClient(scripted_session.address, share_stream=True) as client:
            with pytest.raises(DeadlineExceededError, match=r"within 0\.2 s"):
                await (await client.session()).layers["l1"].forward([1.0], timeout=0.2)
            assert await asyncio.to_thread(silent.forgotten.wait, 30)

    with Client(scripted_session.address, share_stream=True) as client:
        with pytest.raises(DeadlineExceededError, match=r"within 0\.2 s") as caught:
            client.session().layers["l1"].forward([1.0], timeout=0.2)
        assert caught.value.reason == "DEADLINE_EXCEEDED"
        assert silent.forgotten.wait(30)
    silent.forgotten.clear()
    asyncio.run(twin())
    assert all(0 < timeout <= 0.2 for timeout in silent.timeouts)


def test_a_cancelled_call_is_forgotten(scripted_session: ScriptedServer) -> None:
    silent = scripted_session.compute = Silent()
    scope = CallScope()

    def call() -> None:
        with Client(scripted_session.address, share_stream=True) as client:
            layer = client.session().layers["l1"]
            with scope:
                layer.forward([1.0])

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(call)
        assert silent.asked.wait(30)
        scope.cancel()
        with pytest.raises(CancelledError):
            future.result(30)

    async def twin() -> None:
        async with AsyncClient(scripted_session.address, share_stream=True) as client:
            layer = (await client.session()).layers["l1"]
            silent.asked.clear()
            silent.forgotten.clear()
            task = asyncio.create_task(layer.forward([1.0]))
            await asyncio.to_thread(silent.asked.wait, 30)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(silent.forgotten.wait, 30)

    asyncio.run(twin())


def refuse(code: grpc.StatusCode) -> Callable[[Any, grpc.ServicerContext], Iterator[Any]]:
    def compute(requests: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        next(requests)
        context.abort(code, "no streams here")
        yield

    return compute


@pytest.mark.parametrize("code", [grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL])
def test_where_no_stream_gets_through_calls_go_by_themselves(
    scripted_session: ScriptedServer, code: grpc.StatusCode
) -> None:
    scripted_session.compute = refuse(code)
    scripted_session.script["Forward"] = [forwarded] * 4

    async def twin() -> None:
        async with AsyncClient(scripted_session.address, share_stream=True) as client:
            layer = (await client.session()).layers["l1"]
            for _ in range(2):
                assert await layer.forward([1.0]) == 1.0

    with Client(scripted_session.address, share_stream=True) as client:
        layer = client.session().layers["l1"]
        for _ in range(2):
            assert layer.forward([1.0]) == 1.0
    asyncio.run(twin())
    assert len(scripted_session.seen["Forward"]) == 4


def test_after_a_break_calls_go_by_themselves_and_then_share_again(
    scripted_session: ScriptedServer,
) -> None:
    scripted_session.script["Forward"] = [forwarded] * 4
    with Client(scripted_session.address, share_stream=True) as client:
        layer = client.session().layers["l1"]
        assert layer.forward([1.0]) == 1.0
        scripted_session.compute = refuse(grpc.StatusCode.UNAVAILABLE)
        client._caller._stream._call.cancel()  # type: ignore[attr-defined]
        client._caller._stream._reader.join()  # type: ignore[attr-defined]
        assert layer.forward([2.0]) == 2.0
        scripted_session.compute = echo
        assert layer.forward([3.0]) == 3.0
    names = [request.forward_id for request in scripted_session.seen["Forward"]]
    assert names == ["c2"]


def test_a_refused_call_waits_and_is_made_again(scripted_session: ScriptedServer) -> None:
    refusals = 2

    def busy(requests: Iterator[Any], context: Any) -> Iterator[pb.ComputeResponse]:
        nonlocal refusals
        for request in requests:
            if refusals:
                refusals -= 1
                result = pb.ComputeResult(request_id=request.operations[0].request_id)
                refusal = status(
                    grpc.StatusCode.RESOURCE_EXHAUSTED, "full", "QUEUE_FULL", retry_delay=0.01
                )
                result.error.ParseFromString(refusal.SerializeToString())
                yield pb.ComputeResponse(results=[result])
            else:
                yield from echo(iter([request]), context)

    scripted_session.compute = busy
    with Client(scripted_session.address, share_stream=True) as client:
        assert client.session().layers["l1"].forward([1.0]) == 1.0
    assert refusals == 0


def test_metadata_and_large_calls_go_by_themselves(
    scripted_session: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sharing, "LARGEST_SHARED_BYTES", 1000)
    scripted_session.script["Forward"] = [forwarded] * 2
    with Client(scripted_session.address, share_stream=True) as client:
        layer = client.session().layers["l1"]
        with CallScope(metadata={"mine": "1"}):
            layer.forward([1.0])
        layer.forward(np.ones(1024))
    assert len(scripted_session.seen["Forward"]) == 2
