"""`edunn check`: runs a student's program on an assignment's challenges, and shows the report."""

# Where typer is not installed its decorators have no types.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from edunn_client._cli.formats import FORMATS
from edunn_client._cli.formats.form import Form, Outcome
from edunn_client._cli.terminal import (
    LOCAL,
    Address,
    Ca,
    Json,
    Tls,
    Token,
    connection,
    open_client,
    print_json,
    show,
    stop,
)
from edunn_client._client import Client
from edunn_client._errors import DeadlineExceededError, EdunnError, UnavailableError
from edunn_client.grading._html import MARKS, explanation, score_text
from edunn_client.grading._line_program import LineProgram, ProgramError, python_program
from edunn_client.grading._rehearsal import NotReadyError, rehearse
from edunn_client.grading._reports import CheckResult, Report, Verdict
from edunn_client.grading._service import Grading

NOT_PASSED = 1
MAX_SOURCE_BYTES = 256 * 1024
_STYLES = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "red",
    Verdict.SKIPPED: "dim",
    Verdict.UNGRADABLE: "yellow",
}


def check(
    assignment: Annotated[str, typer.Argument(help="The assignment's name.")],
    file: Annotated[
        Path | None, typer.Argument(help="A Python file with your classes.", dir_okay=False)
    ] = None,
    run: Annotated[
        str, typer.Option("--run", help="A program in any language that answers line by line.")
    ] = "",
    course: Annotated[str, typer.Option(help="If several courses have this assignment.")] = "",
    student: Annotated[str, typer.Option(help="Submit for a student. For graders.")] = "",
    language: Annotated[str, typer.Option(help="Of the messages: en or es.")] = "",
    seconds: Annotated[float, typer.Option(min=0.1, help="How long your program may take.")] = 60.0,
    attach: Annotated[bool, typer.Option(help="Send the file along, for the graders.")] = True,
    partial: Annotated[
        bool, typer.Option(help="Go on if only some of the assignment's classes can be made.")
    ] = False,
    resume: Annotated[
        bool, typer.Option(help="Go on with the newest attempt that has no answers yet.")
    ] = False,
    form: Annotated[
        str, typer.Option("--format", help=f"For a course system: {', '.join(FORMATS)}.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option(help="Where to write; '-' is the standard output.")
    ] = None,
    address: Address = LOCAL,
    token: Token = None,
    tls: Tls = False,
    ca: Ca = None,
    as_json: Json = False,
) -> None:
    """Run your layer on an assignment's challenges, submit what it computes, show the report."""
    if (file is None) == (not run):
        raise stop("give a Python file, or a program with --run")
    if form and form not in FORMATS:
        raise stop(f"there is no format {form!r}: choose {', '.join(FORMATS)}")
    chosen = FORMATS.get(form)
    named = student or (chosen.student_of(os.environ) if chosen else "")

    def attempt(client: Client) -> Report:
        grading = Grading(client)
        source = _source(file) if attach and file is not None else b""
        # What cannot be started costs no attempt.
        with LineProgram(_command(file, run), seconds) as program:
            if file is not None:
                checks = grading.get_assignment(assignment, course).checks
                # A course system has nobody who could be asked.
                rehearse(checks, program.begin, partial=partial or chosen is not None)
            begun = grading.open_attempt(assignment, course, student=named) if resume else None
            if begun is None:
                begun = grading.start_attempt(assignment, course, student=named, language=language)
            answers = program.answer_attempt(begun)
        return grading.submit_answers(begun.attempt_id, answers, source)

    if chosen is None:
        try:
            with connection(address, token, tls, ca) as client:
                report = attempt(client)
        except (ProgramError, NotReadyError) as error:
            raise stop(str(error)) from None
        if as_json:
            print_json(report.as_json())
        else:
            show(report_table(report), _summary(report))
        raise typer.Exit(0 if report.passed else NOT_PASSED)
    began = time.monotonic()
    found: Report | None = None
    trouble, is_away = "", False
    try:
        with open_client(address, token, tls, ca) as client:
            found = attempt(client)
    except (EdunnError, ValueError, OSError, ProgramError) as error:
        trouble = str(error)
        is_away = isinstance(error, UnavailableError | DeadlineExceededError | OSError)
    outcome = Outcome(assignment, named, time.monotonic() - began, found, trouble, is_away)
    _write(chosen, outcome, output)
    raise typer.Exit(_exit_code(chosen, outcome))


def report_table(report: Report) -> Table:
    """Return a report's checks as a table."""
    table = Table("", "check", "points", "", title=report.assignment, title_justify="left")
    table.columns[2].justify = "right"
    for result in report.checks:
        style = _STYLES[result.verdict]
        table.add_row(
            Text(MARKS[result.verdict], style=style),
            Text(result.title),
            Text(f"{result.score:g} / {result.max_score:g}"),
            _told(result),
        )
    return table


def _told(result: CheckResult) -> Text:
    text = Text(explanation(result))
    if result.bug:
        text = Text.assemble((result.bug, "bold"), "  ", text)
    return text


def _summary(report: Report) -> Text:
    style = "green" if report.passed else "red"
    return Text.assemble((score_text(report), style), f"  (attempt {report.attempt_number})")


def _command(file: Path | None, run: str) -> list[str]:
    """Return what is to be started; raises a ProgramError if there is nothing."""
    if file is not None:
        if not file.is_file():
            raise ProgramError(f"there is no file {file.name}")
        return python_program(file)
    try:
        command = shlex.split(run)
    except ValueError as error:
        raise ProgramError(f"--run cannot be read: {error}") from None
    if not command:
        raise ProgramError("--run names no program")
    return command


def _source(file: Path) -> bytes:
    if not file.is_file():
        raise ProgramError(f"there is no file {file.name}")
    data = file.read_bytes()
    if len(data) > MAX_SOURCE_BYTES:
        raise ProgramError(f"{file.name} is larger than {MAX_SOURCE_BYTES} bytes: use --no-attach")
    return data


def _write(form: Form, outcome: Outcome, output: Path | None) -> None:
    text = form.text_of(outcome)
    path = form.path if output is None else output
    if path is None or str(path) == "-":
        print(text)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and renamed, so that no system reads half a file.
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise stop(f"{path} cannot be written: {error.strerror}") from None


def _exit_code(form: Form, outcome: Outcome) -> int:
    if outcome.report is None:
        print(outcome.away, file=sys.stderr)
        if form.away_is_failure and outcome.is_away:
            return 2
        # A system that takes a file is told by the file.
        return 0 if form.path is not None and form.always_succeeds else 2
    return 0 if form.always_succeeds or outcome.report.passed else NOT_PASSED
