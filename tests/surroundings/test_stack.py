"""The stack on one machine: what it leaves in its folder and its logs, and what it goes through."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import grpc
import pytest
from contract import forward, new_session, refusal, spec
from edunn_client import Client
from programs import HANGING_SECONDS, Program, environment_of
from waiting import await_true, await_workers

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone import processes
from standalone.processes import Child, Supervisor
from standalone.stack import Stack, free_port, is_serving

FORGED = "2026-01-01 00:00:00,000 ERROR server: all is lost"
A_PROXY = {
    name: "http://127.0.0.1:1"
    for lower in ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy")
    for name in (lower, lower.upper())
} | {"no_proxy": "", "no_grpc_proxy": ""}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # A folder whose name is no URL and no word of a configuration as it stands.
    folder = tmp_path_factory.mktemp("stack") / 'a "b" #c?d%20\\e'
    with Stack(folder, workers=1, others={}, environment={"EDUNN_LOG_LEVEL": "DEBUG"}) as running:
        await_workers(running)
        yield running


def test_folder_and_files_are_the_owners_alone(stack: Stack) -> None:
    files = [stack.data, *stack.data.rglob("*")]
    assert {"lock", "redis.log", "server.log", "worker-1.log"} <= {each.name for each in files}
    assert [str(each) for each in files if each.stat().st_mode & 0o077] == []


def test_hangup_ends_nothing(stack: Stack) -> None:
    children = [stack.redis, *stack.workers, *stack.servers]
    pids = [child.pid for child in children]
    for pid in pids:
        os.kill(pid, signal.SIGHUP)
    with grpc.insecure_channel(stack.address) as channel:
        stub = LayerServiceStub(channel)
        forward(stub, new_session(stub, spec("drop", "Dropout", p=0.5)), "drop", [[1.0]])
        assert is_serving(channel)
    assert not any(child.has_died() for child in children)
    assert [child.pid for child in children] == pids


def test_caller_forges_no_line_of_the_log(stack: Stack) -> None:
    with grpc.insecure_channel(stack.address) as channel:
        stub = LayerServiceStub(channel)
        for separator in ("\n", "\r", "\u2028"):
            name = f"x{separator}{FORGED}"
            request = api.GetSessionRequest(session_id=name)
            refusal(partial(stub.GetSession, request, timeout=30))
            layer = spec(name, "Dropout", p=0.5)
            refusal(partial(new_session, stub, layer))
            refusal(partial(new_session, stub, spec("drop", name)))
    for child in (*stack.workers, *stack.servers):
        lines = (stack.data / f"{child.name}.log").read_text().splitlines()
        assert not [line for line in lines if line.startswith(FORGED)]


def test_no_log_has_the_password_of_redis(stack: Stack) -> None:
    (password,) = re.findall(r":(\w+)@", stack.redis_url)
    for log in stack.data.glob("*.log"):
        assert password not in log.read_text()


def test_log_that_has_become_large_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MAX_LOG_BYTES", 10_000)
    program = "import time\nfor n in range(10**6): print('line', n, flush=True); time.sleep(0.0005)"
    supervisor = Supervisor()
    child = Child("talker", [sys.executable, "-c", program], dict(os.environ), tmp_path)
    log, aside = tmp_path / "talker.log", tmp_path / "talker.log.1"
    supervisor.add(child)
    try:
        await_true(aside.exists, "the first log put aside")
        first = aside.read_text()
        await_true(lambda: aside.read_text() != first, "the second one in its place")
        # The process writes on, and what it writes is at the beginning of the file.
        await_true(lambda: log.read_text().startswith("line "), "a line in the new log")
    finally:
        supervisor.stop([[child]], 5)
    assert log.stat().st_size < 10 * 10_000
    assert {each.name for each in tmp_path.iterdir()} == {"talker.log", "talker.log.1"}
    assert not (log.stat().st_mode | aside.stat().st_mode) & 0o077


def test_loopback_goes_through_no_proxy(tmp_path: Path) -> None:
    """Through this one nothing would come."""
    done = subprocess.run(
        [sys.executable, "-m", "standalone.demo"],
        env=environment_of(**A_PROXY, TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=HANGING_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all 9 checks hold" in done.stdout


def test_served_in_the_foreground_until_told_to_stop_and_not_until_a_hangup(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "standalone.serve", "--workers", "1"]
    command += ["--port", str(port), "--data", str(tmp_path / "data")]
    program = Program(command, tmp_path / "serve.log", environment_of(**A_PROXY))
    try:
        program.await_output("listens on")
        program.process.send_signal(signal.SIGHUP)
        with Client(f"127.0.0.1:{port}") as client, client.session(seed=1) as session:
            session.layer("drop", "Dropout", p=0.5).forward([[1.0]])
        assert program.stop() == 0, program.output
        assert program.output.endswith("stopped\n")
    finally:
        program.end()
