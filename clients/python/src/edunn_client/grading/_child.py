"""The child process that answers with the classes of a student's Python file."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from edunn_client.grading import _line_form as form
from edunn_client.grading._challenges import Failure, StepAnswer
from edunn_client.grading._classes import classes_of
from edunn_client.grading._rehearsal import begin_with
from edunn_client.grading._running import OF_STUDENTS, FindClass, StudentProgram, failure_of


def main() -> None:
    """Answer each line of the standard input with one of the standard output."""
    # What the student's code prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # What it reads must not be taken from the lines.
    lines = os.fdopen(os.dup(0), encoding="utf-8")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    module, failure = _load(Path(sys.argv[1]))
    program: StudentProgram | None = None
    for text in lines:
        line: dict[str, Any] = json.loads(text)
        answer: StepAnswer | None = None
        if line["do"] == "begin":
            program = None
            try:
                if module is None:
                    raise ImportError(failure)
                program = _begin(line, classes_of(module))
            except OF_STUDENTS as error:
                answer = failure_of(error)
        elif line["do"] == "rehearse":
            answer = (
                Failure(failure)
                if module is None
                else begin_with(classes_of(module))(form.challenge_of(line))
            )
        elif program is not None:
            answer = program.run(form.step_of(line))
        answers.write(_line_of(answer) + "\n")
        answers.flush()


def _begin(line: dict[str, Any], classes: FindClass) -> StudentProgram:
    return StudentProgram(form.challenge_of(line), classes)


def _line_of(answer: StepAnswer | None) -> str:
    try:
        return form.dumps(form.answer_line(answer))
    except (TypeError, ValueError) as error:
        # An array of objects, for example.
        return form.dumps(form.answer_line(failure_of(error)))


def _load(path: Path) -> tuple[ModuleType | None, str]:
    """Return the module of a file, or why it cannot be imported."""
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        return None, f"{path.name} is no Python file"
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        # The student's file may end the program too, or have a syntax error.
        return None, f"{path.name} cannot be imported: {type(error).__name__}: {error}"
    return module, ""


if __name__ == "__main__":
    main()
