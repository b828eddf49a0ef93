"""Each client against one more real server, with TLS and a token."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import pytest
from certificates import make_certificate
from suite import require_tools, run_in_client

from standalone.stack import Stack, free_port

START_SECONDS = 60
TOKEN = "red"


@dataclass(frozen=True)
class Suite:
    """The tests of one client that need such a server, and what they print when all have run."""

    language: str
    tools: tuple[str, ...]
    command: tuple[str, ...]
    passed: str


PREPARE_TYPESCRIPT = "{ [ -d node_modules ] || npm ci; } && npm run build"
SUITES = (
    Suite(
        "python", (), (sys.executable, "-m", "pytest", "-q", "tests/test_secured.py"), "5 passed"
    ),
    Suite(
        "go",
        ("go",),
        ("go", "test", "-count=1", "-v", "-run", "^TestASecuredService$", "."),
        "--- PASS: TestASecuredService",
    ),
    Suite(
        "typescript",
        ("node", "npm"),
        ("sh", "-c", f"{PREPARE_TYPESCRIPT} && node --test build/tests/secured.test.js"),
        "# pass 3",
    ),
    Suite(
        "java",
        ("javac", "mvn"),
        ("mvn", "--batch-mode", "--no-transfer-progress", "-Dtest=SecuredServiceTest", "test"),
        "Tests run: 1, Failures: 0, Errors: 0, Skipped: 0",
    ),
)


@pytest.fixture(scope="module")
def secured(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start the server; return what the clients' tests ask of their environment."""
    require_tools("openssl")
    folder = tmp_path_factory.mktemp("secured")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make_certificate(certificate, key)
    port = free_port()
    settings = {
        "EDUNN_ADDRESS": f"127.0.0.1:{port}",
        "EDUNN_TOKENS": f"ana={TOKEN}",
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
                "EDUNN_SECURED_TOKEN": TOKEN,
            }
        finally:
            server.terminate()


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.language)
def test_who_has_the_token_is_served_through_tls(
    suite: Suite, stack: Stack, secured: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_tools(*suite.tools)
    for name, value in secured.items():
        monkeypatch.setenv(name, value)
    printed = run_in_client(stack, suite.language, suite.command)
    assert suite.passed in printed, printed
