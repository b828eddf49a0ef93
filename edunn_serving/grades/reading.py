"""Finds assignments and attempts in the database."""

from __future__ import annotations

import time
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from edunn_serving.assignments import Assignment
from edunn_serving.grades.tables import AssignmentHead, AssignmentVersion, Attempt
from edunn_serving.grading.v1 import challenge_pb2

# An attempt whose challenges are not drawn yet counts for this time.
DRAWING_MS = 60_000


@lru_cache(maxsize=256)
def model_of(model: str) -> Assignment:
    """Return a stored assignment. The same text is validated once."""
    return Assignment.model_validate_json(model)


def assignment_version(session: Session, course: str, name: str, version: int) -> Assignment:
    """Return a version of an assignment that is known to exist."""
    return model_of(session.get_one(AssignmentVersion, (course, name, version)).model)


def newest_version(session: Session, course: str, name: str) -> Assignment:
    """Return the newest version of an assignment that is known to exist. Its times count."""
    head = session.get_one(AssignmentHead, (course, name))
    return assignment_version(session, course, name, head.version)


def newest_models() -> sa.Select[str]:
    """Return the statement that finds the newest version of each assignment, as stored."""
    return sa.select(AssignmentVersion.model).join(
        AssignmentHead,
        sa.and_(
            AssignmentHead.course == AssignmentVersion.course,
            AssignmentHead.name == AssignmentVersion.name,
            AssignmentHead.version == AssignmentVersion.version,
        ),
    )


def attempt_message(attempt: Attempt) -> challenge_pb2.Attempt:
    """Return an attempt as the contract has it, without its challenges."""
    message = challenge_pb2.Attempt(
        attempt_id=attempt.id,
        course=attempt.course,
        assignment=attempt.assignment,
        version=attempt.version,
        student=attempt.student,
        number=attempt.number,
    )
    message.start_time.FromMilliseconds(attempt.started_ms)
    message.expire_time.FromMilliseconds(attempt.expires_ms)
    return message


def now_ms() -> int:
    """Return the time in ms since 1970."""
    return time.time_ns() // 1_000_000
