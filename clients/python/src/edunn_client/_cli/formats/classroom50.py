"""Classroom 50's result.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from edunn_client._cli.formats.form import Form, Outcome, shown_checks

_SCHEMA = "classroom50/result/v1"
# Its scores are integers, so points are sent in hundredths if the assignment has fractions.
_FRACTION = 100


def text_of(outcome: Outcome) -> str:
    """Return the file."""
    environment, report = outcome.environment, outcome.report
    checks = [] if report is None else shown_checks(report)
    scores = [] if report is None else [report.score, report.max_score]
    scores += [each for check in checks for each in (check.score, check.max_score)]
    factor = 1 if all(float(each).is_integer() for each in scores) else _FRACTION

    def whole(points: float) -> int:
        return round(points * factor)

    tests = [
        {
            "test-name": check.title,
            "passed": check.verdict.value == "passed",
            "score": whole(check.score),
            "max-score": whole(check.max_score),
        }
        for check in checks
    ]
    if report is None:
        tests = [{"test-name": outcome.away, "passed": False, "score": 0, "max-score": 0}]
    return json.dumps(
        {
            "schema": _SCHEMA,
            "classroom": environment.get("CLASSROOM", ""),
            "assignment": environment.get("ASSIGNMENT", outcome.assignment),
            "assignment_type": environment.get("ASSIGNMENT_TYPE") or "individual",
            "owner": environment.get("OWNER") or environment.get("USERNAME", ""),
            "submission": environment.get("SUBMISSION_TAG", ""),
            "commit": environment.get("COMMIT_URL", ""),
            "release": environment.get("RELEASE_URL", ""),
            # Older runners have none. Where there is nothing to compare it is the commit.
            "review": environment.get("REVIEW_URL") or environment.get("COMMIT_URL", ""),
            "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "score": 0 if report is None else whole(report.score),
            "max-score": 0 if report is None else whole(report.max_score),
            "tests": tests,
        },
        indent=2,
    )


def student_of(environment: Mapping[str, str]) -> str:
    """Return the student's name on GitHub."""
    return environment.get("USERNAME", "")


FORM = Form(text_of, Path("result.json"), student_of, away_is_failure=True)
