"""Streams against a scripted server; what they compute is tested in test_service.py."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
from edunn_client import (
    AsyncClient,
    Backward,
    Client,
    DeadlineExceededError,
    EdunnError,
    Forward,
    NotFoundError,
    RemoteLayer,
    Result,
    UnauthenticatedError,
    UnavailableError,
)
from edunn_client._stubs import layer_pb2, session_pb2
from edunn_client._stubs import layer_service_pb2 as pb
from grpc_status import rpc_status
from scripted_server import Compute, ScriptedServer, status

SESSION = session_pb2.Session(
    session_id="s1", phase=layer_pb2.PHASE_TRAINING, layers=[layer_pb2.Layer(name="l1")]
)


def echo(requests: Iterator[Any], _context: Any) -> Iterator[pb.ComputeResponse]:
    """Answer a forward with its input, a backward with its gradient and its forward's name."""
    for request in requests:
        yield pb.ComputeResponse(results=[answer(each) for each in request.operations])


def answer(operation: pb.ComputeOperation) -> pb.ComputeResult:
    result = pb.ComputeResult(request_id=operation.request_id)
    if operation.HasField("forward"):
        forward = operation.forward
        if forward.layer == "unknown":
            refusal = status(grpc.StatusCode.NOT_FOUND, "no layer", "LAYER_NOT_FOUND")
            result.error.ParseFromString(refusal.SerializeToString())
        else:
            result.forward.output.CopyFrom(forward.inputs[0])
    else:
        gradient = operation.backward.output_gradient
        result.backward.input_gradient.CopyFrom(gradient)
        result.backward.parameter_gradients[operation.backward.forward_id].CopyFrom(gradient)
    return result


@pytest.fixture
def client(scripted: ScriptedServer) -> Iterator[Client]:
    scripted.compute = echo
    with Client(scripted.address) as opened:
        yield opened


def layer_of(client: Client, scripted: ScriptedServer) -> RemoteLayer:
    scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)]
    return client.session().layers["l1"]


def test_futures_get_their_own_answers(client: Client, scripted: ScriptedServer) -> None:
    layer = layer_of(client, scripted)
    with client.stream() as stream:
        futures = [stream.forward(layer, [float(i)]) for i in range(1000)]
    assert [future.result()[0] for future in futures] == list(range(1000))


def test_a_backward_sent_at_once_belongs_to_the_forward_before_it(
    client: Client, scripted: ScriptedServer
) -> None:
    layer = layer_of(client, scripted)
    with client.stream() as stream:
        backwards = []
        for _ in range(3):
            stream.forward(layer, [1.0])
            backwards.append(stream.backward(layer, [2.0]))
    names = [list(future.result()[1]) for future in backwards]
    assert names == [["c1"], ["c2"], ["c3"]]


def test_an_error_is_the_futures_own(client: Client, scripted: ScriptedServer) -> None:
    layer = layer_of(client, scripted)
    unknown = layer_of(client, scripted)
    unknown.info = type(unknown.info)("unknown", "ReLU", {}, ())
    with client.stream() as stream:
        bad = stream.forward(unknown, [1.0])
        good = stream.forward(layer, [1.0])
        with pytest.raises(NotFoundError, match="no layer") as caught:
            bad.result()
        assert caught.value.reason == "LAYER_NOT_FOUND"
        assert good.result().tolist() == [1.0]


def test_compute_takes_no_more_than_it_may(client: Client, scripted: ScriptedServer) -> None:
    layer = layer_of(client, scripted)
    taken = 0

    def operations() -> Iterator[Forward]:
        nonlocal taken
        while True:
            taken += 1
            yield Forward(layer, [float(taken)])

    results = client.compute(operations(), in_flight=4)
    values = [next(results).value[0] for _ in range(10)]
    results.close()  # type: ignore[attr-defined]
    assert sorted(values) == list(range(1, 11))
    assert taken <= 14


def test_compute_opens_no_stream_until_it_is_iterated(
    client: Client, scripted: ScriptedServer
) -> None:
    operations = [Forward(layer_of(client, scripted), [1.0])]
    results = client.compute(operations)
    assert "edunn-stream" not in {thread.name for thread in threading.enumerate()}
    assert len(list(results)) == 1


def test_compute_ends_with_the_stream(client: Client, scripted: ScriptedServer) -> None:
    def broken(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        next(requests)
        context.abort(grpc.StatusCode.UNAVAILABLE, "going down")
        yield

    async def twin() -> list[Result]:
        async with AsyncClient(scripted.address) as asyncio_client:
            return [each async for each in asyncio_client.compute(operations, in_flight=1)]

    operations = [Forward(layer_of(client, scripted), [1.0]) for _ in range(9)]
    scripted.compute = broken
    for results in (list(client.compute(operations, in_flight=1)), asyncio.run(twin())):
        assert [result.operation for result in results] == operations[:2]
        assert all(isinstance(result.error, UnavailableError) for result in results)


def test_a_broken_stream_fails_its_operations(client: Client, scripted: ScriptedServer) -> None:
    layer = layer_of(client, scripted)

    def broken(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        next(requests)
        context.abort(grpc.StatusCode.UNAVAILABLE, "going down")
        yield

    scripted.compute = broken
    stream = client.stream()
    future = stream.forward(layer, [1.0])
    with pytest.raises(UnavailableError, match="going down"):
        future.result()
    with pytest.raises(UnavailableError):
        while True:
            stream.forward(layer, [1.0])
            time.sleep(0.01)


def test_a_stream_that_breaks_before_its_first_operation_begins_again(
    client: Client, scripted: ScriptedServer
) -> None:
    """A restarting service breaks a stream that begins before the client has noticed."""
    layer = layer_of(client, scripted)
    scripted.compute, begun_again = break_once()
    with client.stream() as stream:
        assert begun_again.wait(30)
        assert stream.forward(layer, [1.0]).result() == 1

    async def twin() -> None:
        scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)]
        async with AsyncClient(scripted.address) as opened:
            layer = (await opened.session()).layers["l1"]
            scripted.compute, begun_again = break_once()
            async with opened.stream() as stream:
                assert await asyncio.to_thread(begun_again.wait, 30)
                assert await stream.forward(layer, [1.0]) == 1

    asyncio.run(twin())


def break_once() -> tuple[Compute, threading.Event]:
    """Return what breaks its first stream at once, and the event of the second's beginning."""
    breaks = iter([True])
    begun_again = threading.Event()

    def compute(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        if next(breaks, False):
            context.abort(grpc.StatusCode.UNAVAILABLE, "going down")
        begun_again.set()
        yield from echo(requests, context)

    return compute, begun_again


def test_a_stream_that_ends_early_fails_its_operations(
    client: Client, scripted: ScriptedServer
) -> None:
    layer = layer_of(client, scripted)
    scripted.compute = lambda requests, _: iter(())
    with client.stream() as stream, pytest.raises(UnavailableError, match="the stream ended"):
        stream.forward(layer, [1.0]).result()


def test_a_silent_stream_is_given_up(client: Client, scripted: ScriptedServer) -> None:
    layer = layer_of(client, scripted)

    def silent(requests: Iterator[Any], _context: Any) -> Iterator[Any]:
        list(requests)
        yield from ()

    scripted.compute = silent
    with (
        client.stream(timeout=0.2) as stream,
        pytest.raises(DeadlineExceededError, match=r"0\.2 s"),
    ):
        stream.forward(layer, [1.0]).result()


def test_an_idle_stream_is_not_given_up(client: Client, scripted: ScriptedServer) -> None:
    layer = layer_of(client, scripted)
    timeout = 1.5
    with client.stream(timeout=timeout) as stream:
        assert stream.forward(layer, [1.0]).result() == 1
        # That nothing happens can only be seen by waiting: the stream looks four times as often.
        time.sleep(1.5 * timeout)
        assert stream.forward(layer, [2.0]).result() == 2


def test_an_exception_in_the_block_cancels_what_is_under_way(
    client: Client, scripted: ScriptedServer
) -> None:
    layer = layer_of(client, scripted)
    scripted.compute = lambda requests, _: (pb.ComputeResponse() for _ in requests)
    with pytest.raises(KeyError), client.stream() as stream:
        future = stream.forward(layer, [1.0])
        raise KeyError
    assert future.cancelled()


def test_parameters_written_into_are_not_forgotten(
    client: Client, scripted: ScriptedServer
) -> None:
    layer = layer_of(client, scripted)
    scripted.script["GetParameters"] = [pb.GetParametersResponse()]
    scripted.script["ListLayerTypes"] = [pb.ListLayerTypesResponse()]
    answer = pb.GetParametersResponse()
    answer.parameters["w"].CopyFrom(pb.ForwardRequest(inputs=[_tensor()]).inputs[0])
    scripted.script["GetParameters"] = [answer]
    layer.get_parameters()["w"][...] = 5
    with client.stream() as stream, pytest.raises(ValueError, match="call set_parameters"):
        stream.forward(layer, [1.0])


def _tensor() -> Any:
    from edunn_client._tensors import encode_tensor

    return encode_tensor([1.0])


def test_the_asyncio_stream_does_the_same(scripted: ScriptedServer) -> None:
    scripted.compute = echo
    scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)]

    async def run() -> None:
        async with AsyncClient(scripted.address) as client:
            layer = (await client.session()).layers["l1"]
            async with client.stream() as stream:
                forwards = [stream.forward(layer, [float(i)]) for i in range(300)]
                backward = stream.backward(layer, [2.0])
            assert [(await future)[0] for future in forwards] == list(range(300))
            assert list((await backward)[1]) == ["c300"]

            async def operations() -> Any:
                for i in range(20):
                    yield Forward(layer, [float(i)])
                    yield Backward(layer, [float(i)])

            results = [result async for result in client.compute(operations(), in_flight=3)]
            assert len(results) == 40
            assert all(result.error is None for result in results)
            assert len([each async for each in client.compute([Forward(layer, [1.0])])]) == 1

    asyncio.run(run())


def test_a_broken_asyncio_stream_fails_its_operations(scripted: ScriptedServer) -> None:
    scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)]

    def broken(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        next(requests)
        context.abort(grpc.StatusCode.UNAVAILABLE, "going down")
        yield

    def silent(requests: Iterator[Any], _context: Any) -> Iterator[Any]:
        list(requests)
        yield from ()

    async def run() -> None:
        async with AsyncClient(scripted.address) as client:
            layer = (await client.session()).layers["l1"]
            scripted.compute = broken
            async with client.stream() as stream:
                with pytest.raises(UnavailableError, match="going down"):
                    await stream.forward(layer, [1.0])
            scripted.compute = silent
            async with client.stream(timeout=0.2) as stream:
                with pytest.raises(DeadlineExceededError):
                    await stream.forward(layer, [1.0])
            with pytest.raises(KeyError):
                async with client.stream() as stream:
                    future = stream.forward(layer, [1.0])
                    await asyncio.sleep(0.05)
                    raise KeyError
            assert future.cancelled()

    asyncio.run(run())


def test_an_asyncio_stream_refused_while_it_sends_says_why(scripted: ScriptedServer) -> None:
    scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)]

    def refuse(_requests: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        context.abort_with_status(
            rpc_status.to_status(status(grpc.StatusCode.UNAUTHENTICATED, "no token", "NO_TOKEN"))
        )
        yield

    async def run() -> None:
        async with AsyncClient(scripted.address) as client:
            layer = (await client.session()).layers["l1"]
            scripted.compute = refuse
            # So large that the refusal comes while it is sent; gRPC then tells INTERNAL at times.
            forward = Forward(layer, np.ones(10**6))
            for _ in range(10):
                async with client.stream() as stream:
                    future = stream.submit(forward)
                with pytest.raises(UnauthenticatedError, match="no token") as caught:
                    await future
                assert caught.value.reason == "NO_TOKEN"

    asyncio.run(run())


def test_a_service_without_compute_says_so(client: Client, scripted: ScriptedServer) -> None:
    layer = layer_of(client, scripted)

    def unimplemented(_requests: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "not yet")
        yield

    scripted.compute = unimplemented
    with client.stream() as stream, pytest.raises(EdunnError, match="not yet") as caught:
        stream.forward(layer, [1.0]).result()
    assert caught.value.code is grpc.StatusCode.UNIMPLEMENTED
