"""Makes a report of an attempt's answers: judges each check after those that it depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edunn_serving.assignments import Assignment, Check
from edunn_serving.errors import logged_fault
from edunn_serving.grading.v1 import challenge_pb2, report_pb2
from worker.grading.messages import answer_of, challenge_of
from worker.judging import Answer, CheckOutcome, Verdict, judge

VERDICTS = {
    Verdict.PASSED: report_pb2.VERDICT_PASSED,
    Verdict.FAILED: report_pb2.VERDICT_FAILED,
    Verdict.UNGRADABLE: report_pb2.VERDICT_UNGRADABLE,
}
# What regrading takes from a newer version of a check. The rest is in the challenge.
POLICIES = ("tolerance", "points", "partial_credit", "depends_on", "feedback", "visibility")
DECIMALS = 6
SKIPPED = {
    "en": "This check is skipped until {} passes.",
    "es": "Esta prueba se omite hasta que pase {}.",
}
NOT_GRADED = {
    "en": "The service could not judge this check. The attempt costs you nothing.",
    "es": "El servicio no pudo evaluar esta prueba. El intento no te cuesta nada.",
}
MAX_MESSAGE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Given:
    """An attempt with its answers."""

    student: str
    number: int
    language: str
    accepted_ms: int
    answers_digest: str
    attempt: challenge_pb2.Attempt
    answers: Sequence[challenge_pb2.Answer]
    # The version that it is judged by.
    version: int
    # The share of the points that lateness leaves.
    kept: float


def make_report(
    given: Given, begun: Assignment, judged_by: Assignment, revision: int, at_ms: int
) -> tuple[report_pb2.Report, list[str]]:
    """Return the report, and what the graders have to know.

    Parameters
    ----------
    begun
        The assignment as it was when the attempt began.
    judged_by
        The version that it is judged by. Checks that the attempt has no challenge for are left out.
    """
    challenges = {each.challenge_id: each for each in given.attempt.challenges}
    answers = {each.challenge_id: answer_of(each) for each in given.answers}
    checks = _checks(begun, judged_by, challenges)
    results: dict[str, report_pb2.CheckResult] = {}
    remarks: list[str] = []
    for check in checks:
        missed = [
            needed
            for needed in check.depends_on
            if needed in results and results[needed].verdict != report_pb2.VERDICT_PASSED
        ]
        result = report_pb2.CheckResult(
            check_id=check.id,
            title=check.title or check.id,
            max_score=check.points,
            skipped_for=missed,
            visibility=judged_by.visibility_of(check).value,
        )
        if missed:
            result.verdict = report_pb2.VERDICT_SKIPPED
            result.message = SKIPPED[given.language].format(", ".join(missed))
        else:
            answer = answers.get(check.id, Answer({}))
            outcome = _judged(check, challenges[check.id], answer, given.language)
            _fill(result, outcome, check, given.language)
            if outcome.verdict is Verdict.UNGRADABLE:
                why = str(outcome.details.get("reason", ""))
                remarks.append(f"check {check.id} could not be judged: {why}")
        results[check.id] = result
    in_order = [results[check.id] for check in judged_by.checks if check.id in results]
    report = report_pb2.Report(
        attempt_id=given.attempt.attempt_id,
        max_score=sum(result.max_score for result in in_order),
        checks=in_order,
        course=given.attempt.course,
        assignment=given.attempt.assignment,
        version=given.version,
        student=given.student,
        attempt_number=given.number,
        revision=revision,
        counts=not remarks,
        answers_digest=given.answers_digest,
    )
    report.accept_time.FromMilliseconds(given.accepted_ms)
    report.report_time.FromMilliseconds(at_ms)
    earned = sum(result.score for result in in_order)
    report.score = round(earned * given.kept, DECIMALS)
    report.late_penalty = round(earned - report.score, DECIMALS)
    return report, remarks


def _checks(begun: Assignment, judged_by: Assignment, challenges: Mapping[str, Any]) -> list[Check]:
    """Return the checks to judge, each after those that it depends on."""
    before = {check.id: check for check in begun.checks}
    return [
        before[check.id].model_copy(update={name: getattr(check, name) for name in POLICIES})
        for check in judged_by.in_order()
        if check.id in challenges
    ]


def _judged(
    check: Check, challenge: challenge_pb2.Challenge, answer: Answer, language: str
) -> CheckOutcome:
    try:
        return judge(check, challenge_of(challenge, check), answer, language)
    except Exception as error:
        # A fault of ours must not cost a student anything.
        logged_fault(f"judging the check {check.id}")
        reason = f"{type(error).__name__}: {error}"
        return CheckOutcome(Verdict.UNGRADABLE, 0.0, details={"reason": reason})


def _fill(
    result: report_pb2.CheckResult, outcome: CheckOutcome, check: Check, language: str
) -> None:
    result.verdict = VERDICTS[outcome.verdict]
    if outcome.verdict is Verdict.UNGRADABLE:
        result.message = NOT_GRADED[language]
        return
    result.score = round(check.points * min(1.0, max(0.0, outcome.fraction)), DECIMALS)
    result.bug = outcome.bug
    result.message = outcome.message[:MAX_MESSAGE_CHARACTERS]
    result.step_id = str(outcome.details.get("step", ""))
    if outcome.error_size is not None:
        result.error_size = outcome.error_size
        result.error_index.extend(int(each) for each in outcome.error_index or ())
    for name in ("expected", "answered"):
        value = outcome.details.get(name)
        if isinstance(value, int | float):
            setattr(result, name, float(value))
