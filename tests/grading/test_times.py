"""When attempts can begin, when answers are accepted, and what lateness costs."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from attempting import Documents, await_revision, put
from callers import As
from edunn_client import FailedPreconditionError, InvalidArgumentError
from edunn_client.grading import answer_attempt
from students import RIGHT


def at(**later: float) -> str:
    return (datetime.now(UTC) + timedelta(**later)).isoformat()


def put_due_soon(as_: As, documents: Documents, *lines: str) -> datetime:
    """Put an assignment whose due time comes soon, and return that time.

    On a slow machine the time has passed before the service looks at it.
    """
    for seconds in (1.0, 5.0, 30.0, 120.0):
        due = datetime.now(UTC) + timedelta(seconds=seconds)
        try:
            put(as_, documents(f"due: {due.isoformat()}", *lines))
        except InvalidArgumentError:
            continue
        return due
    raise AssertionError("the service takes minutes to put an assignment")


def await_time(moment: datetime) -> None:
    while datetime.now(UTC) <= moment:
        time.sleep(0.02)


def test_before_it_opens_and_after_it_closes_nothing_is_accepted(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents(f"opens: {at(hours=1)}"))
    with pytest.raises(FailedPreconditionError) as caught:
        as_("ana").start_attempt(name)
    assert caught.value.reason == "ASSIGNMENT_CLOSED"
    put(as_, documents())
    attempt = as_("ana").start_attempt(name)
    # The teacher ends it early.
    due = put_due_soon(as_, documents)
    answers = answer_attempt(attempt, RIGHT.get)
    await_time(due)
    with pytest.raises(FailedPreconditionError) as caught:
        as_("ana").submit_answers(attempt.attempt_id, answers)
    assert caught.value.reason == "ASSIGNMENT_CLOSED"


def test_a_late_answer_loses_its_share_and_a_postponed_due_time_counts_for_all(
    as_: As, documents: Documents
) -> None:
    late = "late: {penalty_per_day: 0.25, days: 3}"
    due = put_due_soon(as_, documents, late)
    ana, name = as_("ana"), documents().split()[3]
    first, second = ana.start_attempt(name), ana.start_attempt(name)
    await_time(due)
    report = ana.submit_answers(first.attempt_id, answer_attempt(first, RIGHT.get))
    assert (report.score, report.late_penalty, report.max_score) == (2.25, 0.75, 3.0)
    put(as_, documents(f"due: {at(hours=1)}", late))
    in_time = ana.submit_answers(second.attempt_id, answer_attempt(second, RIGHT.get))
    assert (in_time.version, in_time.score, in_time.late_penalty) == (1, 3.0, 0.0)
    as_("teacher").regrade_attempts(name, "nn101", first.attempt_id)
    assert await_revision(ana, first.attempt_id, 2).score == 3.0
