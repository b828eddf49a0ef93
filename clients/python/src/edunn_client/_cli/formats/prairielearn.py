"""PrairieLearn's results.json of an external grader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edunn_client._cli.formats.form import Form, Outcome, shown_checks, words
from edunn_client.grading._html import score_text


def text_of(outcome: Outcome) -> str:
    """Return the file. What could not be graded costs no attempt."""
    report = outcome.report
    if report is None or not report.counts:
        why = outcome.away if report is None else score_text(report)
        return json.dumps({"gradable": False, "format_errors": [why], "message": why}, indent=2)
    tests: list[dict[str, Any]] = [
        {
            "name": result.title,
            "description": result.check_id,
            "points": result.score,
            # PrairieLearn needs it in every test.
            "max_points": result.max_score,
            "message": words(result),
        }
        for result in shown_checks(report)
    ]
    score = report.score / report.max_score if report.max_score else 0.0
    return json.dumps(
        {
            "gradable": True,
            "score": min(1.0, max(0.0, score)),
            "message": score_text(report),
            "output": report.receipt,
            "tests": tests,
        },
        indent=2,
    )


FORM = Form(text_of, Path("/grade/results/results.json"))
