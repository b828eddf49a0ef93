"""Runs a student's program as a child process, with a time limit."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edunn_client.grading import _line_form as form
from edunn_client.grading._challenges import Attempt, Challenge, Failure, Step, StepAnswer
from edunn_client.grading._scripts import failed_challenge, run_script

# A longer line is no answer to a challenge.
MAX_LINE_BYTES = 256 * 1024 * 1024
SHOWN_CHARACTERS = 200


class ProgramError(Exception):
    """The program cannot answer. The message says why."""


class LineProgram:
    """A program that reads lines of JSON and answers each with one, as a context manager.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    seconds : float
        How long it may take for all answers. It is killed then, with the processes that it has
        started.
    """

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        self._command = list(command)
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._lines: queue.Queue[bytes] = queue.Queue()

    def __enter__(self) -> Self:
        try:
            self._process = subprocess.Popen(  # noqa: S603  # the student's own command
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # A group of its own, so that all of it can be killed.
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramError(
                f"{self._command[0]} cannot be run: {error.strerror or error}"
            ) from None
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def begin(self, challenge: Challenge) -> Failure | None:
        """Have a Python file's program begin a challenge without steps; return what failed.

        Raises
        ------
        ProgramError
            The program has ended, or takes too long.
        """
        answer = self._ask({**form.challenge_line(challenge), "do": "rehearse"})
        return Failure(str(answer["failure"])) if "failure" in answer else None

    def answer_attempt(self, attempt: Attempt) -> dict[str, dict[str, StepAnswer]]:
        """Have the program answer all challenges. After it has died, the rest are failures."""
        self._deadline = time.monotonic() + self._seconds
        return {each.challenge_id: self._answer(each) for each in attempt.challenges}

    def _answer(self, challenge: Challenge) -> dict[str, StepAnswer]:
        failed: Failure | None = None
        try:
            begun = self._ask(form.challenge_line(challenge))
            if "failure" in begun:
                failed = Failure(str(begun["failure"]))
        except ProgramError as error:
            failed = Failure(str(error))
        if failed is not None:
            return failed_challenge(challenge, failed)
        return run_script(challenge, self._step)

    def _step(self, step: Step) -> StepAnswer | None:
        try:
            return form.answer_of(self._ask(form.step_line(step)), step)
        except (ProgramError, ValueError) as error:
            return Failure(str(error))

    def _ask(self, line: dict[str, Any]) -> dict[str, Any]:
        stdin = self._process.stdin
        if stdin is None:
            raise ProgramError("the program has no standard input")
        # A program that does not read would block the write for ever.
        writer = threading.Thread(target=_write, args=(stdin, form.dumps(line)), daemon=True)
        writer.start()
        try:
            answer = self._lines.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            raise ProgramError(f"the program took longer than {self._seconds:g} s") from None
        writer.join(1.0)
        if not answer:
            # What is read next is the end too.
            self._lines.put(b"")
            raise ProgramError(self._ending())
        try:
            parsed = json.loads(answer)
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            text = answer.decode(errors="replace").strip()[:SHOWN_CHARACTERS]
            raise ProgramError(f"the program wrote a line that is no JSON object: {text}")
        return parsed

    def _read(self) -> None:
        stdout = self._process.stdout
        while stdout is not None:
            try:
                line = stdout.readline(MAX_LINE_BYTES)
            except ValueError:
                # It has been closed.
                line = b""
            self._lines.put(line)
            if not line:
                return

    def _ending(self) -> str:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "the program has closed its standard output"
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return f"the program ended {how} before it had answered"


def _write(stdin: Any, line: str) -> None:
    # The end of the program is told by its output.
    with contextlib.suppress(OSError, ValueError):
        stdin.write(line.encode() + b"\n")
        stdin.flush()


def python_program(path: Path) -> list[str]:
    """Return the command that answers with the classes of a Python file."""
    return [sys.executable, "-m", "edunn_client.grading._child", str(path)]
