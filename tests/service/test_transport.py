"""TLS: certificates that are renewed, callers by certificates, and our own checks under it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from certificates import Identity, identity
from contract import new_session, refusal
from more_servers import one_more_server
from waiting import await_true

from edunn_serving.own_channel import WITHOUT_PROXY
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.errors import StackError
from standalone.stack import Stack

LIST = api.ListLayerTypesRequest()
CONNECT_SECONDS = 20


def secure(address: str, trusted: Identity, own: Identity | None = None) -> grpc.Channel:
    pair = (own.key_pem, own.certificate_pem) if own else (None, None)
    credentials = grpc.ssl_channel_credentials(trusted.certificate_pem, *pair)
    return grpc.secure_channel(address, credentials, WITHOUT_PROXY)


def is_trusted(address: str, trusted: Identity) -> bool:
    """Tell whether a new connection shows a certificate that is trusted."""
    with secure(address, trusted) as channel:
        try:
            LayerServiceStub(channel).ListLayerTypes(LIST, timeout=CONNECT_SECONDS)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
            return False
    return True


def test_a_renewed_certificate_is_shown_to_new_connections_and_ends_no_old_one(
    stack: Stack, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    old, new = identity("localhost"), identity("localhost")
    old.write(certificate, key)
    settings = {"EDUNN_TLS_CERTIFICATE": str(certificate), "EDUNN_TLS_KEY": str(key)}
    with (
        one_more_server(stack, **settings) as address,
        secure(address, old) as channel,
    ):
        requests: queue.SimpleQueue[api.ComputeRequest] = queue.SimpleQueue()
        stream = LayerServiceStub(channel).Compute(iter(requests.get, None), timeout=120)
        operation = api.ComputeOperation(request_id="before")
        requests.put(api.ComputeRequest(operations=[operation]))
        assert next(stream).results[0].request_id == "before"

        # A damaged file changes nothing.
        key.write_text("no key")
        assert is_trusted(address, old)
        new.write(certificate, key)
        await_true(lambda: is_trusted(address, new), "the new certificate")
        assert not is_trusted(address, old)

        operation = api.ComputeOperation(request_id="after")
        requests.put(api.ComputeRequest(operations=[operation]))
        assert next(stream).results[0].request_id == "after"
        stream.cancel()


AUTHORITY = identity("the course")
SERVER = identity("localhost")


@pytest.fixture(scope="module")
def mutual(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that asks for certificates of the course's authority."""
    folder = tmp_path_factory.mktemp("mutual")
    certificate, key = folder / "server.pem", folder / "server.key"
    SERVER.write(certificate, key)
    (folder / "ca.pem").write_bytes(AUTHORITY.certificate_pem)
    settings = {
        "EDUNN_TLS_CERTIFICATE": str(certificate),
        "EDUNN_TLS_KEY": str(key),
        "EDUNN_TLS_CLIENT_CA": str(folder / "ca.pem"),
        "EDUNN_TOKENS": "eve=red",
    }
    with one_more_server(stack, **settings) as address:
        yield address


def test_a_certificates_subject_is_the_caller(mutual: str) -> None:
    ana, ben = (identity(name, issuer=AUTHORITY) for name in ("ana", "ben"))
    with secure(mutual, SERVER, ana) as of_ana, secure(mutual, SERVER, ben) as of_ben:
        first, second = LayerServiceStub(of_ana), LayerServiceStub(of_ben)
        get = api.GetSessionRequest(session_id=new_session(first, session_id="of-ana"))
        first.GetSession(get, timeout=30)
        foreign = refusal(lambda: second.GetSession(get, timeout=30))
        assert foreign.reason == "SESSION_NOT_FOUND"
        # A token says who calls, over any connection.
        eve = (("authorization", "Bearer red"),)
        assert refusal(lambda: first.GetSession(get, metadata=eve, timeout=30)).reason == (
            "SESSION_NOT_FOUND"
        )
        wrong = (("authorization", "Bearer blue"),)
        assert refusal(lambda: first.GetSession(get, metadata=wrong, timeout=30)).reason == (
            "UNAUTHENTICATED"
        )


def test_a_stream_is_served_to_the_certificates_caller(mutual: str) -> None:
    with secure(mutual, SERVER, identity("ana", issuer=AUTHORITY)) as channel:
        request = api.ComputeRequest(operations=[api.ComputeOperation(request_id="1")])
        (response,) = LayerServiceStub(channel).Compute(iter([request]), timeout=30)
        assert response.results[0].request_id == "1"


@pytest.mark.parametrize("own", [None, identity("ana"), identity("ana", issuer=SERVER)],
                         ids=["none", "its own authority's", "another authority's"])  # fmt: skip
def test_a_connection_without_a_certificate_of_the_authority_is_refused(
    mutual: str, own: Identity | None
) -> None:
    with secure(mutual, SERVER, own) as channel, pytest.raises(grpc.RpcError) as caught:
        LayerServiceStub(channel).ListLayerTypes(LIST, timeout=CONNECT_SECONDS)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("name", ["a/b", "a}b", " ", "-"])
def test_a_subject_that_is_no_callers_name_is_not_known(mutual: str, name: str) -> None:
    with secure(mutual, SERVER, identity(name, issuer=AUTHORITY)) as channel:
        stub = LayerServiceStub(channel)
        if name == "-":
            stub.ListLayerTypes(LIST, timeout=30)
            return
        answer = refusal(lambda: stub.ListLayerTypes(LIST, timeout=30))
        assert answer.reason == "UNAUTHENTICATED"


def test_the_stack_and_its_checks_work_with_client_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, who in (("server", SERVER), ("watch", identity("watch", issuer=AUTHORITY))):
        who.write(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.certificate_pem)
    environment = {
        "EDUNN_TLS_CERTIFICATE": str(tmp_path / "server.pem"),
        "EDUNN_TLS_KEY": str(tmp_path / "server.key"),
        "EDUNN_TLS_CLIENT_CA": str(tmp_path / "ca.pem"),
    }
    with (
        pytest.raises(StackError, match="EDUNN_CERTIFICATE and EDUNN_KEY"),
        Stack(tmp_path / "refused", workers=1, others={}, environment=environment),
    ):
        pass
    own = {
        "EDUNN_CERTIFICATE": str(tmp_path / "watch.pem"),
        "EDUNN_KEY": str(tmp_path / "watch.key"),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    with Stack(tmp_path / "data", workers=1, others={}, environment=environment) as stack:
        command = [sys.executable, "-m", "server.healthcheck", stack.address]
        done = subprocess.run(
            command, env={**os.environ, **environment}, check=False, capture_output=True
        )
        assert done.returncode == 0, done.stderr


def test_the_stack_and_its_checks_work_under_tls_and_tokens(tmp_path: Path) -> None:
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    SERVER.write(certificate, key)
    tls = {"EDUNN_TLS_CERTIFICATE": str(certificate), "EDUNN_TLS_KEY": str(key)}
    environment = {**tls, "EDUNN_TOKENS": "ana=red-secret"}
    with Stack(tmp_path / "data", workers=1, others={}, environment=environment) as stack:
        command = [sys.executable, "-m", "server.healthcheck", stack.address]
        for settings, code in ((tls, 0), ({}, 1)):
            done = subprocess.run(
                command, env={**os.environ, **settings}, check=False, capture_output=True
            )
            assert done.returncode == code, done.stderr
        with secure(stack.address, SERVER) as channel:
            stub = LayerServiceStub(channel)
            stub.ListLayerTypes(
                LIST, metadata=(("authorization", "Bearer red-secret"),), timeout=30
            )
            assert refusal(lambda: stub.ListLayerTypes(LIST, timeout=30)).reason == (
                "UNAUTHENTICATED"
            )
        for child in (stack.redis, *stack.workers, *stack.other_workers):
            given = Path(f"/proc/{child.pid}/environ").read_bytes()
            assert b"red-secret" not in given
        redis = Path(f"/proc/{stack.redis.pid}/environ").read_bytes()
        assert b"EDUNN_" not in redis
