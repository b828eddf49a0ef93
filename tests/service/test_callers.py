"""Every call of every service asks who calls, before anything else is looked at."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from contract import Refusal, refusal
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from more_servers import one_more_server

from edunn_serving.own_channel import WITHOUT_PROXY
from edunn_serving.rpcs import LAYER_RPCS
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
PATHS = [*(rpc.path for rpc in LAYER_RPCS.values()), REFLECTION, "/edunn_serving.v1.None/None"]
# Not the bytes of a message.
GARBAGE = b"\xff" * 100


@pytest.fixture(scope="module")
def guarded(stack: Stack) -> Iterator[grpc.Channel]:
    """A channel to one more server of the stack, which asks who calls."""
    with (
        one_more_server(stack, EDUNN_TOKENS="ana=red,ben=blue") as address,
        grpc.insecure_channel(address, WITHOUT_PROXY) as channel,
    ):
        yield channel


Metadata = tuple[tuple[str, str], ...]


def bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


def answer_to(
    channel: grpc.Channel, path: str, request: bytes, metadata: Metadata | None
) -> Refusal:
    call: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(path)
    return refusal(lambda: list(call(iter([request]), metadata=metadata, timeout=30)))


# An address that fails more often is cut.
@pytest.mark.parametrize(
    ("path", "metadata"),
    [
        *((path, None) for path in PATHS),
        *((path, bearer("green")) for path in PATHS[::4]),
        *((path, (("authorization", "red"),)) for path in PATHS[1::4]),
    ],
)
def test_a_stranger_learns_nothing_of_any_method(
    guarded: grpc.Channel, path: str, metadata: Metadata | None
) -> None:
    answer = answer_to(guarded, path, GARBAGE, metadata)
    assert (answer.code, answer.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert path not in answer.message


def test_a_stranger_may_ask_for_health_and_watch_it(guarded: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(guarded)
    request = health_pb2.HealthCheckRequest(service="edunn_serving.v1.LayerService")
    serving = health_pb2.HealthCheckResponse.SERVING
    assert health.Check(request, timeout=30).status == serving
    watching = health.Watch(request, timeout=30)
    assert next(watching).status == serving
    watching.cancel()
    unknown = health.Watch(health_pb2.HealthCheckRequest(service="none"), timeout=30)
    assert next(unknown).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    unknown.cancel()


def test_health_refuses_what_is_no_message(guarded: grpc.Channel) -> None:
    answer = answer_to(guarded, "/grpc.health.v1.Health/Check", GARBAGE, None)
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")


def test_reflection_refuses_what_is_no_message(guarded: grpc.Channel) -> None:
    answer = answer_to(guarded, REFLECTION, GARBAGE, bearer("red"))
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")


def test_without_tokens_reflection_describes_the_roles_of_an_rpc(stack: Stack) -> None:
    with grpc.insecure_channel(stack.address, WITHOUT_PROXY) as channel:
        found = ProtoReflectionDescriptorDatabase(channel)
        file = found.FindFileByName("edunn_serving/v1/access.proto")
    assert "roles" in [each.name for each in file.extension]


def test_a_known_caller_is_served(guarded: grpc.Channel) -> None:
    stub = LayerServiceStub(guarded)
    for token in ("red", "blue"):
        request = api.CreateSessionRequest(session_id="known")
        session = stub.CreateSession(request, metadata=bearer(token), timeout=30).session
        assert session.session_id == "known"
