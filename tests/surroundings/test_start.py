"""What cannot start says why in a sentence and ends; what waits is stopped at any time."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import make_certificate
from programs import HANGING_SECONDS, SERVER, WORKER, Program, environment_of

from standalone import stack as stack_module
from standalone.errors import StackError
from standalone.stack import Stack, free_port

NOWHERE = "redis://:hush@127.0.0.1:1/0"
# For server and worker: the setting, and what of its value must not be shown.
WRONG_FOR_BOTH = {
    "an option of TLS without TLS": "redis://:hush@127.0.0.1/0?ssl_cert_reqs=none",
    "an option of kombu's": "unix://:hush@/run/redis.sock?virtual_host=1",
    "a port that is no number": "redis://:hush@127.0.0.1:port/0",
    "a password that is not escaped": "redis://:hush#hush/hush@127.0.0.1/0",
}


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def run_to_its_end(command: list[str], **settings: str) -> str:
    """Return the sentence with which a program ends, which is all that it writes."""
    done = subprocess.run(
        command,
        env=environment_of(**settings),
        capture_output=True,
        text=True,
        timeout=HANGING_SECONDS,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert "hush" not in sentence
    return sentence


@pytest.mark.parametrize("url", WRONG_FOR_BOTH.values(), ids=WRONG_FOR_BOTH)
@pytest.mark.parametrize("command", [SERVER, WORKER], ids=["server", "worker"])
def test_wrong_address_of_redis_is_refused_by_the_settings_name(
    command: list[str], url: str
) -> None:
    assert "EDUNN_REDIS_URL cannot be used" in run_to_its_end(command, EDUNN_REDIS_URL=url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EDUNN_MAX_BATCH_OPERATIONS", "many"),
        ("EDUNN_REDIS_ULR", "redis://:hush@127.0.0.1"),
        ("EDUNN_TLS_KEY", "key.pem"),
    ],
)
@pytest.mark.parametrize("command", [SERVER, WORKER], ids=["server", "worker"])
def test_wrong_setting_is_named(command: list[str], name: str, value: str) -> None:
    assert name in run_to_its_end(command, **{name: value})


def test_address_in_use_ends_the_server(taken_port: int) -> None:
    address = f"127.0.0.1:{taken_port}"
    free = f"127.0.0.1:{free_port()}"
    server = {"EDUNN_REDIS_URL": NOWHERE, "EDUNN_LOG_LEVEL": "ERROR"}
    assert "EDUNN_ADDRESS" in run_to_its_end(SERVER, **server, EDUNN_ADDRESS=address)
    sentence = run_to_its_end(SERVER, **server, EDUNN_ADDRESS=free, EDUNN_METRICS_ADDRESS=address)
    assert "EDUNN_METRICS_ADDRESS" in sentence


def test_files_that_are_no_certificate_end_the_server(tmp_path: Path) -> None:
    certificate, key, other = (tmp_path / name for name in ("a.pem", "a.key", "other.key"))
    make_certificate(certificate, key)
    make_certificate(tmp_path / "other.pem", other)
    for wrong in (tmp_path / "missing.key", certificate, other):
        sentence = run_to_its_end(
            SERVER,
            EDUNN_ADDRESS="127.0.0.1:0",
            EDUNN_LOG_LEVEL="ERROR",
            EDUNN_TLS_CERTIFICATE=str(certificate),
            EDUNN_TLS_KEY=str(wrong),
        )
        assert "EDUNN_TLS_CERTIFICATE and EDUNN_TLS_KEY" in sentence


def test_a_server_that_others_could_reach_without_tls_and_callers_does_not_start() -> None:
    for settings in ({}, {"EDUNN_TOKENS": "ana=red"}):
        sentence = run_to_its_end(
            SERVER, EDUNN_ADDRESS="[::]:0", EDUNN_LOG_LEVEL="ERROR", **settings
        )
        assert "can be reached by other machines" in sentence
        assert "EDUNN_INSECURE=1" in sentence


def test_without_redis_server_and_worker_wait_and_stop_when_told(tmp_path: Path) -> None:
    environment = environment_of(
        EDUNN_REDIS_URL=NOWHERE,
        EDUNN_ADDRESS="127.0.0.1:0",
        # What Kubernetes and the clients put there.
        EDUNN_PORT="tcp://10.0.0.1:50051",
        EDUNN_TOKEN="hush",
    )
    server = Program(SERVER, tmp_path / "server.log", environment)
    worker = Program(WORKER, tmp_path / "worker.log", environment)
    try:
        server.await_output("Redis is away: Error 111")
        worker.await_output("Redis does not hear the heartbeat: Error 111")
        for program in (server, worker):
            assert program.stop() == 0, program.output
            assert "EDUNN_PORT is no setting" in program.output
            assert "EDUNN_TOKEN is no setting" in program.output
            assert "hush" not in program.output
            assert "Traceback" not in program.output
    finally:
        server.end()
        worker.end()


def serve(**arguments: object) -> list[str]:
    words = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
    return [sys.executable, "-m", "standalone.serve", *words]


def test_stack_refuses_at_once_what_it_cannot_do(tmp_path: Path, taken_port: int) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("not the service's")
    data = tmp_path / "data"
    for command, word in [
        (serve(port=70000, data=data), "70000"),
        (serve(port=-1, data=data), "-1"),
        (serve(port=taken_port, data=data), str(taken_port)),
        (serve(port=0, workers=0, data=data), "at least one"),
        (serve(port=0, data="/etc/passwd"), "/etc/passwd"),
        (serve(port=0, data="/proc/nowhere"), "/proc/nowhere"),
        (serve(port=0, data=foreign), "choose an empty folder"),
    ]:
        assert word in run_to_its_end(command)
    assert [each.name for each in foreign.iterdir()] == ["letter.txt"]
    misspelt = run_to_its_end(serve(port=0, data=data), EDUNN_MAX_BATCH_OPERATION="1")
    assert "EDUNN_MAX_BATCH_OPERATIONS" in misspelt


def test_what_waits_for_a_server_takes_no_other_for_it(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though somebody takes the port after it was looked at, and serves."""
    monkeypatch.setattr(stack_module, "_check_port", lambda port: None)
    with (
        pytest.raises(StackError, match="server does not stay alive"),
        Stack(tmp_path, port=stack.port, workers=1),
    ):
        pass
