"""CallScope: a block's calls share time and metadata, and can be cancelled."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from edunn_client import (
    AsyncClient,
    CallScope,
    CancelledError,
    Client,
    DeadlineExceededError,
)
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._stubs import session_pb2
from scripted_server import ScriptedServer, status

FOUND = pb.GetSessionResponse(session=session_pb2.Session(session_id="s1"))


class Late:
    """An answer that comes when the test says so."""

    def __init__(self) -> None:
        self.asked, self.over = threading.Event(), threading.Event()

    def __call__(self, _request: object) -> pb.GetSessionResponse:
        self.asked.set()
        self.over.wait()
        return FOUND


@pytest.fixture
def late() -> Iterator[Late]:
    answer = Late()
    yield answer
    answer.over.set()


def test_a_call_under_way_is_cancelled_from_another_thread(
    scripted: ScriptedServer, late: Late
) -> None:
    scripted.script["GetSession"] = [late]
    scope = CallScope()

    def call() -> None:
        with Client(scripted.address, timeout=600) as client, scope:
            client.get_session("s1")

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(call)
        assert late.asked.wait(30)
        scope.cancel()
        with pytest.raises(CancelledError) as caught:
            future.result(30)
    assert caught.value.reason == "CANCELLED"
    assert caught.value.code is grpc.StatusCode.CANCELLED


def test_so_is_the_pause_before_a_retry(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [
        status(grpc.StatusCode.RESOURCE_EXHAUSTED, retry_delay=60.0),
    ]
    scope = CallScope()

    def call() -> None:
        with Client(scripted.address, timeout=600) as client, scope, CallScope():
            client.get_session("s1")

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(call)
        until = time.monotonic() + 30
        while not scripted.seen["GetSession"] and time.monotonic() < until:
            time.sleep(0.01)
        scope.cancel()
        with pytest.raises(CancelledError):
            future.result(30)


def test_a_cancelled_block_makes_no_more_calls(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [FOUND] * 2
    with Client(scripted.address) as client:
        with CallScope() as scope:
            client.get_session("s1")
            scope.cancel()
            with pytest.raises(CancelledError):
                client.get_session("s1")
            with CallScope(), pytest.raises(CancelledError):
                client.get_session("s1")
        assert "cancelled" in repr(scope)
        client.get_session("s1")
    assert len(scripted.seen["GetSession"]) == 2


def test_the_asyncio_client_is_cancelled_too(scripted: ScriptedServer, late: Late) -> None:
    scripted.script["GetSession"] = [late]

    async def run() -> None:
        async with AsyncClient(scripted.address, timeout=600) as client:
            with CallScope() as scope:
                call = asyncio.create_task(client.get_session("s1"))
                await asyncio.to_thread(late.asked.wait, 30)
                scope.cancel()
                with pytest.raises(CancelledError):
                    await call

    asyncio.run(run())


def test_the_calls_of_a_block_share_its_time(scripted: ScriptedServer, late: Late) -> None:
    scripted.script["GetSession"] = [late]
    with Client(scripted.address, timeout=600) as client, CallScope(timeout=0.2):
        with pytest.raises(DeadlineExceededError):
            client.get_session("s1")
        with pytest.raises(DeadlineExceededError, match="the CallScope around"):
            client.get_session("s1")
    assert len(scripted.seen["GetSession"]) == 1


def test_metadata_of_the_client_and_of_each_block_is_added_up(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [FOUND] * 2
    with Client(scripted.address, metadata={"Of-Client": "1"}, token="abc") as client:
        with CallScope(metadata={"of-block": "2"}), CallScope(metadata=[("inner", "3")]):
            client.get_session("s1")
        client.get_session("s1")
    first, second = scripted.metadata
    given = {"of-client": "1", "of-block": "2", "inner": "3", "authorization": "Bearer abc"}
    assert first.items() >= given.items()
    assert second["of-client"] == "1"
    assert "of-block" not in second


def test_so_it_is_for_asyncio_and_streams(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [FOUND]
    seen: list[dict[str, str | bytes]] = []

    def compute(requests: object, context: grpc.ServicerContext) -> Iterator[pb.ComputeResponse]:
        seen.append(dict(context.invocation_metadata()))
        yield from ()

    scripted.compute = compute

    async def run() -> None:
        async with AsyncClient(scripted.address, metadata={"of-client": "1"}) as client:
            with CallScope(metadata={"of-block": "2"}):
                await client.get_session("s1")
                async with client.stream():
                    pass

    asyncio.run(run())
    with Client(scripted.address) as client, CallScope(metadata={"of-block": "2"}):
        client.stream().close()
    assert scripted.metadata[0]["of-block"] == "2"
    assert [each["of-block"] for each in seen] == ["2", "2"]


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_a_block_has_a_positive_time(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout must be"):
        CallScope(timeout=timeout)
