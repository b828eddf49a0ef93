"""Reports as plain objects."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from edunn_client._stubs import report_pb2

_VERDICTS = report_pb2.DESCRIPTOR.enum_types_by_name["Verdict"]
_VERDICT_PREFIX = "VERDICT_"


class Verdict(Enum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """A check that it depends on has not passed."""
    UNGRADABLE = "ungradable"
    """The service could not judge it. The attempt costs nothing."""


@dataclass(frozen=True)
class CheckResult:
    """The judgement of one check."""

    check_id: str
    title: str
    verdict: Verdict
    score: float
    max_score: float
    bug: str
    """The stable name of the mistake; empty if it is none that is known."""
    message: str
    """What is wrong, in one sentence."""
    step_id: str
    error_size: float | None
    error_index: tuple[int, ...]
    expected: float | None
    answered: float | None
    skipped_for: tuple[str, ...]
    visibility: str
    """When the student may see it: `visible`, `after_due_date` or `hidden`."""


@dataclass(frozen=True)
class Report:
    """The judgement of an attempt, as the caller may see it."""

    attempt_id: str
    course: str
    assignment: str
    version: int
    student: str
    attempt_number: int
    revision: int
    score: float
    max_score: float
    late_penalty: float
    counts: bool
    hidden: bool
    """Whether the score is not to be seen, or not yet."""
    accept_time: datetime
    report_time: datetime
    checks: tuple[CheckResult, ...]
    receipt: str
    """A JWS that `verify_receipt` checks offline."""
    answers_digest: str

    @property
    def passed(self) -> bool:
        """Whether every check has passed."""
        return all(each.verdict is Verdict.PASSED for each in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            **asdict(self),
            "accept_time": self.accept_time.isoformat(),
            "report_time": self.report_time.isoformat(),
            "checks": [{**asdict(each), "verdict": each.verdict.value} for each in self.checks],
        }

    def _repr_html_(self) -> str:
        from edunn_client.grading._html import report_html

        return report_html(self)


def decode_report(message: report_pb2.Report) -> Report:
    return Report(
        attempt_id=message.attempt_id,
        course=message.course,
        assignment=message.assignment,
        version=message.version,
        student=message.student,
        attempt_number=message.attempt_number,
        revision=message.revision,
        score=message.score,
        max_score=message.max_score,
        late_penalty=message.late_penalty,
        counts=message.counts,
        hidden=message.hidden,
        accept_time=message.accept_time.ToDatetime(UTC),
        report_time=message.report_time.ToDatetime(UTC),
        checks=tuple(_check(each) for each in message.checks),
        receipt=message.receipt,
        answers_digest=message.answers_digest,
    )


def _check(message: report_pb2.CheckResult) -> CheckResult:
    verdict: str = _VERDICTS.values_by_number[message.verdict].name
    return CheckResult(
        check_id=message.check_id,
        title=message.title,
        verdict=Verdict(verdict.removeprefix(_VERDICT_PREFIX).lower()),
        score=message.score,
        max_score=message.max_score,
        bug=message.bug,
        message=message.message,
        step_id=message.step_id,
        error_size=message.error_size if message.HasField("error_size") else None,
        error_index=tuple(message.error_index),
        expected=message.expected if message.HasField("expected") else None,
        answered=message.answered if message.HasField("answered") else None,
        skipped_for=tuple(message.skipped_for),
        visibility=message.visibility or "visible",
    )
