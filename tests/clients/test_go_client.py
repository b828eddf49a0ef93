"""The Go client: its own suite with linters, its stubs, and a service with TLS and tokens."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from suite import CLIENTS, TIMEOUT_SECONDS, require_tools, run_in_client

from server.stack import Stack, free_port

GO = CLIENTS / "go"
START_SECONDS = 60


@pytest.fixture(autouse=True)
def require_go() -> None:
    require_tools("go")


@pytest.fixture
def secured(stack: Stack, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Start one more server, with TLS and a token; return what the Go tests ask of it."""
    require_tools("openssl")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    who = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        ["openssl", "req", *how, *who, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    port = free_port()
    settings = {
        "EDUNN_ADDRESS": f"127.0.0.1:{port}",
        "EDUNN_TOKENS": "ana=red",
        "EDUNN_TLS_CERTIFICATE": str(certificate),
        "EDUNN_TLS_KEY": str(key),
    }
    environment = stack.environment | settings
    with subprocess.Popen([sys.executable, "-m", "server"], env=environment) as server:
        try:
            trust = grpc.ssl_channel_credentials(certificate.read_bytes())
            with grpc.secure_channel(f"localhost:{port}", trust) as channel:
                grpc.channel_ready_future(channel).result(START_SECONDS)
            yield {
                "EDUNN_SECURED_ADDRESS": f"localhost:{port}",
                "EDUNN_SECURED_CA": str(certificate),
                "EDUNN_SECURED_TOKEN": "red",
            }
        finally:
            server.terminate()


SECURED = "^TestASecuredService$"


def test_the_suite(stack: Stack) -> None:
    # The race detector needs a C compiler.
    race = ["-race"] if shutil.which("gcc") else []
    command = ["go", "test", "-count=1", "-v", *race, "-skip", SECURED, "./..."]
    printed = run_in_client(stack, "go", command)
    assert "--- SKIP" not in printed, printed


def test_a_service_with_tls_and_tokens(
    stack: Stack, secured: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in secured.items():
        monkeypatch.setenv(name, value)
    printed = run_in_client(stack, "go", ["go", "test", "-count=1", "-v", "-run", SECURED, "."])
    assert "--- PASS: TestASecuredService" in printed, printed


def test_the_linters(stack: Stack) -> None:
    assert run_in_client(stack, "go", ["gofmt", "-l", "."]) == ""
    run_in_client(stack, "go", ["go", "vet", "./..."])
    run_in_client(stack, "go", ["go", "mod", "tidy", "-diff"])
    run_in_client(stack, "go", ["go", "tool", "-modfile=tools/go.mod", "staticcheck", "./..."])


def test_the_example_program(stack: Stack) -> None:
    printed = run_in_client(stack, "go", ["go", "run", "./examples/walkthrough", stack.address])
    assert "all as it should be" in printed


def test_the_stubs_are_fresh(tmp_path: Path) -> None:
    """Generate them anew and compare."""
    done = subprocess.run(
        [GO / "generate", tmp_path],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    fresh, kept = (sorted((root / "edunnpb").iterdir()) for root in (tmp_path, GO))
    assert [path.name for path in fresh] == [path.name for path in kept]
    for ours, theirs in zip(kept, fresh, strict=True):
        assert filecmp.cmp(ours, theirs, shallow=False), f"{ours.name} is stale: run ./generate"
