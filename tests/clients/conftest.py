"""A client's suite is one test here, and its first run on a machine takes its time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from certificates import make_certificate
from suite import TIMEOUT_SECONDS, require_tools

from standalone.stack import Stack, free_port

HERE = Path(__file__).parent
# A guard against hanging, not against slowness.
START_SECONDS = 300
TOKEN = "red"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS + 60))


@pytest.fixture(scope="session")
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
