"""One program in four languages, while everything is killed: the same bits in each.

clients/conformance/program says what the program does. Two servers serve it. One of them is killed
for good, so the clients' calls fail over to the other.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import IO

import pytest
from suite import require_tools
from waiting import await_workers

from bench.probes import PROBES, Probe
from standalone.processes import Child
from standalone.stack import Stack, free_port

SESSIONS = 200
LINES = 199
# Guards against hanging, not against slowness.
LONGEST_SILENCE_SECONDS = 150
LONGEST_RUN_SECONDS = 300

Said = queue.Queue[tuple[str, str | None]]
"""The languages and the lines that their programs print, None at the end of one."""


@pytest.fixture(scope="module")
def expected(stack: Stack) -> list[str]:
    """What Python's program prints where nothing is killed."""
    (python,) = (probe for probe in PROBES if probe.language == "python")
    with python.start(stack.address, "numbers", str(SESSIONS)) as process:
        printed, errors = process.communicate(timeout=LONGEST_RUN_SECONDS)
    assert process.returncode == 0, errors
    lines: list[str] = printed.splitlines()
    assert len(set(lines)) == LINES
    return lines


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the programs print that run at once in all languages while everything is killed."""
    probes = [probe for probe in PROBES if not probe.missing_tools]
    for probe in probes:
        probe.make_ready()
    lines: defaultdict[str, list[str]] = defaultdict(list)
    with ExitStack() as running:
        stack = running.enter_context(Stack(tmp_path_factory.mktemp("killed"), others={}))
        await_workers(stack)
        second = running.enter_context(second_server(stack))
        said: Said = queue.Queue()
        for probe in probes:
            running.enter_context(program(probe, f"{stack.address},{second.address}", said))
        kills = kill_one_after_the_other(stack, second, lines, len(probes))
        left = len(probes)
        while left:
            language, line = said.get(timeout=LONGEST_SILENCE_SECONDS)
            if line is None:
                left -= 1
            else:
                lines[language].append(line)
                next(kills, None)
        assert next(kills, "all are dead") == "all are dead"
    return lines


class SecondServer:
    """A server that nobody starts again."""

    def __init__(self, stack: Stack) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        environment = stack.environment | {"EDUNN_ADDRESS": self.address}
        self.process = subprocess.Popen([sys.executable, "-m", "server"], env=environment)


@contextmanager
def second_server(stack: Stack) -> Iterator[SecondServer]:
    server = SecondServer(stack)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


@contextmanager
def program(probe: Probe, addresses: str, said: Said) -> Iterator[None]:
    """Run a language's program; what it prints comes into `said`."""
    errors: list[str] = []

    def read(stream: IO[str]) -> None:
        for line in stream:
            said.put((probe.language, line.rstrip("\n")))
        said.put((probe.language, None))

    with probe.start(addresses, "numbers", str(SESSIONS)) as process:
        assert process.stdout is not None and process.stderr is not None
        threads = [
            threading.Thread(target=read, args=[process.stdout]),
            threading.Thread(target=errors.extend, args=[process.stderr]),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
            assert process.wait(LONGEST_RUN_SECONDS) == 0, "".join(errors)[-6000:]
        finally:
            process.kill()
            for thread in threads:
                thread.join()


def kill_one_after_the_other(
    stack: Stack, second: SecondServer, lines: dict[str, list[str]], programs: int
) -> Iterator[str]:
    """Kill what serves. Between two steps some more lines have been printed.

    The last step follows a program's last line before its stream.
    """
    victims: list[Child | subprocess.Popen[bytes]] = [
        stack.workers[0],
        stack.servers[0],
        stack.redis,
        stack.workers[1],
        second.process,
        stack.redis,
    ]
    for number, victim in enumerate(victims, 1):
        while sum(map(len, lines.values())) < number * programs * LINES // (len(victims) + 2):
            yield "more lines"
        kill(victim)
    while not any(line.startswith("sessions ") for each in lines.values() for line in each):
        yield "a stream"
    kill(stack.servers[0])
    kill(stack.workers[0])
    kill(stack.redis)


def kill(victim: Child | subprocess.Popen[bytes]) -> None:
    # On a slow machine the stack may not have started it again since its last death.
    with suppress(ProcessLookupError):
        os.kill(victim.pid, signal.SIGKILL)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.language)
def test_every_language_prints_the_same_bits_whatever_dies(
    probe: Probe, printed: dict[str, list[str]], expected: list[str]
) -> None:
    require_tools(*probe.tools)
    assert printed[probe.language] == expected
