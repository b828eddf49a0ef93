"""Assignments as graders put them: versions, errors by field and line, lists, deletion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from callers import As
from edunn_client import InvalidArgumentError, NotFoundError

Documents = Callable[..., str]


def test_a_new_version_has_the_next_number_and_the_old_one_stays(
    as_: As, documents: Documents
) -> None:
    teacher = as_("teacher")
    first = teacher.put_assignment(documents("title: First"))
    second = teacher.put_assignment(documents("title: Second"))
    assert (first.version, second.version) == (1, 2)
    name = first.assignment
    assert teacher.get_assignment(name).title == "Second"
    assert teacher.get_assignment(name, version=1) == first
    assert "title: First" in first.document
    assert as_("ana").get_assignment(name).document == ""


def test_a_document_can_be_tried_without_being_stored(as_: As, documents: Documents) -> None:
    tried = as_("teacher").put_assignment(documents(), validate_only=True)
    assert tried.max_score == 3
    with pytest.raises(NotFoundError):
        as_("teacher").get_assignment(tried.assignment)


@pytest.mark.parametrize(
    ("checks", "field", "line"),
    [
        ("  - {id: a, layer: Dropuot}", "checks[0]", 4),
        ("  - {id: a, layer: Dropout, config: {p: 1.5}}", "checks[0]", 4),
        ("  - {id: a, layer: Dropout}\n  - {id: b, layer: Linear}", "checks[1]", 5),
        ("  - {id: a, layer: Dropout, points: -1}", "checks[0].points", 4),
        ("  - {id: a, layer: Dropout, depends_on: [b]}\n"
         "  - {id: b, layer: Dropout, depends_on: [a]}", "checks[0].depends_on", 4),
        ("  - {id: a, loss: Dropout}", "checks[0]", 4),
        ("  - {id: a, layer: Linear, config: {input_size: 3, output_size: 2}, shapes: [[2, 4]]}",
         "checks[0]", 4),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_field_and_line(
    as_: As, documents: Documents, checks: str, field: str, line: int
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        as_("teacher").put_assignment(documents(checks=checks))
    (violation,) = caught.value.violations
    assert violation.field == field
    assert violation.description.startswith(f"line {line}: ")


def test_a_due_time_in_the_past_is_refused(as_: As, documents: Documents) -> None:
    with pytest.raises(InvalidArgumentError, match="to come"):
        as_("teacher").put_assignment(documents("due: 2020-01-01 00:00:00"))


def test_a_deleted_assignment_is_gone_and_its_name_counts_on(as_: As, documents: Documents) -> None:
    teacher = as_("teacher")
    name = teacher.put_assignment(documents()).assignment
    assert name in {each.assignment for each in as_("ana").list_assignments("nn101")}
    teacher.delete_assignment(name, "nn101")
    with pytest.raises(NotFoundError):
        as_("ana").start_attempt(name)
    assert name not in {each.assignment for each in teacher.list_assignments("nn101")}
    assert teacher.put_assignment(documents()).version == 2


def test_a_name_that_two_courses_have_needs_the_course(as_: As, documents: Documents) -> None:
    name = as_("teacher").put_assignment(documents(course="one")).assignment
    as_("other").put_assignment(documents(course="two"))
    with pytest.raises(InvalidArgumentError, match="one, two"):
        as_("ana").get_assignment(name)
    assert as_("ana").get_assignment(name, "two").course == "two"
