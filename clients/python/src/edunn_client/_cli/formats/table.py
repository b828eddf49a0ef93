"""Comma-separated values: one row a check, and the gradebook with nbgrader's columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from edunn_client._cli.formats.form import Form, Outcome, words
from edunn_client.grading._reports import Report

_COLUMNS = ("assignment", "student", "check", "verdict", "score", "max_score", "bug", "message")
# As nbgrader's exporter writes them.
_GRADEBOOK = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip
# A spreadsheet would run a text that begins so as a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def text_of(outcome: Outcome) -> str:
    """Return one row for each check."""
    report = outcome.report
    rows = [] if report is None else [
        (report.assignment, report.student, each.check_id, each.verdict.value, each.score,
         each.max_score, each.bug, words(each))
        for each in report.checks
    ]  # fmt: skip
    return _csv(_COLUMNS, rows)


def gradebook(reports: Iterable[Report], due: datetime | None) -> str:
    """Return one row for each student: the best report that counts, of each assignment."""
    best: dict[tuple[str, str], Report] = {}
    for report in reports:
        key = (report.assignment, report.student)
        if report.counts and (key not in best or report.score > best[key].score):
            best[key] = report
    due_text = due.isoformat() if due else ""
    rows = [
        (report.assignment, due_text, report.accept_time.isoformat(), report.student, "", "",
         report.student if "@" in report.student else "", report.score + report.late_penalty,
         report.late_penalty, report.score, report.max_score)
        for _, report in sorted(best.items())
    ]  # fmt: skip
    return _csv(_GRADEBOOK, rows)


def _csv(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue()


def _harmless(value: object) -> object:
    is_formula = isinstance(value, str) and value.startswith(_FORMULAS)
    return f"'{value}" if is_formula else value


FORM = Form(text_of, None)
