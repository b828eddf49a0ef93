"""An assignment: its checks, and when and how often they can be attempted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from edunn_serving.assignments.check import Check, Feedback, Visibility
from edunn_serving.assignments.fields import Fields, Name, NotEmpty, Seconds, Text

DAY = timedelta(days=1)
# Of times. Later ones have no days after them to be late in.
_YEARS = range(2000, 3000)


class Late(Fields):
    """What an answer after the due time costs."""

    # The share of the score that each day costs, once it has begun.
    penalty_per_day: float = Field(ge=0.0, le=1.0)
    # After this many days nothing is accepted.
    days: int = Field(ge=1, le=366)


class Attempts(Fields):
    """How often a student may try."""

    # How many attempts count in all. None: as many as a student likes.
    limit: int | None = Field(default=None, ge=1, le=1_000_000)
    # How many attempts may begin within `every`. None: no limit.
    rate: int | None = Field(default=None, ge=1, le=1_000_000)
    every: Seconds = 3600.0
    # How long an attempt's challenges can be answered.
    expire_after: Seconds = 3600.0


class Assignment(Fields):
    """A validated assignment."""

    course: Name
    assignment: Name
    title: Text = ""
    description: Text = ""
    # Of the messages, if a student asks for none.
    language: Literal["en", "es"] = "en"
    # Of times that name none.
    time_zone: str = "UTC"
    opens: datetime | None = None
    due: datetime | None = None
    late: Late | None = None
    attempts: Attempts = Attempts()
    feedback: Feedback = Feedback.BUG
    visibility: Visibility = Visibility.VISIBLE
    # Whether students may call the layer types of the checks while the assignment is open.
    allow_calls: bool = False
    # Graders of the course besides the one who put its first assignment.
    graders: tuple[Name, ...] = Field(default=(), max_length=100)
    # Who may attempt it. None: every student.
    students: tuple[Name, ...] | None = Field(default=None, max_length=10_000)
    checks: Annotated[tuple[Check, ...], NotEmpty, Field(max_length=100)]

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                "expected a time zone such as UTC or America/Argentina/Buenos_Aires"
            ) from None
        return name

    @field_validator("opens", "due", mode="before")
    @classmethod
    def _no_number(cls, given: Any) -> Any:
        # pydantic would take a number for seconds since 1970, and a date for the time it begins.
        is_time = isinstance(given, datetime) or (isinstance(given, str) and ":" in given)
        if given is not None and not is_time:
            raise ValueError("expected a date and a time such as 2030-06-01T18:00")
        return given

    @field_validator("opens", "due")
    @classmethod
    def _with_zone(cls, time: datetime | None, info: ValidationInfo) -> datetime | None:
        if time is None:
            return time
        if time.year not in _YEARS:
            raise ValueError(f"expected a year from {_YEARS[0]} to {_YEARS[-1]}")
        zone = ZoneInfo(info.data.get("time_zone", "UTC"))
        return time.astimezone(zone) if time.tzinfo is not None else _the_one_time(time, zone)

    @model_validator(mode="after")
    def _check_together(self) -> Assignment:
        faults: list[InitErrorDetails] = []

        def blame(text: str, *place: str | int) -> None:
            kind = PydanticCustomError("value_error", "{error}", {"error": text})
            faults.append(InitErrorDetails(type=kind, loc=place, input=None))

        if self.opens and self.due and self.due.astimezone(UTC) <= self.opens.astimezone(UTC):
            blame("must be after opens", "due")
        if self.late and not self.due:
            blame("needs a due time", "late")
        ids = [check.id for check in self.checks]
        for number, check in enumerate(self.checks):
            if check.id in ids[:number]:
                blame(f"two checks have the id {check.id!r}", "checks", number, "id")
            for index, needed in enumerate(check.depends_on):
                if needed not in ids:
                    blame(f"there is no check {needed!r}", "checks", number, "depends_on", index)
        try:
            tuple(self._sorter().static_order())
        except CycleError as error:
            circle = error.args[1]
            blame(
                f"the checks depend on each other in a circle: {' -> '.join(circle)}",
                *("checks", ids.index(circle[0]), "depends_on"),
            )
        if faults:
            raise ValidationError.from_exception_data("Assignment", faults)
        return self

    def _sorter(self) -> TopologicalSorter[str]:
        return TopologicalSorter({check.id: check.depends_on for check in self.checks})

    def in_order(self) -> Iterator[Check]:
        """Yield the checks, each after those that it depends on."""
        by_id = {check.id: check for check in self.checks}
        return (by_id[check_id] for check_id in self._sorter().static_order())

    @cached_property
    def max_score(self) -> float:
        """The sum of the points."""
        return sum(check.points for check in self.checks)

    @property
    def closes(self) -> datetime | None:
        """The time after which nothing is accepted; None if there is none.

        Days are those of the clocks in `time_zone`: 23, 24 or 25 hours.
        """
        if self.due is None or self.late is None:
            return self.due
        return self.due + self.late.days * DAY

    def is_open(self, now: datetime) -> bool:
        """Tell whether attempts can begin and answers are accepted."""
        begun = self.opens is None or self.opens <= now
        return begun and (self.closes is None or now <= self.closes)

    def late_factor(self, at: datetime) -> float:
        """Return the share of the score that an answer keeps, given the time it was accepted."""
        if self.due is None or at <= self.due or self.late is None:
            return 1.0
        return max(0.0, 1.0 - _begun_days(self.due, at) * self.late.penalty_per_day)

    def feedback_of(self, check: Check) -> Feedback:
        """Return how much a student is told of a check."""
        return self.feedback if check.feedback is None else check.feedback

    def visibility_of(self, check: Check) -> Visibility:
        """Return when a student sees the result of a check."""
        return self.visibility if check.visibility is None else check.visibility


def _the_one_time(time: datetime, zone: ZoneInfo) -> datetime:
    """Return what a time without a zone means. Around a change of the clocks it may be no time."""
    first, second = (time.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != time:
        raise ValueError(f"{time} does not occur in {zone}, where the clocks are put forward")
    if first.utcoffset() != second.utcoffset():
        raise ValueError(
            f"{time} occurs twice in {zone}: write {first.isoformat()} or {second.isoformat()}"
        )
    return first


def _begun_days(due: datetime, at: datetime) -> int:
    """Return how many days have begun between two times, by the clocks of the due time's zone."""
    clock = at.astimezone(due.tzinfo).replace(tzinfo=None) - due.replace(tzinfo=None)
    # The clocks may have been put back meanwhile.
    days = max(1, clock // DAY - 1)
    # Compared in one zone, two times would be compared by their clocks.
    while (due + days * DAY).astimezone(UTC) < at.astimezone(UTC):
        days += 1
    return days
