"""Finds reports, and decides what a student sees of one. All functions block."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from edunn_serving.assignments import Assignment, Feedback, Visibility
from edunn_serving.callers import Caller
from edunn_serving.errors import Reason, ServiceError, invalid_argument, unavailable
from edunn_serving.grades import Attempt, Notice, Report
from edunn_serving.grades.reading import assignment_version, newest_version
from edunn_serving.grading.v1 import grading_service_pb2 as contract
from edunn_serving.grading.v1 import report_pb2
from edunn_serving.grading.v1.challenge_pb2 import Attempt as AttemptMessage
from server.grading.assignments import find, timestamp_ms
from server.grading.attempts import find_attempt
from server.grading.people import check_grader, is_grader, student_of

PAGE = 100
MAX_PAGE = 1000
MAX_NOTICES = 1000
# The fields that each level of feedback adds.
FIELDS_OF_FEEDBACK = {
    Feedback.BUG: ("bug", "message", "step_id"),
    Feedback.ERROR: ("error_size", "error_index"),
    Feedback.EXPECTED: ("expected", "answered"),
}


def get_report(
    session: Session,
    caller: Caller,
    attempt_id: str,
    revision: int = 0,
    *,
    for_student: bool = False,
) -> report_pb2.Report:
    """Return the newest report of an attempt, or that of a revision, as the caller may see it.

    `for_student` leaves out what the assignment's feedback does not tell a student, also for a
    grader, who passes the report on.

    Raises
    ------
    ServiceError
        ATTEMPT_NOT_FOUND, REPORT_NOT_FOUND; UNAVAILABLE: no worker has judged the answers yet.
    """
    attempt = find_attempt(session, caller, attempt_id)
    if attempt.accepted_ms is not None and attempt.revision == 0 and revision <= 1:
        raise unavailable("the answers are kept, and no worker has judged them yet")
    found = session.get(Report, (attempt_id, revision or attempt.revision))
    if found is None:
        what = f"no report {revision}" if revision else "no answers, so there is no report"
        raise ServiceError(
            Reason.REPORT_NOT_FOUND,
            f"the attempt has {what}",
            metadata={"attempt_id": attempt_id},
        )
    return _seen_by(session, caller, found.body, for_student=for_student)


def list_reports(
    session: Session, caller: Caller, request: contract.ListReportsRequest
) -> contract.ListReportsResponse:
    """Return a page of the newest reports of an assignment's attempts."""
    if request.page_size < 0 or request.page_size > MAX_PAGE:
        raise invalid_argument("page_size", f"expected 0 to {MAX_PAGE}, got {request.page_size}")
    size = request.page_size or PAGE
    row, _ = find(session, caller, request.course, request.assignment)
    wanted = (
        sa.select(Attempt.started_ms, Attempt.id, Report.body)
        .join(Report, sa.and_(Report.attempt_id == Attempt.id, Report.revision == Attempt.revision))
        .where(Attempt.course == row.course, Attempt.assignment == row.name)
        .order_by(Attempt.started_ms, Attempt.id)
    )
    if request.student or not is_grader(session, caller, row.course):
        student = student_of(session, caller, row.course, request.student)
        wanted = wanted.where(Attempt.student == student)
    if request.page_token:
        ms, attempt_id = _place_of(request.page_token)
        wanted = wanted.where(
            sa.or_(
                Attempt.started_ms > ms,
                sa.and_(Attempt.started_ms == ms, Attempt.id > attempt_id),
            )
        )
    rows = session.execute(wanted.limit(size + 1)).all()
    page = rows[:size]
    return contract.ListReportsResponse(
        reports=[_seen_by(session, caller, each.body) for each in page],
        next_page_token=json.dumps(list(page[-1][:2])) if len(rows) > size else "",
    )


def _place_of(page_token: str) -> tuple[int, str]:
    try:
        ms, attempt_id = json.loads(page_token)
        return int(ms), str(attempt_id)
    except (ValueError, TypeError):
        raise invalid_argument("page_token", "expected the token of another page") from None


def replay(session: Session, caller: Caller, attempt_id: str) -> contract.ReplayAttemptResponse:
    """Return an attempt with all that belongs to it, for a grader of its course."""
    attempt = find_attempt(session, caller, attempt_id)
    check_grader(session, caller, attempt.course)
    reports = session.scalars(
        sa.select(Report.body).where(Report.attempt_id == attempt_id).order_by(Report.revision)
    )
    answers = contract.SubmitAnswersRequest.FromString(attempt.answers or b"").answers
    return contract.ReplayAttemptResponse(
        attempt=AttemptMessage.FromString(attempt.challenges or b""),
        answers=answers,
        source=attempt.source or b"",
        reports=[report_pb2.Report.FromString(body) for body in reports],
    )


def want_again(
    session: Session, caller: Caller, request: contract.RegradeAttemptsRequest
) -> list[tuple[str, int]]:
    """Note that attempts are to be judged again; return their ids and the new revisions."""
    row, _ = find(session, caller, request.course, request.assignment)
    check_grader(session, caller, row.course)
    wanted = sa.select(Attempt).where(
        Attempt.course == row.course,
        Attempt.assignment == row.name,
        Attempt.accepted_ms.is_not(None),
    )
    if request.attempt_id:
        wanted = wanted.where(Attempt.id == request.attempt_id)
    attempts = session.scalars(wanted).all()
    if request.attempt_id and not attempts:
        raise ServiceError(
            Reason.ATTEMPT_NOT_FOUND, "the assignment has no such attempt with answers"
        )
    for attempt in attempts:
        # One that is wanted already may be under way by the version before.
        attempt.wanted_revision = max(attempt.revision, attempt.wanted_revision) + 1
        attempt.wanted_version = row.version
    return [(attempt.id, attempt.wanted_revision) for attempt in attempts]


def list_notices(session: Session, caller: Caller, course: str) -> list[contract.Notice]:
    """Return the newest notices of a course, for its graders."""
    check_grader(session, caller, course)
    wanted = sa.select(Notice).where(Notice.course == course).order_by(Notice.id.desc())
    return [
        contract.Notice(
            time=timestamp_ms(each.at_ms),
            course=each.course,
            assignment=each.assignment,
            attempt_id=each.attempt_id,
            student=each.student,
            text=each.text,
        )
        for each in session.scalars(wanted.limit(MAX_NOTICES))
    ]


def _seen_by(
    session: Session, caller: Caller, body: bytes, *, for_student: bool = False
) -> report_pb2.Report:
    report = report_pb2.Report.FromString(body)
    graded_by_caller = is_grader(session, caller, report.course)
    if graded_by_caller and not for_student:
        return report
    assignment = assignment_version(session, report.course, report.assignment, report.version)
    told = with_feedback(report, assignment)
    if graded_by_caller:
        return told
    times = newest_version(session, report.course, report.assignment)
    return visible_part(told, times, datetime.now(UTC))


def with_feedback(report: report_pb2.Report, assignment: Assignment) -> report_pb2.Report:
    """Return a report without what the feedback policy does not tell a student."""
    told = report_pb2.Report()
    told.CopyFrom(report)
    checks = {check.id: check for check in assignment.checks}
    for result in told.checks:
        level = list(Feedback).index(assignment.feedback_of(checks[result.check_id]))
        for feedback, fields in FIELDS_OF_FEEDBACK.items():
            if level < list(Feedback).index(feedback):
                for field in fields:
                    result.ClearField(field)
    return told


def visible_part(report: report_pb2.Report, times: Assignment, now: datetime) -> report_pb2.Report:
    """Return a report without the checks that a student may not see, or not yet.

    `times` is the version of the assignment whose due time counts.
    """
    seen = report_pb2.Report()
    seen.CopyFrom(report)
    del seen.checks[:]
    seen.checks.extend(
        result for result in report.checks if _is_visible(Visibility(result.visibility), times, now)
    )
    if len(seen.checks) < len(report.checks):
        # The score or the receipt would tell of the checks that are not visible.
        seen.hidden = True
        seen.score = seen.late_penalty = 0.0
        seen.receipt = ""
    return seen


def _is_visible(visibility: Visibility, times: Assignment, now: datetime) -> bool:
    if visibility is Visibility.AFTER_DUE_DATE:
        return times.due is None or now > times.due
    return visibility is Visibility.VISIBLE
