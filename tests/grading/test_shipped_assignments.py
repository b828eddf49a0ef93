"""The assignment of every type of the catalogue, which `edunn grading init` writes."""

from __future__ import annotations

import pytest
from callers import As
from edunn_client._cli.assignment_files import NAMES, assignment_text
from edunn_client.grading import answer_attempt
from edunn_client.grading._classes import classes_of

import edunn as nn
from edunn.catalogue import LAYER_TYPES

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")


@pytest.mark.parametrize("name", sorted({*NAMES, *LAYER_TYPES}))
def test_the_library_s_own_class_passes(as_: As, name: str) -> None:
    teacher, ana = as_("teacher"), as_("ana")
    assignment = teacher.put_assignment(assignment_text(name, "shipped")).assignment
    attempt = ana.start_attempt(assignment, "shipped")
    report = ana.submit_answers(attempt.attempt_id, answer_attempt(attempt, classes_of(nn)))
    told = [(each.check_id, each.verdict, each.bug, each.message) for each in report.checks]
    assert report.passed, told
