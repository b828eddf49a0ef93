"""A service that is away for a while: what is safe waits for it, until the deadline."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
from edunn_client import (
    AsyncClient,
    Client,
    DeadlineExceededError,
    Forward,
    RetryPolicy,
    UnavailableError,
)
from edunn_client._deadlines import Deadline
from edunn_client._errors import unavailable
from edunn_client._retries import Attempts, Failure
from edunn_client._stubs import layer_pb2, session_pb2
from edunn_client._stubs import layer_service_pb2 as pb
from scripted_server import ScriptedServer
from test_stream import echo

SESSION = session_pb2.Session(
    session_id="s1", phase=layer_pb2.PHASE_TRAINING, layers=[layer_pb2.Layer(name="l1")]
)
CREATED = pb.CreateSessionResponse(session=SESSION)
# On a slow machine the deadline passes in an attempt, and not in a pause between two.
AWAY = (UnavailableError, DeadlineExceededError)
ADDED = pb.AddLayerResponse(layer=layer_pb2.Layer(name="l2", type="ReLU"))


class Restarting:
    """A server that is started, stopped and started again, at one address."""

    def __init__(self) -> None:
        self.server = ScriptedServer()
        self.address = self.server.address
        self.script(self.server)

    @staticmethod
    def script(server: ScriptedServer) -> None:
        server.script["CreateSession"] = [CREATED] * 9
        server.script["AddLayer"] = [ADDED] * 9
        server.script["DeleteSession"] = [pb.DeleteSessionResponse()] * 9
        server.script["Forward"] = [
            lambda request: pb.ForwardResponse(
                forward_id=request.forward_id, output=request.inputs[0]
            )
        ] * 9
        server.compute = echo

    def start(self) -> None:
        self.server = ScriptedServer(address=self.address)
        self.script(self.server)


@pytest.fixture
def service() -> Iterator[Restarting]:
    running = Restarting()
    yield running
    running.server.stop()


def await_loss(client: Client) -> None:
    """Wait until the client has noticed that its connection has ended.

    What it sends before that may have arrived, and is not made again where that matters.
    """
    lost = threading.Event()

    def note(state: grpc.ChannelConnectivity) -> None:
        if state is not grpc.ChannelConnectivity.READY:
            lost.set()

    channel = client._caller._channel
    channel.subscribe(note)
    assert lost.wait(30)
    channel.unsubscribe(note)


async def await_loss_async(client: AsyncClient) -> None:
    """Do the same for an asyncio client."""
    channel, ready = client._caller._channel, grpc.ChannelConnectivity.READY
    async with asyncio.timeout(30):
        while channel.get_state() is ready:
            await channel.wait_for_state_change(ready)


# What waits for the connection although its repetition would change something.
UNSAFE: dict[str, Any] = {
    "adding a layer": lambda session: session.layer("l2", "ReLU"),
    "an untracked training forward": lambda session: session.layers["l1"].forward(
        [1.0], untracked=True
    ),
    "a forward named by the service": lambda session: session.layers["l1"].forward(
        [1.0], forward_id=""
    ),
}


@pytest.mark.parametrize("what", UNSAFE)
def test_what_was_not_sent_waits_for_the_connection(service: Restarting, what: str) -> None:
    with Client(service.address) as client:
        session = client.session()
        service.server.stop()
        await_loss(client)
        again = threading.Timer(0.7, service.start)
        again.start()
        UNSAFE[what](session)
        again.join()


def test_so_does_creating_a_named_session_and_opening_a_stream(service: Restarting) -> None:
    with Client(service.address) as client:
        layer = client.session().layers["l1"]
        service.server.stop()
        await_loss(client)
        again = threading.Timer(0.7, service.start)
        again.start()
        with client.stream() as stream:
            futures = [stream.forward(layer, [float(i)]) for i in range(5)]
        assert [future.result()[0] for future in futures] == list(range(5))
        service.server.stop()
        await_loss(client)
        again = threading.Timer(0.7, service.start)
        again.start()
        client.session(session_id="mine")
        again.join()


def test_so_does_the_asyncio_client(service: Restarting) -> None:
    async def run() -> None:
        async with AsyncClient(service.address) as client:
            session = await client.session()
            service.server.stop()
            await await_loss_async(client)
            again = threading.Timer(0.7, service.start)
            again.start()
            async with client.stream() as stream:
                futures = [stream.forward(session.layers["l1"], [float(i)]) for i in range(5)]
            assert [(await future)[0] for future in futures] == list(range(5))
            service.server.stop()
            await await_loss_async(client)
            again = threading.Timer(0.7, service.start)
            again.start()
            assert (await session.layer("l2", "ReLU")).name == "l2"
            again.join()

    asyncio.run(run())


def test_a_call_comes_soon_after_a_long_outage() -> None:
    """Not by the clock: the pauses themselves, however often a call has failed."""
    attempts = Attempts(RetryPolicy(), Deadline(600.0), repeatable=True)
    pauses = [attempts.pause_after(Failure(unavailable("away"))) for _ in range(50)]
    assert max(pauses) <= 0.5
    assert min(pauses[10:]) >= 0.25
    waiting = [attempts.pause_after(Failure(unavailable("away"), False)) for _ in range(50)]
    assert max(waiting) <= 0.15


def test_retries_go_on_until_the_deadline_and_tell_why(service: Restarting) -> None:
    with Client(service.address, timeout=1.5) as client:
        session = client.session()
        service.server.stop()
        await_loss(client)
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"no connection to .*refused") as caught:
            session.layer("l2", "ReLU")
        # A lower bound alone: it has not given up before.
        assert time.monotonic() - began > 1.0
        assert caught.value.reason == "UNAVAILABLE"


def test_leaving_a_session_after_a_failure_does_not_wait_again(service: Restarting) -> None:
    patient = Client(service.address, timeout=600)
    with patient as client:
        with pytest.raises(AWAY), client.session() as session:
            service.server.stop()
            session.layer("l2", "ReLU", timeout=0.3)
        service.start()
        with client.session() as session:
            service.server.stop()
            with pytest.raises(AWAY):
                session.layer("l2", "ReLU", timeout=0.3)
        service.start()
        with pytest.raises(KeyError), client.session():
            service.server.stop()
            raise KeyError

    async def twin() -> None:
        service.start()
        async with AsyncClient(service.address, timeout=600) as client:
            with pytest.raises(AWAY):
                async with client.session() as session:
                    service.server.stop()
                    await session.layer("l2", "ReLU", timeout=0.3)

    asyncio.run(twin())


def test_a_stream_that_was_answered_is_not_begun_again(service: Restarting) -> None:
    with Client(service.address) as client:
        layer = client.session().layers["l1"]
        stream = client.stream()
        stream.forward(layer, [1.0]).result()
        service.server.stop()
        stream._reader.join()
        with pytest.raises(UnavailableError):
            stream.submit(Forward(layer, [2.0]))


def test_client_made_errors_have_a_reason(service: Restarting) -> None:
    over = threading.Event()

    def late(_request: object) -> pb.GetSessionResponse:
        over.wait()
        return pb.GetSessionResponse()

    service.server.script["GetSession"] = [late]
    with Client(service.address) as client:
        with pytest.raises(
            DeadlineExceededError, match=r"no answer from .* within 0\.1 s"
        ) as late_:
            client.get_session("s1", timeout=0.1)
        over.set()
        assert late_.value.reason == "DEADLINE_EXCEEDED"


def test_retries_and_reconnections_are_logged(
    service: Restarting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edunn_client")
    with Client(service.address, slow_call=0.5) as client:
        session = client.session()
        service.server.stop()
        await_loss(client)
        again = threading.Timer(0.7, service.start)
        again.start()
        session.layer("l2", "ReLU")
        again.join()
    text = caplog.text
    assert "AddLayer failed: no connection to" in text
    assert "attempt 2 in" in text
    assert f"connected to {service.address} again after" in text
    assert "AddLayer took" in text


def test_nothing_is_printed_by_a_program_that_configures_no_logging(
    service: Restarting, capfd: pytest.CaptureFixture[str]
) -> None:
    with Client(service.address, retry=RetryPolicy(attempts=3)) as client:
        session = client.session()
        service.server.stop()
        with pytest.raises(UnavailableError):
            session.layers["l1"].forward(np.ones(1))
    assert "edunn" not in capfd.readouterr().err
