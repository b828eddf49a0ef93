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
from edunn_client.grading._challenges import (
    Attempt,
    Challenge,
    ChallengeAnswer,
    Failure,
    Step,
    StepAnswer,
)
from edunn_client.grading._limits import within_limits
from edunn_client.grading._scripts import failed_challenge, run_script

# A longer line is no answer to a challenge.
MAX_LINE_BYTES = 256 * 1024 * 1024
SHOWN_CHARACTERS = 200
TOO_LONG = f"(a line longer than {MAX_LINE_BYTES} bytes)".encode()
# How long a program that has answered a line may take to read it.
READ_SECONDS = 5.0
# How long a thread is waited for that is about to end.
LEAVE_SECONDS = 0.5


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
        # A program that writes without being asked waits, and fills no memory.
        self._lines: queue.Queue[bytes] = queue.Queue(maxsize=2)
        self._has_ended = threading.Event()
        self._writer: threading.Thread | None = None
        self._is_deaf = False

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
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
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
        self._has_ended.set()
        # A process that has left the group may still hold the other ends. A pipe that a thread
        # waits for cannot be closed: the reader closes its own.
        self._reader.join(LEAVE_SECONDS)
        if self._writer is not None:
            self._writer.join(LEAVE_SECONDS)
        stdin = self._process.stdin
        if stdin is not None and (self._writer is None or not self._writer.is_alive()):
            with contextlib.suppress(OSError):
                stdin.close()

    def begin(self, challenge: Challenge) -> Failure | None:
        """Have a Python file's program begin a challenge without steps; return what failed.

        Raises
        ------
        ProgramError
            The program has ended, or takes too long.
        """
        answer = self._ask({**form.challenge_line(challenge), "do": "rehearse"})
        return Failure(str(answer["failure"])) if "failure" in answer else None

    def answer_attempt(self, attempt: Attempt) -> dict[str, ChallengeAnswer]:
        """Have the program answer all challenges. After it has died, the rest are failures."""
        self._deadline = time.monotonic() + self._seconds
        return within_limits(
            attempt, {each.challenge_id: self._answer(each) for each in attempt.challenges}
        )

    def _answer(self, challenge: Challenge) -> ChallengeAnswer:
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
        self._check_reads()
        # A program that does not read would block the write for ever.
        writer = threading.Thread(target=_write, args=(stdin, form.dumps(line)), daemon=True)
        self._writer = writer
        writer.start()
        try:
            answer = self._lines.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            raise ProgramError(f"the program took longer than {self._seconds:g} s") from None
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

    def _check_reads(self) -> None:
        """Raise a ProgramError if the program has answered a line that it does not read."""
        if self._writer is None:
            return
        if not self._is_deaf:
            left = self._deadline - time.monotonic()
            self._writer.join(max(0.0, min(READ_SECONDS, left)))
        if self._writer.is_alive():
            self._is_deaf = True
            raise ProgramError("the program does not read its standard input")

    def _read(self) -> None:
        stdout = self._process.stdout
        if stdout is None:
            return
        with stdout:
            while line := stdout.readline(MAX_LINE_BYTES):
                if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                    # What follows is the rest of it.
                    self._hand_over(TOO_LONG)
                    break
                self._hand_over(line)
            self._hand_over(b"")

    def _hand_over(self, line: bytes) -> None:
        while not self._has_ended.is_set():
            with contextlib.suppress(queue.Full):
                self._lines.put(line, timeout=LEAVE_SECONDS)
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
