"""For test files of Otter-Grader, which `edunn grading otter` writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edunn_client.grading._html import explanation
from edunn_client.grading._notebook import check
from edunn_client.grading._reports import CheckResult, Report, Verdict

# The attempts that have been made, so that the test cases of one file are of one attempt.
_reports: dict[tuple[int, str, str], Report] = {}


def outcome(env: Mapping[str, Any], assignment: str, course: str, check_id: str) -> CheckResult:
    """Attempt an assignment with a student's classes once, and raise if a check has not passed.

    Parameters
    ----------
    env : mapping
        The student's globals, as Otter gives them.
    """
    key = (id(env), course, assignment)
    if key not in _reports:
        _reports[key] = check(env, assignment, course=course)
    result = next(each for each in _reports[key].checks if each.check_id == check_id)
    if result.verdict is not Verdict.PASSED:
        raise AssertionError(explanation(result) or result.verdict.value)
    return result
