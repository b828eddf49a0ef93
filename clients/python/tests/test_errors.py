from __future__ import annotations

import asyncio
import pickle
from typing import NamedTuple

import edunn_client
import grpc
import pytest
from edunn_client import AsyncClient, Client, EdunnError, RetryPolicy, Violation
from edunn_client._errors import error_from_status
from google.rpc import status_pb2
from scripted_server import ScriptedServer, status

Code = grpc.StatusCode

TYPED = {
    Code.INVALID_ARGUMENT: edunn_client.InvalidArgumentError,
    Code.NOT_FOUND: edunn_client.NotFoundError,
    Code.ALREADY_EXISTS: edunn_client.AlreadyExistsError,
    Code.FAILED_PRECONDITION: edunn_client.FailedPreconditionError,
    Code.RESOURCE_EXHAUSTED: edunn_client.ResourceExhaustedError,
    Code.UNAUTHENTICATED: edunn_client.UnauthenticatedError,
    Code.DEADLINE_EXCEEDED: edunn_client.DeadlineExceededError,
    Code.UNAVAILABLE: edunn_client.UnavailableError,
    Code.CANCELLED: edunn_client.CancelledError,
    Code.INTERNAL: edunn_client.InternalError,
}


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_each_status_has_its_class(code: Code) -> None:
    error = error_from_status(status(code))
    assert type(error) is TYPED.get(code, EdunnError)
    assert error.code is code


def test_details_become_attributes() -> None:
    error = error_from_status(
        status(Code.INVALID_ARGUMENT, "no such p", "BAD", {"layer.config.p": "0 <= p < 1"}, 1.5)
    )
    assert error.message == "no such p"
    assert error.reason == "BAD"
    assert error.violations == (Violation("layer.config.p", "0 <= p < 1"),)
    assert error.retry_delay == 1.5
    assert error.metadata == {"layer": "l1"}


def test_the_text_names_field_and_reason() -> None:
    error = error_from_status(status(Code.INVALID_ARGUMENT, "2 faults", "BAD", {"p": "is 3"}))
    assert str(error) == "2 faults; p: is 3 [BAD]"
    assert str(edunn_client.UnavailableError("away")) == "away [UNAVAILABLE]"


def test_a_field_that_the_message_explains_is_not_explained_twice() -> None:
    error = error_from_status(status(Code.INVALID_ARGUMENT, "p is 3", "BAD", {"p": "p is 3"}))
    assert str(error) == "p is 3 [BAD]"


def test_errors_survive_pickling() -> None:
    error = error_from_status(status(Code.RESOURCE_EXHAUSTED, violations={"p": "x"}, retry_delay=2))
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(back) is type(error)
    assert vars(back) == vars(error)


def test_some_are_python_errors_of_their_kind() -> None:
    assert issubclass(edunn_client.InvalidArgumentError, ValueError)
    assert issubclass(edunn_client.DeadlineExceededError, TimeoutError)


def test_a_sync_call_raises_the_typed_error(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [status(Code.NOT_FOUND, "no s1", "SESSION_NOT_FOUND")]
    with (
        Client(scripted.address) as client,
        pytest.raises(edunn_client.NotFoundError, match="no s1") as caught,
    ):
        client.get_session("s1")
    assert caught.value.reason == "SESSION_NOT_FOUND"


def test_an_asyncio_call_raises_the_typed_error(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [status(Code.NOT_FOUND, "no s1", "SESSION_NOT_FOUND")]

    async def call() -> None:
        async with AsyncClient(scripted.address) as client:
            await client.get_session("s1")

    with pytest.raises(edunn_client.NotFoundError, match="no s1") as caught:
        asyncio.run(call())
    assert caught.value.reason == "SESSION_NOT_FOUND"


def test_a_status_without_details_will_do(scripted: ScriptedServer) -> None:
    scripted.script["GetSession"] = [Code.PERMISSION_DENIED]
    with Client(scripted.address) as client, pytest.raises(EdunnError, match="plain") as caught:
        client.get_session("s1")
    assert caught.value.code is Code.PERMISSION_DENIED
    assert caught.value.reason == ""


class RawStatus(NamedTuple):
    """A status whose details are any bytes; gRPC asks for these three attributes."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


grpc.Status.register(RawStatus)

MALFORMED = status_pb2.Status(code=Code.NOT_FOUND.value[0], message="gone")
MALFORMED.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff")


@pytest.mark.parametrize(
    "details",
    [b"\xff", b"", status(Code.INTERNAL).SerializeToString(), MALFORMED.SerializeToString()],
    ids=["no message", "nothing", "of another status", "a detail is no message"],
)
def test_useless_details_leave_the_status(scripted: ScriptedServer, details: bytes) -> None:
    metadata = (("grpc-status-details-bin", details),)
    scripted.script["GetSession"] = [RawStatus(Code.NOT_FOUND, "gone", metadata)]
    with Client(scripted.address) as client, pytest.raises(edunn_client.NotFoundError) as caught:
        client.get_session("s1")
    assert (caught.value.message, caught.value.reason) == ("gone", "")


def test_nobody_at_the_address_is_unavailable() -> None:
    once = RetryPolicy(attempts=1)
    with Client("127.0.0.1:1", retry=once) as client, pytest.raises(edunn_client.UnavailableError):
        client.layer_types()
