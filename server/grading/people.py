"""Who may see what: students see their own, graders their courses'."""

from __future__ import annotations

from sqlalchemy.orm import Session

from edunn_serving.assignments import Assignment
from edunn_serving.callers import Caller, Role
from edunn_serving.errors import Reason, ServiceError, invalid_argument, quoted
from edunn_serving.grades import AssignmentVersion, Course
from edunn_serving.grades.reading import model_of, newest_models

# The student's name if the server asks nobody who calls, and the request names no student.
SOMEBODY = "somebody"


def is_grader(session: Session, caller: Caller, course: str) -> bool:
    """Tell whether a caller grades a course: as an admin, its owner, or one of its graders."""
    if Role.ADMIN in caller.roles:
        return True
    if Role.GRADER not in caller.roles:
        return False
    found = session.get(Course, course)
    if found is None or found.owner == caller.name:
        return found is not None
    models = session.scalars(newest_models().where(AssignmentVersion.course == course))
    return any(caller.name in model_of(model).graders for model in models)


def check_grader(session: Session, caller: Caller, course: str) -> None:
    """Raise PERMISSION_DENIED if the course is another grader's."""
    if not is_grader(session, caller, course):
        raise ServiceError(
            Reason.PERMISSION_DENIED,
            f"the course {quoted(course)} is another grader's: its owner can name "
            f"{quoted(caller.name)} among the `graders` of an assignment",
            metadata={"course": course},
        )


def may_attempt(assignment: Assignment, student: str) -> bool:
    """Tell whether an assignment is for a student."""
    return assignment.students is None or student in assignment.students


def student_of(session: Session, caller: Caller, course: str, named: str) -> str:
    """Return the student that a call is for: the caller, or whom a grader names.

    Raises
    ------
    ServiceError
        PERMISSION_DENIED: the caller is not a grader of the course and names another student.
    """
    if not named or named == caller.name:
        return caller.name or SOMEBODY
    if len(named) > 64 or not named.isprintable():
        raise invalid_argument("student", "expected 1 to 64 printable characters")
    check_grader(session, caller, course)
    return named
