"""The running service, for the tests that need it: `make test` starts it and sets EDUNN_TARGET."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from edunn_client import Client
from scripted_server import ScriptedServer


@pytest.fixture(scope="session")
def address() -> str:
    found = os.environ.get("EDUNN_TARGET")
    if not found:
        pytest.skip("no service: EDUNN_TARGET is not set")
    return found


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(address, token=os.environ.get("EDUNN_TOKEN")) as opened:
        yield opened


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()
