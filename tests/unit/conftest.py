"""A real Redis for the units that talk to one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from waiting import await_true

from standalone.stack import find_redis


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Redis of the tests' own."""
    folder: Path = tmp_path_factory.mktemp("redis")
    path = folder / "redis.sock"
    command = [find_redis(), "--port", "0", "--unixsocket", str(path), "--save", ""]
    with subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL) as process:
        url = f"unix://{path}"
        await_true(lambda: _answers(url), "the start of Redis")
        yield url
        process.terminate()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of an empty Redis."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


def _answers(url: str) -> bool:
    """Tell whether a Redis answers. Its socket is there a moment before it listens."""
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False
