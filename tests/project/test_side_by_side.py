"""`make test` runs parts beside each other: any part's failure counts, and Ctrl-C ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from side_by_side import PARTS, commands

ROOT = Path(__file__).resolve().parents[2]
PASS = "print('passed')"
FAIL = "raise SystemExit('failed')"
# Each tells that a Ctrl-C has ended it, as pytest does. The pipe makes one wait for the other.
WAIT = """
import signal, sys
try:
    open({pipe!r}, {mode!r}).close()
    {then}
    signal.pause()
except KeyboardInterrupt:
    print("interrupted")
"""
# Its arguments are the number of lanes, and Python programs.
PROGRAM = """
import asyncio, sys
from tests.side_by_side import run_all
parts = {str(at): [sys.executable, "-c", text] for at, text in enumerate(sys.argv[2:])}
sys.exit(asyncio.run(run_all(parts, int(sys.argv[1]))))
"""


def arguments(lanes: int, *programs: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(lanes), *programs]


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize(
    ("programs", "code"),
    [((PASS, PASS, PASS), 0), ((FAIL, PASS, PASS), 1), ((PASS, PASS, FAIL), 1)],
)
def test_a_failure_of_any_part_fails(lanes: int, programs: tuple[str, ...], code: int) -> None:
    done = subprocess.run(arguments(lanes, *programs), capture_output=True, text=True)
    assert done.returncode == code
    assert done.stdout.count("passed") + done.stdout.count("failed") == len(programs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_reaches_those_that_run_once(number: int, tmp_path: Path) -> None:
    pipe, both = str(tmp_path / "pipe"), str(tmp_path / "both")
    os.mkfifo(pipe)
    os.mkfifo(both)
    first = WAIT.format(pipe=pipe, mode="r", then=f"open({both!r}, 'w').close()")
    second = WAIT.format(pipe=pipe, mode="w", then="")
    with subprocess.Popen(
        arguments(2, first, second, PASS), stdout=subprocess.PIPE, text=True
    ) as running:
        # Both run now.
        Path(both).read_text()
        running.send_signal(number)
        printed, _ = running.communicate(timeout=60)
    assert printed.count("interrupted") == 2
    assert "passed" not in printed
    assert running.returncode == 1


def test_the_parts_are_folders_and_files_of_tests() -> None:
    paths = [path for part in PARTS.values() for path in part]
    assert len(set(paths)) == len(paths)
    assert [each for each in paths if not (ROOT / each).exists()] == []


def test_a_part_leaves_out_what_is_another_s() -> None:
    ignored = {
        name: {word.removeprefix("--ignore=") for word in command if word.startswith("--ignore=")}
        for name, command in commands().items()
    }
    assert ignored["clients"] == set(PARTS["python"])
    assert ignored["python"] == ignored["faults"] == set()
    assert ignored["others"] == {path for paths in PARTS.values() for path in paths}
