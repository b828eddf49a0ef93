"""Test cases as Otter-Grader reads their results: one a check."""

from __future__ import annotations

import json

from edunn_client._cli.formats.form import Form, Outcome, words


def text_of(outcome: Outcome) -> str:
    """Return the results by test case. The test file of `edunn grading otter` reads them."""
    if outcome.report is None:
        return json.dumps({"trouble": outcome.away}, indent=2)
    return json.dumps(
        {
            result.check_id: {
                "passed": result.verdict.value == "passed",
                "points": result.score,
                "possible": result.max_score,
                "hidden": result.visibility != "visible",
                "message": words(result),
            }
            for result in outcome.report.checks
        },
        indent=2,
    )


FORM = Form(text_of, None)
