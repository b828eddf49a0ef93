"""A caller that does more than it may is refused with the limit, and the others are served."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import grpc
import numpy as np
import pytest
from contract import Refusal, array, new_session, spec, tensor
from edunn_client import Client
from more_servers import one_more_server
from waiting import await_true

from edunn_serving.own_channel import WITHOUT_PROXY
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import limits_pb2
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

LIMITS = {
    "calls_per_second": 5,
    "calls_burst": 60,
    "calls_at_once": 20,
    "streams": 2,
    "sessions": 3,
    "state_bytes": 4_000_000,
    "tensor_bytes": 100_000,
    "processor_seconds_per_minute": 30,
}
CALLERS = ("rate", "burst", "crowd", "streams", "sessions", "state", "tensor", "shared", "calm")
X = np.ones((2, 3))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {
        "EDUNN_TOKENS": ",".join(f"{name}=token-of-{name}" for name in CALLERS),
        "EDUNN_STUDENT_LIMITS": ",".join(f"{name}={value}" for name, value in LIMITS.items()),
    }
    with Stack(tmp_path_factory.mktemp("limits"), others={}, environment=settings) as running:
        yield running


class Bearer(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Adds a token to each call."""

    def __init__(self, caller: str) -> None:
        self._metadata = (("authorization", f"Bearer token-of-{caller}"),)

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(self._with_token(details), request)

    def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        return continuation(self._with_token(details), requests)

    def _with_token(self, details: Any) -> Any:
        return details._replace(metadata=self._metadata)


@pytest.fixture
def stub_of(stack: Stack) -> Iterator[Callable[[str], LayerServiceStub]]:
    with grpc.insecure_channel(stack.address) as channel:
        yield lambda caller: LayerServiceStub(grpc.intercept_channel(channel, Bearer(caller)))


def quota_of(error: grpc.RpcError, limits: Mapping[str, float]) -> str:
    refused = Refusal(error)
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA")
    quota = refused.metadata["quota"]
    assert float(refused.metadata["limit"]) == limits[quota]
    assert f"{limits[quota]:g}" in refused.message
    assert refused.asks_to_wait == (quota != "tensor_bytes")
    return quota


def met(call: Callable[[], Any], limits: Mapping[str, float] = LIMITS) -> str:
    """Return the limit that a call meets; empty if it meets none."""
    try:
        call()
    except grpc.RpcError as error:
        return quota_of(error, limits)
    return ""


def forward(session: str, x: np.ndarray, **fields: Any) -> api.ForwardRequest:
    return api.ForwardRequest(session_id=session, layer="l", inputs=[tensor(x)], **fields)


def test_calls_come_at_a_rate_and_in_bursts(stub_of: Callable[[str], LayerServiceStub]) -> None:
    stub = stub_of("rate")
    session = new_session(stub, spec("l", "ReLU"))
    outcomes = [met(lambda: stub.Forward(forward(session, X), timeout=30)) for _ in range(200)]
    served = outcomes.count("")
    assert set(outcomes) == {"", "calls_per_second"}
    assert 59 <= served < 150
    limits = {each.name: each for each in stub.GetLimits(limits_pb2.GetLimitsRequest()).limits}
    assert limits["calls_burst"].used > 50


def test_operations_of_a_stream_count_as_calls(
    stub_of: Callable[[str], LayerServiceStub],
) -> None:
    stub = stub_of("burst")
    session = new_session(stub, spec("l", "ReLU"))
    operations = [
        api.ComputeOperation(request_id=str(at), forward=forward(session, X)) for at in range(200)
    ]
    answers = stub.Compute(iter([api.ComputeRequest(operations=operations)]), timeout=30)
    results = [result for answer in answers for result in answer.results]
    kinds = [result.WhichOneof("result") for result in results]
    assert len(kinds) == 200
    assert 50 <= kinds.count("forward") < 100


def test_streams_are_counted(stub_of: Callable[[str], LayerServiceStub]) -> None:
    stub = stub_of("streams")
    streams = [stub.Compute(_endless(), timeout=30) for _ in range(2)]
    await_true(lambda: _used(stub, "streams") == 2, "the opening of both streams")
    assert met(lambda: list(stub.Compute(_endless(), timeout=30))) == "streams"
    for stream in streams:
        stream.cancel()
    await_true(lambda: _used(stub, "streams") == 0, "the end of the streams")


def heavy(session: str) -> api.ForwardRequest:
    """A request of some bytes that computes for some ms."""
    return forward(session, np.ones((1, 1, 1, 1)), untracked=True)


HEAVY = spec("l", "Conv2d", in_channels=1, out_channels=16, kernel_size=21, padding=[60, 60])


def test_calls_at_once_are_counted(stub_of: Callable[[str], LayerServiceStub]) -> None:
    stub = stub_of("crowd")
    session = new_session(stub, HEAVY)
    calls = [stub.Forward.future(heavy(session), timeout=60) for _ in range(50)]
    outcomes = [met(call.result) for call in calls]
    assert set(outcomes) == {"", "calls_at_once"}
    assert outcomes.count("") >= LIMITS["calls_at_once"]
    await_true(lambda: not met(lambda: stub.Forward(heavy(session), timeout=30)), "another call")


def test_processor_time_is_counted_and_flows_in_again(stack: Stack) -> None:
    limit = "processor_seconds_per_minute"
    settings = {"EDUNN_TOKENS": "busy=token-of-busy", "EDUNN_STUDENT_LIMITS": f"{limit}=2"}
    with (
        one_more_server(stack, **settings) as address,
        grpc.insecure_channel(address, WITHOUT_PROXY) as channel,
    ):
        stub = LayerServiceStub(grpc.intercept_channel(channel, Bearer("busy")))
        session = new_session(stub, HEAVY)
        refused: list[Refusal] = []

        def is_refused() -> bool:
            calls = [stub.Forward.future(heavy(session), timeout=60) for _ in range(8)]
            refused.extend(Refusal(error) for call in calls if (error := call.exception()))
            return bool(refused)

        await_true(is_refused, "the limit of the time that workers compute")
        assert {each.reason for each in refused} == {"QUOTA"}
        assert (refused[0].metadata["quota"], refused[0].metadata["limit"]) == (limit, "2")
        # The budget may be in debt by the operations that were under way.
        assert refused[0].retry_seconds > 1
        time.sleep(refused[0].retry_seconds)
        is_served = partial(stub.Forward, heavy(session), timeout=30)
        await_true(lambda: not met(is_served, {limit: 2.0}), "a call that is served again")


def test_sessions_are_counted_until_they_end(stub_of: Callable[[str], LayerServiceStub]) -> None:
    stub = stub_of("sessions")
    sessions = [new_session(stub) for _ in range(3)]
    assert met(lambda: new_session(stub)) == "sessions"
    stub.DeleteSession(api.DeleteSessionRequest(session_id=sessions[0]), timeout=30)
    short = api.CreateSessionRequest()
    short.ttl.FromSeconds(8)
    stub.CreateSession(short, timeout=30)
    assert met(lambda: new_session(stub)) == "sessions"
    await_true(lambda: not met(lambda: new_session(stub)), "the end of the short session")


def test_state_is_bounded_and_still_read(stub_of: Callable[[str], LayerServiceStub]) -> None:
    """A request of some bytes makes parameters of many, and forwards keep contexts."""
    stub = stub_of("state")
    config = {"input_size": 500, "output_size": 500, "initializer": "Zero"}
    session = new_session(stub, spec("l", "Linear", **config))
    x = np.ones((20, 500))

    def keep() -> bool:
        return met(lambda: stub.Forward(forward(session, x), timeout=30)) == "state_bytes"

    await_true(lambda: _used(stub, "state_bytes") >= 2_000_000, "the count of the parameters")
    await_true(keep, "the limit of the state")
    assert _used(stub, "state_bytes") < 6_000_000
    got = stub.GetParameters(api.GetParametersRequest(session_id=session, layer="l"), timeout=30)
    assert array(got.parameters["w"]).shape == (500, 500)
    stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)
    await_true(lambda: _used(stub, "state_bytes") == 0, "the release of the state")


def test_largest_tensor(stub_of: Callable[[str], LayerServiceStub]) -> None:
    stub = stub_of("tensor")
    session = new_session(stub, spec("l", "ReLU"), spec("two", "SquaredError"))
    assert met(lambda: stub.Forward(forward(session, np.ones(12_600)), timeout=30)) == (
        "tensor_bytes"
    )
    # Two of them may be larger together.
    two = api.ForwardRequest(
        session_id=session, layer="two", inputs=[tensor(np.ones((9000, 1)))] * 2
    )
    stub.Forward(two, timeout=30)


def test_servers_share_what_a_caller_may_do(stack: Stack) -> None:
    other = stack.add_server()
    with (
        Client(stack.address, token="token-of-shared") as one,
        Client(other, token="token-of-shared") as two,
        one.session(),
    ):
        await_true(lambda: _client_used(two, "sessions") == 1, "the other server's count of it")


def test_caller_beside_those_that_exceed_their_limits_is_served(stack: Stack) -> None:
    with Client(stack.address, token="token-of-calm") as client, client.session() as session:
        assert np.array_equal(session.layer("l", "ReLU").forward(X), X)
        named = {limit.name: limit.value for limit in client.limits()}
    assert named == LIMITS


def _endless() -> Iterator[api.ComputeRequest]:
    """Requests that do not end until the stream is cancelled."""
    threading.Event().wait(20)
    yield api.ComputeRequest()


def _used(stub: LayerServiceStub, name: str) -> float:
    answer = stub.GetLimits(limits_pb2.GetLimitsRequest(), timeout=30)
    return float(next(limit.used for limit in answer.limits if limit.name == name))


def _client_used(client: Client, name: str) -> float | None:
    return next(limit.used for limit in client.limits() if limit.name == name)
