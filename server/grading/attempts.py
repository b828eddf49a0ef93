"""Begins attempts, and accepts their answers. All functions block."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from edunn_serving.assignments import Assignment
from edunn_serving.callers import Caller, Role
from edunn_serving.errors import Reason, ServiceError, invalid_argument, quoted
from edunn_serving.grades import AssignmentHead, Attempt
from edunn_serving.grades.database import lock_row
from edunn_serving.grades.reading import (
    DRAWING_MS,
    assignment_version,
    attempt_message,
    newest_version,
    now_ms,
)
from edunn_serving.grading.v1 import challenge_pb2
from edunn_serving.grading.v1.grading_service_pb2 import (
    ListAttemptsRequest,
    StartAttemptRequest,
    SubmitAnswersRequest,
)
from server.grading.answers import KeptAnswers, check_answers, kept_form
from server.grading.assignments import find, not_found
from server.grading.people import is_grader, may_attempt, student_of

LANGUAGES = ("", "en", "es")
MAX_SOURCE_BYTES = 256 * 1024
MAX_START_ID = 128
MAX_LISTED = 1000


def begin(session: Session, caller: Caller, request: StartAttemptRequest) -> str:
    """Store a new attempt, which has no challenges yet, and return its id.

    A start that has been stored before, by its `start_id`, is not stored again.

    Raises
    ------
    ServiceError
        ASSIGNMENT_NOT_FOUND, ASSIGNMENT_CLOSED, ATTEMPTS_USED_UP, PERMISSION_DENIED.
    """
    if len(request.start_id) > MAX_START_ID:
        text = f"expected at most {MAX_START_ID} characters, got {len(request.start_id)}"
        raise invalid_argument("start_id", text)
    if request.language not in LANGUAGES:
        raise invalid_argument(
            "language", f"expected en, es or nothing, got {quoted(request.language)}"
        )
    row, assignment = find(session, caller, request.course, request.assignment)
    student = student_of(session, caller, row.course, request.student)
    if not may_attempt(assignment, student):
        raise not_found(row.course, row.name)
    # Attempts at one assignment begin one after another, so that none goes beyond the limit, and
    # none begins twice.
    session.execute(
        lock_row(sa.select(AssignmentHead.version)).where(
            AssignmentHead.course == row.course, AssignmentHead.name == row.name
        )
    )
    own = _attempts_of(row.course, row.name, student)
    if request.start_id:
        before = session.scalar(
            sa.select(Attempt.id).where(own, Attempt.start_id == request.start_id)
        )
        if before is not None:
            return before
    now = now_ms()
    _check_open(assignment, now)
    _check_limits(session, assignment, student, now)
    attempt = Attempt(
        id=secrets.token_urlsafe(16),
        course=row.course,
        assignment=row.name,
        version=row.version,
        student=student,
        number=1 + (session.scalar(sa.select(sa.func.max(Attempt.number)).where(own)) or 0),
        start_id=request.start_id or None,
        language=request.language or assignment.language,
        started_ms=now,
        expires_ms=now + int(assignment.attempts.expire_after * 1000),
        counts=True,
        revision=0,
        wanted_revision=0,
        wanted_version=row.version,
    )
    session.add(attempt)
    return attempt.id


def begun(session: Session, attempt_id: str) -> challenge_pb2.Attempt:
    """Return an attempt whose challenges are drawn.

    Raises
    ------
    ServiceError
        INTERNAL: no challenges could be drawn. The attempt does not count.
    """
    attempt = session.get_one(Attempt, attempt_id)
    if attempt.challenges is None:
        raise ServiceError(
            Reason.INTERNAL,
            "the service could not draw the challenges; the graders are told, and the attempt "
            "does not count",
            metadata={"attempt_id": attempt_id},
        )
    message = challenge_pb2.Attempt.FromString(attempt.challenges)
    _note_acceptance(message, attempt)
    limit = assignment_version(
        session, attempt.course, attempt.assignment, attempt.version
    ).attempts.limit
    if limit is not None:
        own = _attempts_of(attempt.course, attempt.assignment, attempt.student)
        message.attempts_left = max(0, limit - _count(session, own, now_ms()))
    return message


def list_attempts(
    session: Session, caller: Caller, request: ListAttemptsRequest
) -> list[challenge_pb2.Attempt]:
    """Return a student's attempts without their challenges, the newest first."""
    row, _ = find(session, caller, request.course, request.assignment)
    student = student_of(session, caller, row.course, request.student)
    own = _attempts_of(row.course, row.name, student)
    newest = sa.select(Attempt).where(own).order_by(Attempt.number.desc()).limit(MAX_LISTED)
    messages = []
    for attempt in session.scalars(newest):
        message = attempt_message(attempt)
        _note_acceptance(message, attempt)
        messages.append(message)
    return messages


def _note_acceptance(message: challenge_pb2.Attempt, attempt: Attempt) -> None:
    if attempt.accepted_ms is not None:
        message.accept_time.FromMilliseconds(attempt.accepted_ms)


def take_back(session: Session, attempt_id: str) -> None:
    """Delete an attempt whose challenges were not drawn in time."""
    session.execute(
        sa.delete(Attempt).where(Attempt.id == attempt_id, Attempt.challenges.is_(None))
    )


def find_attempt(session: Session, caller: Caller, attempt_id: str) -> Attempt:
    """Return an attempt of the caller's, or of a course that the caller grades.

    Raises
    ------
    ServiceError
        ATTEMPT_NOT_FOUND.
    """
    # Another student's is not read, so that it takes no longer than one that there is not.
    own = sa.select(Attempt).where(Attempt.id == attempt_id, Attempt.student == caller.name)
    attempt = session.scalar(own)
    if attempt is None and caller.has_any({Role.GRADER, Role.ADMIN}):
        course = session.scalar(sa.select(Attempt.course).where(Attempt.id == attempt_id))
        if is_grader(session, caller, course or ""):
            attempt = session.get(Attempt, attempt_id)
    if attempt is None:
        raise ServiceError(
            Reason.ATTEMPT_NOT_FOUND,
            f"there is no attempt {quoted(attempt_id)}",
            metadata={"attempt_id": attempt_id},
        )
    return attempt


def examine(session: Session, caller: Caller, request: SubmitAnswersRequest) -> KeptAnswers:
    """Check that answers fit their challenges, and return what is kept of them.

    Raises
    ------
    ServiceError
        ATTEMPT_NOT_FOUND; INVALID_ARGUMENT, TOO_LARGE: the answers do not fit the challenges.
    """
    attempt = find_attempt(session, caller, request.attempt_id)
    if attempt.challenges is None:
        raise invalid_argument("attempt_id", "the attempt has no challenges")
    if len(request.source) > MAX_SOURCE_BYTES:
        raise invalid_argument(
            "source", f"expected at most {MAX_SOURCE_BYTES} bytes, got {len(request.source)}"
        )
    check_answers(challenge_pb2.Attempt.FromString(attempt.challenges), request.answers)
    return kept_form(request.answers)


def accept(
    session: Session, caller: Caller, request: SubmitAnswersRequest, kept: KeptAnswers
) -> None:
    """Store the answers of an attempt, which `examine` has checked. They count once.

    Raises
    ------
    ServiceError
        ATTEMPT_NOT_FOUND, ANSWERS_EXIST, ATTEMPT_EXPIRED, ASSIGNMENT_CLOSED.
    """
    session.execute(lock_row(sa.select(Attempt.id)).where(Attempt.id == request.attempt_id))
    attempt = find_attempt(session, caller, request.attempt_id)
    if attempt.answers_digest is not None:
        if attempt.answers_digest == kept.digest:
            return
        raise ServiceError(
            Reason.ANSWERS_EXIST,
            "the attempt has been answered with other values: answers count once",
            metadata={"attempt_id": attempt.id},
        )
    now = now_ms()
    if now > attempt.expires_ms:
        raise ServiceError(
            Reason.ATTEMPT_EXPIRED,
            f"the attempt could be answered until {_text(attempt.expires_ms)}: start another",
            metadata={"attempt_id": attempt.id},
        )
    # The newest version may have postponed the due time.
    _check_open(newest_version(session, attempt.course, attempt.assignment), now)
    attempt.accepted_ms = now
    attempt.answers = kept.data
    attempt.answers_digest = kept.digest
    attempt.source = request.source or None
    attempt.wanted_revision = 1


def _check_open(assignment: Assignment, now: int) -> None:
    if assignment.is_open(datetime.fromtimestamp(now / 1000, UTC)):
        return
    opens, closes = assignment.opens, assignment.closes
    if opens is not None and opens.timestamp() * 1000 > now:
        text = f"opens at {opens.isoformat()}"
    else:
        text = f"was open until {closes.isoformat() if closes else ''}"
    raise ServiceError(
        Reason.ASSIGNMENT_CLOSED,
        f"the assignment {assignment.assignment} {text}",
        metadata={"assignment": assignment.assignment},
    )


def _check_limits(session: Session, assignment: Assignment, student: str, now: int) -> None:
    attempts = assignment.attempts
    own = _attempts_of(assignment.course, assignment.assignment, student)
    if attempts.limit is not None and _count(session, own, now) >= attempts.limit:
        raise ServiceError(
            Reason.ATTEMPTS_USED_UP,
            f"all {attempts.limit} attempts are used up",
            metadata={"limit": str(attempts.limit)},
        )
    if attempts.rate is None:
        return
    since = now - int(attempts.every * 1000)
    recent = sa.and_(own, Attempt.started_ms > since)
    if _count(session, recent, now) >= attempts.rate:
        times = session.scalars(
            sa.select(Attempt.started_ms)
            .where(recent, _counting(now))
            .order_by(Attempt.started_ms.desc())
            .limit(attempts.rate)
        ).all()
        wait = (times[-1] - since) / 1000
        raise ServiceError(
            Reason.ATTEMPTS_USED_UP,
            f"{attempts.rate} attempts may begin within {attempts.every:g} s: "
            f"try again in {wait:.0f} s",
            retry_after=max(wait, 0.001),
            metadata={"rate": str(attempts.rate), "every": f"{attempts.every:g}"},
        )


def _attempts_of(course: str, assignment: str, student: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        Attempt.course == course, Attempt.assignment == assignment, Attempt.student == student
    )


def _counting(now: int) -> sa.ColumnElement[bool]:
    drawn_or_drawing = sa.or_(
        Attempt.challenges.is_not(None), Attempt.started_ms > now - DRAWING_MS
    )
    return sa.and_(Attempt.counts, drawn_or_drawing)


def _count(session: Session, condition: sa.ColumnElement[bool], now: int) -> int:
    counted = sa.select(sa.func.count()).select_from(Attempt).where(condition, _counting(now))
    return session.scalar(counted) or 0


def _text(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
