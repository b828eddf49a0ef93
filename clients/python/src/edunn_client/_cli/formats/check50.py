"""check50's JSON, version 3."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from edunn_client._cli.formats.form import Form, Outcome, shown_checks, words
from edunn_client.grading._reports import CheckResult, Verdict

_VERSION = "3.3.11"
_PASSED = {Verdict.PASSED: True, Verdict.FAILED: False}


def text_of(outcome: Outcome) -> str:
    """Return the text. What is skipped or cannot be judged is null."""
    if outcome.report is None:
        found: dict[str, Any] = {
            "slug": outcome.assignment,
            "error": {"type": "Unavailable", "value": outcome.away, "traceback": [], "data": {}},
            "version": _VERSION,
        }
        return json.dumps(found, indent=2)
    results = [_result(each) for each in shown_checks(outcome.report)]
    return json.dumps(
        {"slug": outcome.assignment, "results": results, "version": _VERSION}, indent=2
    )


def _result(result: CheckResult) -> dict[str, Any]:
    passed = _PASSED.get(result.verdict)
    cause: dict[str, Any] | None = None
    if passed is not True:
        # check50's page takes both for HTML.
        cause = {
            "rationale": escape(words(result), quote=False),
            "help": escape(result.bug) or None,
        }
        if result.expected is not None and result.answered is not None:
            # The page shows both if there is one, and cannot show a null.
            cause |= {"expected": f"{result.expected:.9g}", "actual": f"{result.answered:.9g}"}
    return {
        "name": result.check_id,
        "description": result.title,
        "passed": passed,
        "log": [],
        "cause": cause,
        "data": {"score": result.score, "max_score": result.max_score},
        "dependency": result.skipped_for[0] if result.skipped_for else None,
    }


FORM = Form(text_of, None)
