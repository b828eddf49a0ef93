from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from edunn_client import TLS, Client, RetryPolicy, UnavailableError
from edunn_client._stubs import layer_service_pb2 as pb
from scripted_server import ScriptedServer

ONCE = RetryPolicy(attempts=1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate for localhost that vouches for itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on PATH")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    who = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        ["openssl", "req", *how, *who, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture
def secured(certificate: tuple[Path, Path]) -> Iterator[ScriptedServer]:
    chain, key = (path.read_bytes() for path in certificate)
    # The server asks for a certificate of the client's too, from the same authority.
    server = ScriptedServer(grpc.ssl_server_credentials([(key, chain)], chain, True))
    server.script["ListLayerTypes"] = [pb.ListLayerTypesResponse()]
    yield server
    server.stop()


def test_both_sides_are_known(secured: ScriptedServer, certificate: tuple[Path, Path]) -> None:
    chain, key = certificate
    tls = TLS(ca=chain, certificate=chain, key=key)
    with Client(secured.address, tls=tls, token="abc", retry=ONCE) as client:
        assert client.layer_types() == ()
    assert secured.metadata[0]["authorization"] == "Bearer abc"


@pytest.mark.parametrize("tls", [True, False])
def test_an_unknown_authority_or_plaintext_fails(secured: ScriptedServer, tls: bool) -> None:
    with (
        Client(secured.address, tls=tls, retry=ONCE) as client,
        pytest.raises(UnavailableError),
    ):
        client.layer_types()
    assert not secured.seen
