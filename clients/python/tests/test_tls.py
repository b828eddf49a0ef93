"""TLS, and what is said at once of each mistake with it."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import grpc
import pytest
from certificates import make_certificate
from edunn_client import TLS, AsyncClient, Client, UnavailableError
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._stubs import session_pb2
from scripted_server import ScriptedServer

FOUND = pb.GetSessionResponse(session=session_pb2.Session(session_id="s1"))
Pair = tuple[Path, Path]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Return a certificate for another host, of another authority."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "elsewhere.example.org")


def serve(pair: Pair, ask_for_certificate: bool = False) -> ScriptedServer:
    chain, key = (path.read_bytes() for path in pair)
    asked = (chain, True) if ask_for_certificate else (None, False)
    server = ScriptedServer(grpc.ssl_server_credentials([(key, chain)], *asked))
    server.script["GetSession"] = [FOUND] * 9
    return server


@pytest.fixture
def secured(certificate: Pair) -> Iterator[ScriptedServer]:
    server = serve(certificate)
    yield server
    server.stop()


@pytest.fixture
def mutual(certificate: Pair) -> Iterator[ScriptedServer]:
    server = serve(certificate, ask_for_certificate=True)
    yield server
    server.stop()


@pytest.fixture
def elsewhere(other: Pair) -> Iterator[ScriptedServer]:
    server = serve(other)
    yield server
    server.stop()


@pytest.mark.parametrize("encrypted", [False, True])
def test_another_service_at_the_address(certificate: Pair, encrypted: bool) -> None:
    web = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    if encrypted:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        web.socket = context.wrap_socket(web.socket, server_side=True)
    threading.Thread(target=web.serve_forever, args=[0.01], daemon=True).start()
    address = f"localhost:{web.server_port}"
    tls = TLS(ca=certificate[0]) if encrypted else None
    sentence = r"not (in )?gRPC \(HTTP/2\): is it another port\?"
    try:
        # Without a deadline: it would wait for ever if it waited.
        with (
            Client(address, tls=tls, timeout=math.inf) as client,
            pytest.raises(UnavailableError, match=sentence),
        ):
            client.get_session("s1")
    finally:
        web.shutdown()
        web.server_close()


def test_what_is_no_pem_is_told_when_the_client_is_made(certificate: Pair) -> None:
    chain, key = certificate
    for tls in (TLS(ca=key), TLS(certificate=key, key=key), TLS(certificate=chain, key=chain)):
        with pytest.raises(ValueError, match=r"has no (CERTIFICATE|PRIVATE KEY) in PEM format"):
            Client("localhost:1", tls=tls)


def test_both_sides_are_known(mutual: ScriptedServer, certificate: Pair) -> None:
    chain, key = certificate
    tls = TLS(ca=chain, certificate=chain, key=key)
    with Client(mutual.address, tls=tls, token="abc") as client:
        assert client.get_session("s1").session_id == "s1"
    assert mutual.metadata[0]["authorization"] == "Bearer abc"


def test_grpcs_own_credentials_will_do(secured: ScriptedServer, certificate: Pair) -> None:
    credentials = grpc.ssl_channel_credentials(certificate[0].read_bytes())
    with Client(secured.address, tls=credentials) as client:
        assert client.get_session("s1").session_id == "s1"


def refused(address: str, tls: TLS | bool) -> str:
    """Return the sentence that the sync client, the asyncio client and a stream agree on.

    The timeout is long, and pytest's is not: that they come at once is part of the test.
    """

    async def twin() -> str:
        async with AsyncClient(address, tls=tls, timeout=600) as client:
            with pytest.raises(UnavailableError) as caught:
                await client.get_session("s1")
            return caught.value.message

    with Client(address, tls=tls, timeout=600) as client:
        with pytest.raises(UnavailableError) as caught:
            client.get_session("s1")
        assert caught.value.reason == "UNAVAILABLE"
        with pytest.raises(UnavailableError) as of_stream, client.stream() as stream:
            stream._reader.join()
            stream.submit(None)  # type: ignore[arg-type]
    assert caught.value.message == of_stream.value.message == asyncio.run(twin())
    return caught.value.message


def test_plaintext_to_a_server_with_tls(secured: ScriptedServer) -> None:
    assert refused(secured.address, False) == (
        f"{secured.address} speaks TLS: give tls=True, or tls=TLS(ca=...)"
    )


def test_tls_to_a_server_without(scripted: ScriptedServer) -> None:
    assert refused(scripted.address, True) == f"{scripted.address} speaks no TLS: leave tls out"


def test_an_authority_that_is_not_trusted(secured: ScriptedServer, other: Pair) -> None:
    for tls in (True, TLS(ca=other[0])):
        assert "of no authority that is trusted here: give tls=TLS(ca=...)" in refused(
            secured.address, tls
        )


def test_a_certificate_for_another_name(elsewhere: ScriptedServer, other: Pair) -> None:
    sentence = refused(elsewhere.address, TLS(ca=other[0]))
    assert sentence.endswith("is for another name: connect by the name that it has")


def test_no_certificate_where_one_is_asked_for(mutual: ScriptedServer, certificate: Pair) -> None:
    assert "asks for a certificate of the client: give tls=TLS(ca=..., certificate=" in refused(
        mutual.address, TLS(ca=certificate[0])
    )


def test_half_a_certificate() -> None:
    with pytest.raises(ValueError, match="certificate and key together"):
        TLS(certificate="a.pem")


def test_a_host_that_nobody_knows() -> None:
    assert refused("no.such.host.invalid:50051", False) == (
        "the host of no.such.host.invalid:50051 is not known: check the address"
    )


def test_a_proxy_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        client = Client("layers.example.org:50051", timeout=600)
        with client, pytest.raises(UnavailableError, match=r"the proxy http://127.* no connection"):
            client.get_session("s1")


def test_loopback_goes_through_no_proxy(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.script["GetSession"] = [FOUND]
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Client(scripted.address) as client:
        assert client.get_session("s1").session_id == "s1"
