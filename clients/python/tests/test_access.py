"""Where the service is, how to be let in, and what gRPC offers besides."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import edunn_client
import grpc
import pytest
from certificates import make_certificate
from counting_relay import CountingRelay
from edunn_client import TLS, AsyncClient, CallScope, Client, InvalidArgumentError
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._stubs import session_pb2
from scripted_server import ScriptedServer, status

FOUND = pb.GetSessionResponse(session=session_pb2.Session(session_id="s1"))
VARIABLES = ("TARGET", "TOKEN", "CA", "CERTIFICATE", "KEY")


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(f"EDUNN_{name}", raising=False)


@pytest.fixture
def found(scripted: ScriptedServer) -> ScriptedServer:
    scripted.script["GetSession"] = [FOUND] * 20
    return scripted


def test_the_environment_says_what_the_program_does_not(
    found: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDUNN_TARGET", found.address)
    monkeypatch.setenv("EDUNN_TOKEN", "from-outside")
    with Client() as client:
        client.get_session("s1")
    monkeypatch.setenv("EDUNN_TARGET", "127.0.0.1:1")
    with Client(found.address, token="explicit") as client:
        client.get_session("s1")
    tokens = [metadata["authorization"] for metadata in found.metadata]
    assert tokens == ["Bearer from-outside", "Bearer explicit"]


def test_no_address_at_all_is_said() -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(ValueError, match=r"no address: give one, such as .* set EDUNN_TARGET"):
            kind()


def test_certificates_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = make_certificate(tmp_path)
    chain = certificate.read_bytes()
    server = ScriptedServer(grpc.ssl_server_credentials([(key.read_bytes(), chain)], chain, True))
    server.script["GetSession"] = [FOUND]
    monkeypatch.setenv("EDUNN_TARGET", server.address)
    monkeypatch.setenv("EDUNN_CA", str(certificate))
    monkeypatch.setenv("EDUNN_CERTIFICATE", str(certificate))
    with pytest.raises(ValueError, match="set EDUNN_CERTIFICATE and EDUNN_KEY together"):
        Client()
    monkeypatch.setenv("EDUNN_KEY", str(key))
    with Client() as client:
        assert client.get_session("s1").session_id == "s1"
    server.stop()


def test_explicit_plaintext_wins(found: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDUNN_CA", "no/such/file.pem")
    with pytest.raises(FileNotFoundError):
        Client(found.address)
    with Client(found.address, tls=False) as client:
        client.get_session("s1")


def test_a_token_provider_is_asked_before_each_attempt(scripted: ScriptedServer) -> None:
    tokens = (f"token-{number}" for number in itertools.count(1))
    unavailable = status(grpc.StatusCode.UNAVAILABLE)
    scripted.script["GetSession"] = [unavailable, FOUND, FOUND]
    with Client(scripted.address, token=lambda: next(tokens)) as client:
        client.get_session("s1")

    async def provide() -> str:
        return next(tokens)

    async def call() -> None:
        async with AsyncClient(scripted.address, token=provide) as client:
            await client.get_session("s1")

    asyncio.run(call())
    assert [metadata["authorization"] for metadata in scripted.metadata] == [
        "Bearer token-1",
        "Bearer token-2",
        "Bearer token-3",
    ]


def test_what_a_provider_raises_comes_out(found: ScriptedServer) -> None:
    def provide() -> str:
        raise PermissionError("the vault is closed")

    with Client(found.address, token=provide) as client, pytest.raises(PermissionError):
        client.get_session("s1")


@pytest.mark.parametrize("token", ["secret\n", "secr\0et", "sécret", b"secret"])
def test_a_token_that_no_header_can_have_is_refused_and_not_shown(
    found: ScriptedServer, token: Any
) -> None:
    async def provide() -> Any:
        return token

    def make(kind: Any) -> None:
        kind(found.address, token=token)

    def call() -> None:
        with Client(found.address, token=lambda: token) as client:
            client.get_session("s1")

    async def twin() -> None:
        async with AsyncClient(found.address, token=provide) as client:
            await client.get_session("s1")

    uses: list[Callable[[], None]] = [
        lambda: make(Client),
        lambda: make(AsyncClient),
        call,
        lambda: asyncio.run(twin()),
    ]
    for use in uses:
        with pytest.raises(InvalidArgumentError, match="the token") as refused:
            use()
        assert "secr" not in str(refused.value)
    assert not found.seen["GetSession"]


def test_metadata_that_no_header_can_have_is_refused_when_it_is_given() -> None:
    for metadata, what in (
        ({"course": "nn\n"}, "'course' has characters"),
        ({"a b": "c"}, "key 'a b' cannot be sent"),
        ({"trace-bin": "text"}, "'trace-bin' must be bytes"),
    ):
        with pytest.raises(ValueError, match=what):
            Client("localhost:1", metadata=metadata)
        with pytest.raises(ValueError, match=what):
            CallScope(metadata=metadata)


def test_the_user_agent_names_language_and_version(found: ScriptedServer) -> None:
    with Client(found.address) as client:
        client.get_session("s1")
    agent = str(found.metadata[0]["user-agent"])
    assert agent.startswith(f"edunn-python/{edunn_client.__version__} ")


def test_calls_go_to_several_servers_in_turn_and_past_one_that_dies() -> None:
    servers = [ScriptedServer() for _ in range(2)]
    for server in servers:
        server.script["GetSession"] = [FOUND] * 200
    addresses = [server.address for server in servers]
    with Client(addresses) as client, Client(",".join(addresses)) as same:
        assert client.address == same.address == ",".join(addresses)
        while not all(server.seen["GetSession"] for server in servers):
            client.get_session("s1")
        servers[0].stop()
        for _ in range(20):
            assert client.get_session("s1").session_id == "s1"
            assert same.get_session("s1").session_id == "s1"
    servers[1].stop()


def test_so_do_those_of_asyncio() -> None:
    servers = [ScriptedServer() for _ in range(2)]
    for server in servers:
        server.script["GetSession"] = [FOUND] * 200

    async def run() -> None:
        async with AsyncClient([server.address for server in servers]) as client:
            while not all(server.seen["GetSession"] for server in servers):
                await client.get_session("s1")
            servers[1].stop()
            for _ in range(20):
                await client.get_session("s1")

    asyncio.run(run())
    servers[0].stop()


def test_several_servers_with_one_certificate(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    pair = [(key.read_bytes(), certificate.read_bytes())]
    servers = [ScriptedServer(grpc.ssl_server_credentials(pair)) for _ in range(2)]
    for server in servers:
        server.script["GetSession"] = [FOUND] * 200
    with Client([server.address for server in servers], tls=TLS(ca=certificate)) as client:
        while not all(server.seen["GetSession"] for server in servers):
            client.get_session("s1")
    for server in servers:
        server.stop()


class Counting(grpc.UnaryUnaryClientInterceptor):
    """An interceptor that counts and adds metadata."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        self.calls.append(details.method.rpartition("/")[2])
        metadata = [*(details.metadata or ()), ("intercepted", "yes")]
        return continuation(details._replace(metadata=metadata), request)


class AsyncCounting(grpc.aio.UnaryUnaryClientInterceptor):
    """The same for asyncio."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        self.calls.append(details.method.decode().rpartition("/")[2])
        return await continuation(details, request)


def test_grpcs_interceptors_see_every_call(found: ScriptedServer) -> None:
    sync, twin = Counting(), AsyncCounting()
    with Client(found.address, interceptors=[sync]) as client:
        client.get_session("s1")

    async def call() -> None:
        async with AsyncClient(found.address, interceptors=[twin]) as client:
            await client.get_session("s1")

    asyncio.run(call())
    assert sync.calls == twin.calls == ["GetSession"]
    assert found.metadata[0]["intercepted"] == "yes"


def test_a_channel_of_the_callers_own_is_used_and_left_open(found: ScriptedServer) -> None:
    with grpc.insecure_channel(found.address) as channel:
        for _ in range(2):
            with Client(channel=channel) as client:
                client.get_session("s1")
        with pytest.raises(ValueError, match="has its TLS and its options already"):
            Client(channel=channel, tls=True)

    async def call() -> None:
        async with grpc.aio.insecure_channel(found.address) as channel:
            for _ in range(2):
                async with AsyncClient(channel=channel) as client:
                    await client.get_session("s1")
            with pytest.raises(ValueError, match="interceptors already"):
                AsyncClient(channel=channel, interceptors=[AsyncCounting()])

    asyncio.run(call())


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
def test_requests_can_be_compressed(
    found: ScriptedServer, compression: grpc.Compression | None
) -> None:
    def sent(call: Callable[[str], None]) -> int:
        with CountingRelay(found.address) as relay:
            call(relay.address)
        return relay.sent

    def sync(address: str) -> None:
        with Client(address, compression=compression) as client:
            client.get_session("s1" * 50_000)

    async def twin(address: str) -> None:
        async with AsyncClient(address, compression=compression) as client:
            await client.get_session("s1" * 50_000)

    for bytes_sent in (sent(sync), sent(lambda address: asyncio.run(twin(address)))):
        assert (bytes_sent < 10_000) is (compression is not None)


def test_channel_options_win(found: ScriptedServer) -> None:
    with Client(found.address, options=[("grpc.primary_user_agent", "mine")]) as client:
        client.get_session("s1")
    assert str(found.metadata[0]["user-agent"]).startswith("mine ")


def test_an_asyncio_client_in_a_second_loop_says_what_is_wrong(found: ScriptedServer) -> None:
    client = AsyncClient(found.address)

    async def call() -> None:
        await client.get_session("s1")

    asyncio.run(call())
    with pytest.raises(RuntimeError, match="belongs to another event loop"):
        asyncio.run(call())
    with pytest.raises(RuntimeError, match="belongs to another event loop"):
        asyncio.run(open_stream(client))


async def open_stream(client: AsyncClient) -> None:
    async with client.stream():
        pass


def test_opentelemetry_sees_the_calls_by_its_grpc_instrumentation(found: ScriptedServer) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.grpc")
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    instrumentors = (
        instrumentation.GrpcInstrumentorClient(),
        instrumentation.GrpcAioInstrumentorClient(),
    )
    # The sync one knows the provider of the process alone.
    trace.set_tracer_provider(provider)
    for instrumentor in instrumentors:
        instrumentor.instrument()
    try:
        with Client(found.address) as client:
            client.get_session("s1")

        async def call() -> None:
            async with AsyncClient(found.address) as twin:
                await twin.get_session("s1")

        asyncio.run(call())
    finally:
        for instrumentor in instrumentors:
            instrumentor.uninstrument()
    names = [span.name for span in spans.get_finished_spans()]
    assert names == ["/edunn_serving.v1.LayerService/GetSession"] * 2
    assert all("traceparent" in metadata for metadata in found.metadata)


def test_what_a_provider_raises_comes_out_of_a_stream_too(scripted: ScriptedServer) -> None:
    def provide() -> str:
        raise PermissionError("the vault is closed")

    with Client(scripted.address, token=provide) as client, pytest.raises(PermissionError):
        client.stream()

    async def twin() -> None:
        async with AsyncClient(scripted.address, token=provide) as client:
            stream = client.stream()
            stream._open()
            await stream.close()
            assert isinstance(stream._ended, PermissionError)

    asyncio.run(twin())
