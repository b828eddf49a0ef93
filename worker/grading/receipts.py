"""What a receipt claims."""

from __future__ import annotations

from typing import Any

from edunn_serving.grading.v1 import report_pb2

ISSUER = "edunn-serving"


def claims_of(report: report_pb2.Report) -> dict[str, Any]:
    """Return the claims of a report's receipt.

    They have no bug and no value, so that a receipt tells a student no more than the verdicts.
    """
    prefix = len("VERDICT_")
    return {
        "iss": ISSUER,
        "sub": report.student,
        "iat": report.report_time.seconds,
        "jti": f"{report.attempt_id}/{report.revision}",
        "course": report.course,
        "assignment": report.assignment,
        "version": report.version,
        "attempt": report.attempt_id,
        "attempt_number": report.attempt_number,
        "revision": report.revision,
        "accepted": report.accept_time.ToJsonString(),
        "score": report.score,
        "max_score": report.max_score,
        "late_penalty": report.late_penalty,
        "counts": report.counts,
        "answers_sha256": report.answers_digest,
        "checks": [
            {
                "id": result.check_id,
                "verdict": report_pb2.Verdict.Name(result.verdict)[prefix:].lower(),
                "score": result.score,
                "max_score": result.max_score,
            }
            for result in report.checks
        ],
    }
