"""Assignments of an edunn-serving service: attempts, answers, reports and receipts.

>>> from edunn_client.grading import check
>>> check(Dropout, "dropout-1")
"""

from edunn_client.grading._challenges import (
    Attempt,
    BackwardStep,
    Challenge,
    Failure,
    ForwardStep,
    ParametersStep,
    PhaseStep,
    Step,
    StepAnswer,
)
from edunn_client.grading._notebook import check
from edunn_client.grading._receipts import ReceiptError, verify_receipt
from edunn_client.grading._reports import CheckResult, Report, Verdict
from edunn_client.grading._running import answer_attempt, answer_challenge
from edunn_client.grading._service import Assignment, Grading

__all__ = [
    "Assignment",
    "Attempt",
    "BackwardStep",
    "Challenge",
    "CheckResult",
    "Failure",
    "ForwardStep",
    "Grading",
    "ParametersStep",
    "PhaseStep",
    "ReceiptError",
    "Report",
    "Step",
    "StepAnswer",
    "Verdict",
    "answer_attempt",
    "answer_challenge",
    "check",
    "verify_receipt",
]
