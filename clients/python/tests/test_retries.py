from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from edunn_client import (
    AlreadyExistsError,
    AsyncClient,
    Client,
    DeadlineExceededError,
    EdunnError,
    ResourceExhaustedError,
    RetryPolicy,
    Session,
    UnavailableError,
)
from edunn_client._stubs import layer_pb2, session_pb2, tensor_pb2
from edunn_client._stubs import layer_service_pb2 as pb
from scripted_server import ScriptedServer, status

Code = grpc.StatusCode

FAST = RetryPolicy(attempts=4, first_pause=0.001)
ONE = tensor_pb2.Tensor(data_type=tensor_pb2.DATA_TYPE_FLOAT64, data=b"\0" * 8)
SESSION = session_pb2.Session(
    session_id="s1", phase=layer_pb2.PHASE_TRAINING, layers=[layer_pb2.Layer(name="l1")]
)


def forwarded(request: pb.ForwardRequest) -> pb.ForwardResponse:
    return pb.ForwardResponse(forward_id=request.forward_id or "#1", output=ONE)


@pytest.fixture
def created(scripted: ScriptedServer) -> Callable[[], Session]:
    def create() -> Session:
        scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)]
        return Client(scripted.address, retry=FAST).session()

    return create


def test_unavailable_is_tried_again(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [
        status(Code.UNAVAILABLE),
        Code.UNAVAILABLE,
        pb.GetSessionResponse(session=SESSION),
    ]
    with Client(scripted.address, retry=FAST) as client:
        assert client.get_session("s1").session_id == "s1"


def test_the_asyncio_client_tries_again_too(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [
        status(Code.UNAVAILABLE),
        pb.GetSessionResponse(session=SESSION),
    ]

    async def call() -> str:
        async with AsyncClient(scripted.address, retry=FAST) as client:
            return (await client.get_session("s1")).session_id

    assert asyncio.run(call()) == "s1"


def test_deadline_of_a_later_attempt_tells_of_the_one_before(scripted: ScriptedServer) -> None:
    never = threading.Event()

    def hang(request: Any) -> pb.GetSessionResponse:
        never.wait(30)
        return pb.GetSessionResponse()

    scripted.script["GetSession"] = [status(Code.UNAVAILABLE, "the artifact store is away"), hang]
    with Client(scripted.address, retry=FAST) as client:
        with pytest.raises(DeadlineExceededError, match=r"no answer .* the artifact store is away"):
            client.get_session("s1", timeout=1.0)
        never.set()


def test_attempts_end(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [status(Code.UNAVAILABLE)] * 9
    with Client(scripted.address, retry=FAST) as client, pytest.raises(UnavailableError):
        client.get_session("s1")
    assert len(scripted.seen["GetSession"]) == FAST.attempts


@pytest.mark.parametrize(
    "code", [Code.INTERNAL, Code.NOT_FOUND, Code.DEADLINE_EXCEEDED, Code.FAILED_PRECONDITION]
)
def test_other_errors_are_not_tried_again(scripted: ScriptedServer, code: Code) -> None:
    scripted.script["GetSession"] = [status(code, retry_delay=0.001)]
    with Client(scripted.address, retry=FAST) as client, pytest.raises(EdunnError):
        client.get_session("s1")
    assert len(scripted.seen["GetSession"]) == 1


def test_a_refused_call_waits_as_long_as_it_is_told(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [
        status(Code.RESOURCE_EXHAUSTED, retry_delay=0.2),
        pb.GetSessionResponse(session=SESSION),
    ]
    began = time.monotonic()
    with Client(scripted.address, retry=FAST) as client:
        client.get_session("s1")
    assert time.monotonic() - began >= 0.2


def test_too_large_is_not_tried_again(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [status(Code.RESOURCE_EXHAUSTED, reason="TOO_LARGE")]
    with Client(scripted.address, retry=FAST) as client, pytest.raises(ResourceExhaustedError):
        client.get_session("s1")
    assert len(scripted.seen["GetSession"]) == 1


def test_no_pause_outlasts_the_deadline(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [status(Code.RESOURCE_EXHAUSTED, retry_delay=60)]
    began = time.monotonic()
    with Client(scripted.address, timeout=30) as client, pytest.raises(ResourceExhaustedError):
        client.get_session("s1")
    assert time.monotonic() - began < 30


@pytest.fixture
def silent() -> Iterator[Callable[[object], pb.GetSessionResponse]]:
    """An answer that comes when the test is over."""
    over = threading.Event()

    def late(_request: object) -> pb.GetSessionResponse:
        over.wait()
        return pb.GetSessionResponse(session=SESSION)

    yield late
    over.set()


def test_every_call_has_a_deadline(
    scripted: ScriptedServer, silent: Callable[[object], pb.GetSessionResponse]
) -> None:
    scripted.script["GetSession"] = [silent]
    with Client(scripted.address, timeout=0.1) as client, pytest.raises(DeadlineExceededError):
        client.get_session("s1")


def test_a_repeated_forward_keeps_its_name(
    scripted: ScriptedServer, created: Callable[[], Session]
) -> None:
    scripted.script["Forward"] = [status(Code.UNAVAILABLE), forwarded, forwarded]
    layer = created().layers["l1"]
    layer.forward([1.0])
    layer.forward([1.0])
    assert [request.forward_id for request in scripted.seen["Forward"]] == ["c1", "c1", "c2"]


def test_a_forward_named_by_the_service_is_not_repeated_after_a_break(
    scripted: ScriptedServer, created: Callable[[], Session]
) -> None:
    scripted.script["Forward"] = [status(Code.UNAVAILABLE), forwarded]
    with pytest.raises(UnavailableError):
        created().layers["l1"].forward([1.0], forward_id="")
    assert len(scripted.seen["Forward"]) == 1


def test_it_is_repeated_where_the_service_refused_it(
    scripted: ScriptedServer, created: Callable[[], Session]
) -> None:
    refused = status(Code.RESOURCE_EXHAUSTED, reason="QUEUE_FULL", retry_delay=0.001)
    scripted.script["Forward"] = [refused, forwarded]
    created().layers["l1"].forward([1.0], forward_id="")
    assert len(scripted.seen["Forward"]) == 2


def test_an_untracked_training_forward_is_not_repeated(
    scripted: ScriptedServer, created: Callable[[], Session]
) -> None:
    scripted.script["Forward"] = [status(Code.UNAVAILABLE)]
    with pytest.raises(UnavailableError):
        created().layers["l1"].forward([1.0], untracked=True)


def test_an_untracked_test_forward_is_repeated_and_takes_no_name(
    scripted: ScriptedServer, created: Callable[[], Session]
) -> None:
    scripted.script["Forward"] = [status(Code.UNAVAILABLE), forwarded, forwarded]
    layer = created().layers["l1"]
    layer.forward([1.0], untracked=True, phase="test")
    layer.forward([1.0])
    assert [request.forward_id for request in scripted.seen["Forward"]] == ["", "", "c1"]


def test_what_cannot_be_sent_does_not_count(
    scripted: ScriptedServer, created: Callable[[], Session]
) -> None:
    scripted.script["Forward"] = [forwarded]
    layer = created().layers["l1"]
    with pytest.raises(TypeError, match="complex"):
        layer.forward([1j])
    layer.forward([1.0])
    assert [request.forward_id for request in scripted.seen["Forward"]] == ["c1"]


LINEAR = layer_pb2.Layer(name="l2", type="Linear")
HAS_LINEAR = session_pb2.Session(session_id="s1", layers=[LINEAR])


def test_a_layer_that_the_lost_first_attempt_added_is_found(
    scripted: ScriptedServer, created: Callable[[], Session]
) -> None:
    session = created()
    exists = status(Code.ALREADY_EXISTS, reason="LAYER_EXISTS")
    scripted.script["AddLayer"] = [status(Code.UNAVAILABLE), exists]
    scripted.script["GetSession"] = [pb.GetSessionResponse(session=HAS_LINEAR)]
    assert session.layer("l2", "Linear").name == "l2"
    assert [layer.name for layer in session.info.layers] == ["l1", "l2"]


@pytest.mark.parametrize("attempts", [[], [status(Code.UNAVAILABLE)]])
def test_a_layer_of_somebody_else_exists(
    scripted: ScriptedServer, created: Callable[[], Session], attempts: list[Any]
) -> None:
    session = created()
    exists = status(Code.ALREADY_EXISTS, reason="LAYER_EXISTS")
    scripted.script["AddLayer"] = [*attempts, exists]
    scripted.script["GetSession"] = [pb.GetSessionResponse(session=HAS_LINEAR)]
    with pytest.raises(AlreadyExistsError):
        session.layer("l2", "Dropout")


def test_a_session_that_the_lost_first_attempt_created_is_found(scripted: ScriptedServer) -> None:
    now = time.time()
    made = session_pb2.Session(session_id="mine", phase=layer_pb2.PHASE_TRAINING, seed=3)
    made.ttl.FromSeconds(60)
    made.create_time.FromSeconds(int(now))
    made.expire_time.FromSeconds(int(now) + 60)
    older = session_pb2.Session()
    older.CopyFrom(made)
    older.create_time.FromSeconds(int(now) - 600)
    exists = status(Code.ALREADY_EXISTS, reason="SESSION_EXISTS")
    with Client(scripted.address, retry=FAST) as client:
        for found, is_mine in ((made, True), (older, False)):
            scripted.script["CreateSession"] = [status(Code.UNAVAILABLE), exists]
            scripted.script["GetSession"] = [pb.GetSessionResponse(session=found)]
            if is_mine:
                assert client.session(seed=3, session_id="mine").seed == 3
            else:
                with pytest.raises(AlreadyExistsError):
                    client.session(seed=3, session_id="mine")


def test_two_attached_sessions_never_meet_in_a_name(
    scripted: ScriptedServer, created: Callable[[], Session]
) -> None:
    sessions = [created()]
    for _ in range(2):
        scripted.script["GetSession"] = [pb.GetSessionResponse(session=SESSION)]
        sessions.append(Client(scripted.address).attach("s1"))
    scripted.script["Forward"] = [forwarded] * 3
    for session in sessions:
        session.layers["l1"].forward([1.0])
    assert len({request.forward_id for request in scripted.seen["Forward"]}) == 3


def test_the_token_travels_with_every_call(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [pb.GetSessionResponse(session=SESSION)]
    with Client(scripted.address, token="abc") as client:
        client.get_session("s1")
    assert scripted.metadata[0]["authorization"] == "Bearer abc"


def test_a_token_in_the_clear_beyond_this_machine_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="unencrypted"):
        Client("example.org:50051", token="abc")
    Client("[::1]:50051", token="abc")
    Client("example.org:50051", token="abc", tls=True)


def test_closing_the_client_cancels_calls_of_other_threads(
    scripted: ScriptedServer, silent: Callable[[object], pb.GetSessionResponse]
) -> None:
    scripted.script["GetSession"] = [silent]
    client = Client(scripted.address)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.get_session, "s1")
        while not scripted.seen["GetSession"]:
            time.sleep(0.01)
        client.close()
        with pytest.raises(EdunnError) as caught:
            call.result()
    assert caught.value.code is Code.CANCELLED
    with pytest.raises(ValueError, match="closed"):
        client.get_session("s1")
