"""A server told to stop: what it has accepted is answered, the rest is refused for a retry."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import grpc
import numpy as np
import pytest
from contract import forward, new_session, refusal, spec, tensor
from edunn_client import Client, EdunnError, RemoteLayer
from waiting import await_true

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

DROP = spec("drop", "Dropout", p=0.5)
X = np.ones((8, 64))
CALLERS = 32
IN_FLIGHT = 32


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stopped"), workers=2, others={}) as running:
        yield running


def request_of(session: str) -> api.ForwardRequest:
    return api.ForwardRequest(session_id=session, layer="drop", inputs=[tensor(X)])


def stop_and_await_restart(stack: Stack) -> None:
    (server,) = stack.servers
    starts = server.starts
    os.kill(server.pid, signal.SIGTERM)
    # Far less than the 30 s that a server waits for calls that do not end.
    await_true(lambda: server.starts > starts, "the end of the server", seconds=20)
    stack.await_serving(stack.address)


def next_number(stub: LayerServiceStub, session: str) -> int:
    """Return the number that the service gives the session's next forward."""
    return int(forward(stub, session, "drop", X).forward_id.removeprefix("#"))


def test_every_unary_call_that_took_effect_was_answered(stack: Stack) -> None:
    answered = [0] * CALLERS
    codes: list[grpc.StatusCode] = []

    async def call_until_refused(stub: LayerServiceStub, at: int, session: str) -> None:
        try:
            # One whose calls all fall before the stop and after the restart is never refused.
            while not restarted.is_set():
                await stub.Forward(request_of(session), timeout=30)
                answered[at] += 1
                if sum(answered) >= 10 * CALLERS:
                    begun.set()
        except grpc.RpcError as error:
            codes.append(error.code())

    async def load(sessions: list[str]) -> None:
        async with grpc.aio.insecure_channel(stack.address) as channel:
            stub = LayerServiceStub(channel)
            calling = [
                asyncio.create_task(call_until_refused(stub, at, session))
                for at, session in enumerate(sessions)
            ]
            await begun.wait()
            await asyncio.to_thread(stop_and_await_restart, stack)
            restarted.set()
            await asyncio.gather(*calling)

    begun, restarted = asyncio.Event(), asyncio.Event()
    with grpc.insecure_channel(stack.address) as channel:
        stub = LayerServiceStub(channel)
        sessions = [new_session(stub, DROP) for _ in range(CALLERS)]
    asyncio.run(load(sessions))
    # The one status after which a client may try again.
    assert set(codes) == {grpc.StatusCode.UNAVAILABLE}
    with grpc.insecure_channel(stack.address) as channel:
        stub = LayerServiceStub(channel)
        assert [next_number(stub, session) - 1 for session in sessions] == answered


def test_every_operation_of_a_stream_that_took_effect_was_answered(stack: Stack) -> None:
    answered = 0
    errors: list[BaseException] = []
    begun = threading.Event()
    room = threading.Semaphore(IN_FLIGHT)

    def note(future: Future[Any]) -> None:
        nonlocal answered
        error = future.exception()
        if error is None:
            answered += 1
        else:
            errors.append(error)
        if answered == 200:
            begun.set()
        room.release()

    def submit_until_refused(layer: RemoteLayer) -> None:
        try:
            with client.stream() as stream:
                while not errors:
                    room.acquire()
                    # The empty id lets the service number the forwards.
                    stream.forward(layer, X, forward_id="").add_done_callback(note)
        except EdunnError as error:
            # Where nothing was under way as the stream ended, the next operation hears of it.
            errors.append(error)

    with Client(stack.address) as client, client.session() as session:
        layer = session.layer("drop", "Dropout", p=0.5)
        submitting = threading.Thread(target=submit_until_refused, args=(layer,))
        submitting.start()
        assert begun.wait(60)
        stop_and_await_restart(stack)
        submitting.join(60)
        assert not submitting.is_alive()
        assert {getattr(error, "code", error) for error in errors} == {grpc.StatusCode.UNAVAILABLE}
        with grpc.insecure_channel(stack.address) as channel:
            assert next_number(LayerServiceStub(channel), session.session_id) - 1 == answered


def test_idle_stream_is_ended_and_does_not_hold_up_the_stop(stack: Stack) -> None:
    with grpc.insecure_channel(stack.address) as channel:
        stub = LayerServiceStub(channel)
        session = new_session(stub, DROP)
        operation = api.ComputeOperation(request_id="1", forward=request_of(session))
        keep_open = threading.Event()

        def requests() -> Iterator[api.ComputeRequest]:
            yield api.ComputeRequest(operations=[operation])
            keep_open.wait(60)

        answers = stub.Compute(requests(), timeout=60)
        next(answers)
        stop_and_await_restart(stack)
        refused = refusal(lambda: next(answers))
        keep_open.set()
        assert refused.code == grpc.StatusCode.UNAVAILABLE
        assert refused.retry_seconds > 0
