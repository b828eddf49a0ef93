"""What every form of a report has."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edunn_client.grading._html import explanation
from edunn_client.grading._reports import CheckResult, Report

# The sentence for students if the service cannot be reached.
AWAY = "The grading service could not be reached, so nothing was graded: {}. Submit again later."
# The one if it cannot grade, or if there is nothing to run.
NOT_GRADED = "Nothing was graded: {}."


@dataclass(frozen=True)
class Outcome:
    """What came of a submission: a report, or the reason why there is none."""

    assignment: str
    student: str
    seconds: float
    """How long it took."""
    report: Report | None
    trouble: str = ""
    is_away: bool = True
    """Whether the trouble is that the service cannot be reached."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def away(self) -> str:
        """The sentence for students if there is no report."""
        return (AWAY if self.is_away else NOT_GRADED).format(self.trouble.rstrip("."))


@dataclass(frozen=True)
class Form:
    """How a course system is told."""

    text_of: Callable[[Outcome], str]
    path: Path | None
    """Where the system looks; None is the standard output."""
    student_of: Callable[[Mapping[str, str]], str] = lambda environment: ""
    """Finds the student in the system's environment; empty if it does not say."""
    always_succeeds: bool = True
    """Whether the command ends with 0 wherever it has written a report, passed or not."""
    away_is_failure: bool = False
    """Whether the system has a state of its own for a service that cannot be reached: it takes an
    exit code other than 0 for that."""


def shown_checks(report: Report) -> list[CheckResult]:
    """Return the checks that a student may see at once, for systems without a visibility."""
    return [each for each in report.checks if each.visibility == "visible"]


def words(result: CheckResult) -> str:
    """Return what a student is told of a check."""
    text = explanation(result)
    return f"{text} [{result.bug}]" if result.bug else text
