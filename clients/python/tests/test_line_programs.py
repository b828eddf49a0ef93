"""Programs that answer line by line, whatever else they do."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edunn_client import Phase
from edunn_client.grading import Attempt, Challenge, Failure, ForwardStep, PhaseStep
from edunn_client.grading import _line_program as module
from edunn_client.grading._line_program import LineProgram, python_program

# Longer than any of these tests may take on a slow machine.
LONG = 600.0
x = np.ones((2, 3))
CHALLENGE = Challenge(
    challenge_id="a",
    title="",
    points=1.0,
    kind="layer",
    layer_type="Double",
    config={},
    parameters={},
    steps=(
        PhaseStep("s1", Phase.Training),
        ForwardStep("s2", (x,)),
        ForwardStep("s3", (x,)),
    ),
)
ATTEMPT = Attempt(
    attempt_id="id",
    course="c",
    assignment="a",
    version=1,
    student="",
    number=1,
    start_time=datetime.now(UTC),
    expire_time=datetime.now(UTC),
    attempts_left=None,
    accept_time=None,
    challenges=(CHALLENGE,),
)


def answers(command: list[str]) -> Mapping[str, Any]:
    with LineProgram(command, LONG) as program:
        return program.answer_attempt(ATTEMPT)["a"]


def of_text(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(text))
    return [sys.executable, str(path)]


def of_class(tmp_path: Path, forward: str) -> list[str]:
    """Return the program of a class whose first forward does this, and whose second doubles."""
    path = tmp_path / "layers.py"
    path.write_text(
        f"import sys\nimport numpy as np\n\nclass Double:\n    calls = 0\n\n"
        f"    def forward(self, x):\n        self.calls += 1\n"
        f"        if self.calls == 1:\n            {forward}\n        return 2 * x\n"
    )
    return python_program(path)


@pytest.mark.parametrize(
    ("forward", "words"),
    [
        ("sys.exit('enough')", "SystemExit: enough"),
        ("input()", "EOFError"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("return np.ones((2000, 2000))", r"\(2000, 2000\) is too large: \d+ bytes are allowed"),
    ],
)
def test_what_a_forward_does_costs_only_its_own_step(
    tmp_path: Path, forward: str, words: str
) -> None:
    first, second = answers(of_class(tmp_path, forward)).values()
    assert isinstance(first, Failure)
    with pytest.raises(RuntimeError, match=words):
        raise RuntimeError(first.text)
    np.testing.assert_array_equal(second, 2 * x)


def test_a_class_that_reads_and_prints_disturbs_nothing(tmp_path: Path) -> None:
    command = of_class(tmp_path, "print('{}' + sys.stdin.read(), flush=True)")
    for answer in answers(command).values():
        np.testing.assert_array_equal(answer, 2 * x)


def test_a_program_that_writes_without_end_waits_and_fails(tmp_path: Path) -> None:
    command = of_text(
        tmp_path,
        """
        while True:
            print("{}", flush=True)
        """,
    )
    with LineProgram(command, LONG) as program:
        assert all(
            isinstance(each, Failure) for each in program.answer_attempt(ATTEMPT)["a"].values()
        )
        assert program._lines.qsize() <= 2


def test_a_line_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 100_000)
    command = of_text(
        tmp_path,
        """
        while True:
            print("x" * 10_000, end="", flush=True)
        """,
    )
    assert all("longer than" in each.text for each in answers(command).values())


def test_a_program_that_answers_without_reading_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.1)
    command = of_text(
        tmp_path,
        """
        while True:
            print("{}", flush=True)
        """,
    )
    large = np.ones((500, 500))
    steps = tuple(ForwardStep(f"s{number}", (large,)) for number in range(4))
    challenge = Challenge("a", "", 1.0, "layer", "Double", {}, {}, steps)
    with LineProgram(command, LONG) as program:
        last = list(program._answer(challenge).values())[-1]
    assert isinstance(last, Failure) and "does not read" in last.text


def test_a_process_that_leaves_its_group_is_not_waited_for(tmp_path: Path) -> None:
    command = of_text(
        tmp_path,
        f"""
        import os, time
        child = os.fork()
        if child == 0:
            os.setsid()
            time.sleep({LONG})
        open({str(tmp_path / "beside")!r}, "w").write(str(child))
        os.rename({str(tmp_path / "beside")!r}, {str(tmp_path / "pid")!r})
        """,
    )
    with LineProgram(command, 0.1) as program:
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        # The child holds the program's output open.
        found = program.answer_attempt(ATTEMPT)["a"]
    assert all(isinstance(each, Failure) for each in found.values())
    # It still runs, or there would be no such process.
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
