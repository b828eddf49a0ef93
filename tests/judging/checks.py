"""Checks of every type, as the shipped assignments have them, and how they are answered."""

from __future__ import annotations

from typing import Any

import numpy as np
from edunn_client._cli.assignment_files import NAMES, assignment_text

from bench.students import right_answer
from edunn_serving.assignments import Check, read_assignment
from worker.judging import Answer, Challenge, CheckOutcome, Place, draw_challenge, judge

SECRET = b"a secret of the tests"

SHIPPED = {
    f"{kind} {check.id}": check
    for kind in NAMES
    for check in read_assignment(assignment_text(kind, "course")).checks
}


def place(attempt: object = 1, check: str = "check") -> Place:
    return Place("course", "assignment", "student", str(attempt), check)


def make_check(kind: str, type_: str, config: dict[str, Any] | None = None, **rest: Any) -> Check:
    return Check.model_validate({"id": "check", kind: type_, "config": config or {}, **rest})


def drawn(check: Check, attempt: object = 1) -> Challenge:
    return draw_challenge(check, SECRET, place(attempt))


def answer_rightly(check: Check, challenge: Challenge, seed: int = 0) -> Answer:
    return right_answer(check, challenge, np.random.default_rng(seed))


def outcome_of(check: Check, challenge: Challenge, answer: Answer) -> CheckOutcome:
    outcome = judge(check, challenge, answer, "en")
    assert outcome.verdict != "ungradable", outcome.details
    return outcome
