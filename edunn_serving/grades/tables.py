"""The tables. A change needs a migration in `migrations/versions/`.

Times are milliseconds since 1970, in UTC: SQLite keeps no time zone.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# A name of a course, assignment, student or attempt.
NAME = sa.String(128)


class Base(DeclarativeBase):
    """The base of the tables."""

    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's form
        int: sa.BigInteger(),
        bytes: sa.LargeBinary(),
        str: sa.Text(),
    }


class Secret(Base):
    """What challenges are drawn from, and what receipts are signed with."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(NAME, primary_key=True)
    value: Mapped[bytes]
    made_ms: Mapped[int]


class Course(Base):
    """A course. It comes to be with its first assignment."""

    __tablename__ = "courses"

    name: Mapped[str] = mapped_column(NAME, primary_key=True)
    # The caller who put its first assignment.
    owner: Mapped[str] = mapped_column(NAME)


class AssignmentHead(Base):
    """An assignment's newest version. Its row is locked while an attempt at it begins."""

    __tablename__ = "assignments"

    course: Mapped[str] = mapped_column(NAME, sa.ForeignKey("courses.name"), primary_key=True)
    name: Mapped[str] = mapped_column(NAME, primary_key=True)
    version: Mapped[int]
    deleted: Mapped[bool]


class AssignmentVersion(Base):
    """One version of an assignment. It never changes."""

    __tablename__ = "assignment_versions"
    __table_args__ = (
        sa.ForeignKeyConstraint(["course", "name"], ["assignments.course", "assignments.name"]),
    )

    course: Mapped[str] = mapped_column(NAME, primary_key=True)
    name: Mapped[str] = mapped_column(NAME, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # As the grader wrote it.
    document: Mapped[str]
    # The validated assignment, in JSON.
    model: Mapped[str]
    put_by: Mapped[str] = mapped_column(NAME)
    put_ms: Mapped[int]


class Attempt(Base):
    """An attempt, its challenges, and its answers once they are accepted.

    The columns that may be megabytes are read when they are used, so within the session.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["course", "assignment", "version"],
            ["assignment_versions.course", "assignment_versions.name",
             "assignment_versions.version"],
        ),
        sa.UniqueConstraint("course", "assignment", "student", "number"),
        # The attempts that a worker still has to judge.
        sa.Index(
            "attempts_to_judge",
            "accepted_ms",
            sqlite_where=sa.text("revision < wanted_revision"),
            postgresql_where=sa.text("revision < wanted_revision"),
        ),
        sa.Index("attempts_expiring", "expires_ms"),
        sa.Index("attempts_by_start", "course", "assignment", "student", "start_id", unique=True),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(NAME, primary_key=True)
    course: Mapped[str] = mapped_column(NAME)
    assignment: Mapped[str] = mapped_column(NAME)
    # The version that it began with.
    version: Mapped[int]
    student: Mapped[str] = mapped_column(NAME)
    number: Mapped[int]
    # What the caller has named its start; None if it has no name.
    start_id: Mapped[str | None] = mapped_column(NAME)
    language: Mapped[str] = mapped_column(sa.String(8))
    started_ms: Mapped[int]
    expires_ms: Mapped[int]
    # Whether it counts against the limit. An ungradable attempt does not.
    counts: Mapped[bool]
    # A serialized Attempt of the contract. None until a worker has drawn them.
    challenges: Mapped[bytes | None] = mapped_column(deferred=True)
    # The digests of their inputs, joined.
    input_digests: Mapped[bytes | None]
    # Why no challenges could be drawn.
    failure: Mapped[str | None]
    accepted_ms: Mapped[int | None]
    # A serialized SubmitAnswersRequest of the contract, without its source.
    answers: Mapped[bytes | None] = mapped_column(deferred=True)
    answers_digest: Mapped[str | None] = mapped_column(sa.String(64))
    source: Mapped[bytes | None] = mapped_column(deferred=True)
    # The newest report's revision; 0 if there is none.
    revision: Mapped[int]
    # The revision that is wanted, and the assignment's version to judge it by.
    wanted_revision: Mapped[int]
    wanted_version: Mapped[int]


class Report(Base):
    """One judgement of an attempt. It never changes."""

    __tablename__ = "reports"

    attempt_id: Mapped[str] = mapped_column(NAME, sa.ForeignKey("attempts.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_ms: Mapped[int]
    # A serialized Report of the contract, with all that a grader may see.
    body: Mapped[bytes]


class Notice(Base):
    """Something that the graders of a course have to know."""

    __tablename__ = "notices"
    __table_args__ = (sa.Index("notices_of_course", "course", "id"),)

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True
    )
    at_ms: Mapped[int]
    course: Mapped[str] = mapped_column(NAME)
    assignment: Mapped[str] = mapped_column(NAME)
    attempt_id: Mapped[str] = mapped_column(NAME)
    student: Mapped[str] = mapped_column(NAME)
    text: Mapped[str]
