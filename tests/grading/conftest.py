"""A stack with callers of each role, on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from callers import TOKENS, As
from edunn_client import Client, RetryPolicy
from edunn_client.grading import Grading
from postgres import Postgres, find_binaries

from standalone.stack import Stack


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('grades')}/grades.sqlite3"
        return
    binaries = find_binaries()
    if binaries is None:
        # CI installs it.
        assert not os.environ.get("CI"), "there is no PostgreSQL: apt-get install postgresql"
        pytest.skip("there is no PostgreSQL: on Debian, apt-get install postgresql")
    with Postgres(binaries) as running:
        yield running.url


@pytest.fixture(scope="session")
def graded_stack(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    tokens = ",".join(f"{name}:{role}=token-of-{name}" for name, role in TOKENS.items())
    environment = {"EDUNN_TOKENS": tokens, "EDUNN_DATABASE_URL": database}
    folder = tmp_path_factory.mktemp("graded")
    with Stack(folder, workers=1, environment=environment) as running:
        yield running


@pytest.fixture(scope="session")
def as_(graded_stack: Stack) -> Iterator[As]:
    clients: dict[str, Client] = {}

    def grading_of(name: str) -> Grading:
        if name not in clients:
            clients[name] = Client(
                graded_stack.address, token=f"token-of-{name}", retry=RetryPolicy(attempts=1)
            )
        return Grading(clients[name])

    yield grading_of
    for client in clients.values():
        client.close()


@pytest.fixture
def documents(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Return what writes an assignment of the test's own."""
    test = request.node.name
    name = f"{request.node.originalname[5:45]}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"

    def write(*lines: str, checks: str = DROPOUT, course: str = "nn101") -> str:
        return "\n".join([f"course: {course}", f"assignment: {name}", *lines, "checks:", checks])

    return write


DROPOUT = "  - {id: dropout, layer: Dropout, config: {p: 0.5}, points: 3}"
ROOT = Path(__file__).resolve().parents[2]
