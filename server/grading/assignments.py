"""Puts, finds, lists and deletes assignments. All functions block."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy.orm import Session

from edunn_serving.assignments import Assignment, Check
from edunn_serving.callers import Caller
from edunn_serving.errors import Reason, ServiceError, invalid_argument, quoted
from edunn_serving.grades import AssignmentHead, AssignmentVersion, Course
from edunn_serving.grades.database import lock_row
from edunn_serving.grades.reading import model_of, now_ms
from edunn_serving.grading.v1 import grading_service_pb2 as contract
from server.grading.people import check_grader, is_grader, may_attempt


def put(session: Session, caller: Caller, assignment: Assignment, document: str) -> int:
    """Store a new version of an assignment, and return its number."""
    course = session.get(Course, assignment.course)
    if course is None:
        session.add(Course(name=assignment.course, owner=caller.name))
        session.flush()
    check_grader(session, caller, assignment.course)
    key = (assignment.course, assignment.assignment)
    head = session.scalars(
        lock_row(sa.select(AssignmentHead)).where(
            AssignmentHead.course == key[0], AssignmentHead.name == key[1]
        )
    ).one_or_none()
    before = None if head is None else session.get(AssignmentVersion, (*key, head.version))
    check_due(assignment, None if before is None else model_of(before.model))
    if head is None:
        head = AssignmentHead(course=key[0], name=key[1], version=0, deleted=False)
        session.add(head)
    head.version += 1
    head.deleted = False
    session.flush()
    session.add(
        AssignmentVersion(
            course=key[0],
            name=key[1],
            version=head.version,
            document=document,
            model=assignment.model_dump_json(),
            put_by=caller.name,
            put_ms=now_ms(),
        )
    )
    return head.version


def check_due(assignment: Assignment, before: Assignment | None) -> None:
    """Refuse a due time that has passed, unless the version before had it too."""
    due = assignment.due
    if due is None or due > datetime.now(UTC) or (before is not None and before.due == due):
        return
    raise invalid_argument("due", f"expected a time to come, got {due.isoformat()}")


def find(
    session: Session, caller: Caller, course: str, name: str, version: int = 0
) -> tuple[AssignmentVersion, Assignment]:
    """Return a version of an assignment that the caller can see; of number 0 the newest.

    Raises
    ------
    ServiceError
        ASSIGNMENT_NOT_FOUND; INVALID_ARGUMENT: no course is given, and several have one.
    """
    wanted = sa.select(AssignmentHead).where(
        AssignmentHead.name == name, sa.not_(AssignmentHead.deleted)
    )
    if course:
        wanted = wanted.where(AssignmentHead.course == course)
    found = []
    for head in session.scalars(wanted):
        row = session.get(AssignmentVersion, (head.course, name, version or head.version))
        if row is not None and _can_see(session, caller, model_of(row.model)):
            found.append(row)
    if len(found) > 1:
        courses = ", ".join(sorted(row.course for row in found))
        raise invalid_argument("course", f"expected one of {courses}, which all have {name}")
    if not found:
        raise not_found(course, name)
    return found[0], model_of(found[0].model)


def not_found(course: str, name: str) -> ServiceError:
    """Return the error of an assignment that does not exist or is none of the caller's."""
    place = f" in the course {quoted(course)}" if course else ""
    return ServiceError(
        Reason.ASSIGNMENT_NOT_FOUND,
        f"there is no assignment {quoted(name)}{place}",
        metadata={"course": course, "assignment": name},
    )


def list_visible(session: Session, caller: Caller, course: str) -> list[contract.Assignment]:
    """Return the newest versions that the caller can see, without documents."""
    wanted = (
        sa.select(AssignmentVersion)
        .join(
            AssignmentHead,
            sa.and_(
                AssignmentHead.course == AssignmentVersion.course,
                AssignmentHead.name == AssignmentVersion.name,
                AssignmentHead.version == AssignmentVersion.version,
            ),
        )
        .where(sa.not_(AssignmentHead.deleted))
        .order_by(AssignmentVersion.course, AssignmentVersion.name)
    )
    if course:
        wanted = wanted.where(AssignmentVersion.course == course)
    return [
        describe(row, with_document=False)
        for row in session.scalars(wanted)
        if _can_see(session, caller, model_of(row.model))
    ]


def delete(session: Session, caller: Caller, course: str, name: str) -> None:
    """Delete an assignment. Its attempts and reports stay."""
    row, _ = find(session, caller, course, name)
    check_grader(session, caller, row.course)
    session.get_one(AssignmentHead, (row.course, name)).deleted = True


def describe(row: AssignmentVersion, *, with_document: bool) -> contract.Assignment:
    """Return an assignment as callers see it."""
    assignment = model_of(row.model)
    return contract.Assignment(
        course=row.course,
        assignment=row.name,
        version=row.version,
        title=assignment.title or row.name,
        description=assignment.description,
        max_score=assignment.max_score,
        open_time=timestamp(assignment.opens),
        due_time=timestamp(assignment.due),
        close_time=timestamp(assignment.closes),
        checks=[_described(check) for check in assignment.checks],
        document=row.document if with_document else "",
        put_time=timestamp_ms(row.put_ms),
    )


def _described(check: Check) -> contract.AssignmentCheck:
    described = contract.AssignmentCheck(
        check_id=check.id,
        title=check.title or check.id,
        points=check.points,
        depends_on=check.depends_on,
        type=check.type,
        kind=f"CHALLENGE_KIND_{check.kind.upper()}",
    )
    described.config.update(check.config)
    return described


def timestamp(time: datetime | None) -> Timestamp | None:
    """Return a time as the contract has it."""
    if time is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(time.astimezone(UTC))
    return stamp


def timestamp_ms(ms: int) -> Timestamp:
    """Return a time in ms since 1970 as the contract has it."""
    stamp = Timestamp()
    stamp.FromMilliseconds(ms)
    return stamp


def _can_see(session: Session, caller: Caller, assignment: Assignment) -> bool:
    return may_attempt(assignment, caller.name) or is_grader(session, caller, assignment.course)
