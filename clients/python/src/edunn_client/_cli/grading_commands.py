"""`edunn grading`: what graders do with assignments, attempts and reports."""

# Where typer is not installed its decorators have no types.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from edunn_client._cli.assignment_files import NAMES, assignment_text
from edunn_client._cli.check_command import report_table
from edunn_client._cli.class_page import class_page
from edunn_client._cli.formats.table import gradebook
from edunn_client._cli.otter_file import otter_file
from edunn_client._cli.terminal import Json, print_json, show, stop, with_client
from edunn_client.grading._html import score_text
from edunn_client.grading._receipts import ReceiptError, verify_receipt
from edunn_client.grading._service import Grading

grading = typer.Typer(
    name="grading", help="Assignments, attempts and reports.", no_args_is_help=True
)

with_grading = partial(with_client, service=Grading)

Course = Annotated[str, typer.Option(help="The course, if several have this assignment.")]
Name = Annotated[str, typer.Argument(help="The assignment's name.")]


@grading.command()
def init(
    layer_type: Annotated[str, typer.Argument(help="A type of the catalogue, such as Dropout.")],
    course: Annotated[str, typer.Option(help="The course that it is for.")] = "my-course",
    output: Annotated[Path | None, typer.Option(help="The file. '-' is the output.")] = None,
) -> None:
    """Write an assignment for a layer, loss, optimizer or initializer, to be changed at will."""
    if layer_type not in NAMES:
        raise stop(f"there is no assignment for {layer_type!r}: choose {', '.join(NAMES)}")
    text = assignment_text(layer_type, course)
    path = output or Path(f"{layer_type.lower()}-1.yaml")
    if str(path) == "-":
        print(text, end="")
        return
    if path.exists():
        raise stop(f"{path} is there already")
    path.write_text(text, encoding="utf-8")
    show(Text(f"wrote {path}: put it with `edunn grading put {path}`"))


@grading.command()
@with_grading
def put(
    service: Grading,
    file: Annotated[Path, typer.Argument(help="The YAML or JSON file.", dir_okay=False)],
    check_only: Annotated[bool, typer.Option("--check", help="Only look for errors.")] = False,
) -> None:
    """Put an assignment, or a new version of it."""
    try:
        document = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise stop(f"{file} cannot be read: {error}") from None
    found = service.put_assignment(document, validate_only=check_only)
    what = "is right" if check_only else f"is version {found.version}"
    show(Text(f"{found.course}/{found.assignment} {what}: {found.max_score:g} points"))


@grading.command(name="list")
@with_grading
def list_(
    service: Grading,
    course: Annotated[str, typer.Option(help="Only this course.")] = "",
    as_json: Json = False,
) -> None:
    """List the assignments."""
    found = service.list_assignments(course)
    if as_json:
        print_json([json.loads(json.dumps(vars(each), default=str)) for each in found])
        return
    table = Table("course", "assignment", "version", "points", "due", "title")
    for each in found:
        due = each.due_time.isoformat(timespec="minutes") if each.due_time else ""
        points = f"{each.max_score:g}"
        cells = (each.course, each.assignment, str(each.version), points, due, each.title)
        table.add_row(*map(Text, cells))
    show(table)


@grading.command(name="show")
@with_grading
def show_(
    service: Grading,
    assignment: Name,
    course: Course = "",
) -> None:
    """Print an assignment's document, and what has come of it so far."""
    found = service.get_assignment(assignment, course)
    reports = list(service.list_reports(assignment, found.course))
    notices = service.list_notices(found.course) if found.document else []
    print(found.document, end="")
    bugs = Counter(c.bug for r in reports for c in r.checks if c.bug)
    passed = sum(report.passed for report in reports)
    show(Text(f"# {len(reports)} attempts, {passed} of them passed"))
    for bug, count in bugs.most_common():
        show(Text(f"# {count} x {bug}"))
    for notice in notices:
        if notice.assignment == assignment:
            show(Text(f"# {notice.time.isoformat(timespec='seconds')} {notice.text}"))


@grading.command()
@with_grading
def replay(
    service: Grading,
    attempt: Annotated[str, typer.Argument(help="The attempt's id.")],
    source: Annotated[bool, typer.Option("--source", help="Print the attached source.")] = False,
) -> None:
    """Show an attempt again: its challenges, its source, its reports."""
    found = service.replay_attempt(attempt)
    if source:
        text = found.source.decode(errors="replace")
        print(_harmless(text) if sys.stdout.isatty() else text, end="")
        return
    table = Table("challenge", "type", "steps", "answered", "points")
    for each in found.attempt.challenges:
        given = found.answers.get(each.challenge_id)
        answered = 0 if given is None else len(given.steps)
        cells = (each.challenge_id, each.layer_type, str(len(each.steps)), str(answered))
        table.add_row(*map(Text, cells), f"{each.points:g}")
    show(Text(f"{found.attempt.student}, attempt {found.attempt.number}"), table)
    for report in found.reports:
        show(Text(f"report {report.revision}, version {report.version}"), report_table(report))
        show(Text(score_text(report)))


@grading.command()
@with_grading
def regrade(
    service: Grading,
    assignment: Name,
    course: Course = "",
    attempt: Annotated[str, typer.Option(help="Only this attempt.")] = "",
) -> None:
    """Judge the answers again by the newest version. The old reports are kept."""
    found = service.get_assignment(assignment, course)
    count = service.regrade_attempts(assignment, found.course, attempt)
    show(Text(f"{count} attempts are judged again by version {found.version}"))


@grading.command()
@with_grading
def export(
    service: Grading,
    assignment: Name,
    course: Course = "",
    output: Annotated[Path | None, typer.Option(help="The file.")] = None,
) -> None:
    """Write the best report of each student as CSV, with nbgrader's columns."""
    found = service.get_assignment(assignment, course)
    text = gradebook(service.list_reports(assignment, found.course), found.due_time)
    _write(text, output)


@grading.command(name="report")
@with_grading
def report_(
    service: Grading,
    assignment: Name,
    html: Annotated[Path, typer.Option(help="The page to write.")],
    course: Course = "",
) -> None:
    """Write one page on an assignment: scores, mistakes, and each student's checks."""
    found = service.get_assignment(assignment, course)
    reports = list(service.list_reports(assignment, found.course))
    _write(class_page(found, reports), html)
    show(Text(f"wrote {html}"))


@grading.command()
@with_grading
def keys(
    service: Grading,
) -> None:
    """Print the public keys of receipts, as a JWK Set."""
    print(service.receipt_keys())


@grading.command()
@with_grading
def verify(
    service: Grading,
    receipt: Annotated[str, typer.Argument(help="The receipt, or a file with it.")],
    keys: Annotated[
        Path | None, typer.Option(help="The file of `edunn grading keys`; otherwise asked for.")
    ] = None,
) -> None:
    """Check a receipt, and print its claims. With --keys no service is needed."""
    try:
        text = receipt if receipt.count(".") == 2 and len(receipt) > 255 else _read(Path(receipt))
        published = service.receipt_keys() if keys is None else _read(keys)
        print_json(verify_receipt(text.strip(), published))
    except (ReceiptError, ImportError) as error:
        raise stop(str(error)) from None


@grading.command()
@with_grading
def otter(
    service: Grading,
    assignment: Name,
    course: Course = "",
    output: Annotated[Path | None, typer.Option(help="The file.")] = None,
) -> None:
    """Write a test file for Otter-Grader, with a test case for each check."""
    found = service.get_assignment(assignment, course)
    _write(otter_file(found), output)


def _harmless(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise stop(f"{path} cannot be read: {error}") from None


def _write(text: str, path: Path | None) -> None:
    if path is None or str(path) == "-":
        print(text, end="")
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise stop(f"{path} cannot be written: {error.strerror}") from None
