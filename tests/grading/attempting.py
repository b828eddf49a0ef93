"""An assignment that is put, and an attempt at it that is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callers import As
from edunn_client.grading import Grading, Report, answer_attempt

Documents = Callable[..., str]


def put(as_: As, document: str) -> str:
    return as_("teacher").put_assignment(document).assignment


def attempted(grading: Grading, assignment: str, classes: Any, **options: str) -> Report:
    attempt = grading.start_attempt(assignment, **options)
    return grading.submit_answers(attempt.attempt_id, answer_attempt(attempt, classes.get))


def await_revision(grading: Grading, attempt_id: str, revision: int) -> Report:
    while True:
        report = grading.get_report(attempt_id)
        if report.revision == revision:
            return report
