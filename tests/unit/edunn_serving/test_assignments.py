"""An assignment's document: what it means, and the line and field of what is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from edunn_serving.assignments import Assignment, DocumentError, Feedback, read_assignment

DOCUMENT = """\
course: nn101
assignment: dropout-1
time_zone: America/Argentina/Buenos_Aires
opens: 2030-03-01 08:00:00
due: 2030-03-20 23:59:00
late: {penalty_per_day: 0.1, days: 3}
attempts: {limit: 20, rate: 5, every: 1h}
checks:
  - id: training
    layer: Dropout
    config: {p: 0.5}
    tolerance: {relative: 1e-9}
    points: 3
  - id: test
    layer: Dropout
    phases: [test]
    depends_on: [training]
    feedback: verdict
"""


def faults(document: str) -> list[tuple[int, str]]:
    with pytest.raises(DocumentError) as caught:
        read_assignment(document)
    return [(line.line, line.field) for line in caught.value.lines]


def test_times_without_a_zone_are_of_the_assignments_zone() -> None:
    assignment = read_assignment(DOCUMENT)
    assert assignment.due == datetime(2030, 3, 21, 2, 59, tzinfo=UTC)
    assert assignment.closes == datetime(2030, 3, 24, 2, 59, tzinfo=UTC)
    assert assignment.is_open(datetime(2030, 3, 1, 11, tzinfo=UTC))
    assert not assignment.is_open(datetime(2030, 3, 1, 10, 59, tzinfo=UTC))


def test_each_day_that_has_begun_after_the_due_time_costs_its_share() -> None:
    assignment = read_assignment(DOCUMENT)
    assert assignment.due is not None
    after = [timedelta(0), timedelta(seconds=1), timedelta(hours=24), timedelta(hours=25)]
    kept = [assignment.late_factor(assignment.due + each) for each in after]
    assert kept == pytest.approx([1.0, 0.9, 0.9, 0.8])


NEW_YORK = DOCUMENT.replace("America/Argentina/Buenos_Aires", "America/New_York")


def in_new_york(due: str) -> Assignment:
    assignment = read_assignment(NEW_YORK.replace("2030-03-20 23:59:00", due))
    # The database and the workers have it as JSON.
    assert Assignment.model_validate_json(assignment.model_dump_json()) == assignment
    return Assignment.model_validate_json(assignment.model_dump_json())


@pytest.mark.parametrize(
    ("due", "first", "day"),
    [
        # The clocks are put forward on 10 March 2030, and back on 3 November.
        ("2030-03-09 18:00:00", datetime(2030, 3, 9, 23, tzinfo=UTC), 23),
        ("2030-11-02 18:00:00", datetime(2030, 11, 2, 22, tzinfo=UTC), 25),
        ("2030-11-02T18:00:00-04:00", datetime(2030, 11, 2, 22, tzinfo=UTC), 25),
        # One night and the next the clocks show 1:30 for the second time.
        ("2030-11-03T01:30:00-05:00", datetime(2030, 11, 3, 6, 30, tzinfo=UTC), 24),
        # The clocks never show 2:30 a day later.
        ("2030-03-09 02:30:00", datetime(2030, 3, 9, 7, 30, tzinfo=UTC), 24),
    ],
)
def test_a_late_day_ends_when_the_clocks_show_the_due_time_again(
    due: str, first: datetime, day: int
) -> None:
    assignment = in_new_york(due)
    assert assignment.due is not None and assignment.due.astimezone(UTC) == first
    second = timedelta(seconds=1)
    ends = first + timedelta(hours=day)
    at = [first, first + second, ends, ends + second]
    assert [assignment.late_factor(each) for each in at] == pytest.approx([1.0, 0.9, 0.9, 0.8])
    closes = assignment.closes
    assert closes is not None
    # The other days have 24 hours.
    assert assignment.is_open(closes) and not assignment.is_open(closes + second)
    assert assignment.late_factor(closes.astimezone(UTC)) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2030-03-10 02:30:00", "does not occur"),
        ("2030-11-03 01:30:00", "write 2030-11-03T01:30:00-04:00 or 2030-11-03T01:30:00-05:00"),
    ],
)
def test_a_time_that_the_clocks_skip_or_show_twice_is_refused(due: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words) as caught:
        in_new_york(due)
    assert [(line.line, line.field) for line in caught.value.lines] == [(5, "due")]


def test_values_have_their_types() -> None:
    training, test = read_assignment(DOCUMENT).checks
    assert (training.kind, training.type, training.config) == ("layer", "Dropout", {"p": 0.5})
    assert training.tolerance.relative == 1e-9
    assert read_assignment(DOCUMENT).attempts.every == 3600
    assert read_assignment(DOCUMENT).feedback_of(training) is Feedback.BUG
    assert read_assignment(DOCUMENT).feedback_of(test) is Feedback.VERDICT


def test_checks_come_after_those_that_they_depend_on() -> None:
    first, second = DOCUMENT.split("  - id: test")
    head, training = first.split("  - id: training")
    swapped = f"{head}  - id: test{second}  - id: training{training}"
    assert [check.id for check in read_assignment(swapped).in_order()] == ["training", "test"]


def test_json_is_read_too_and_what_is_stored_is_the_same() -> None:
    assignment = read_assignment(DOCUMENT)
    stored = assignment.model_dump_json()
    assert Assignment.model_validate_json(stored) == assignment
    for indent in (2, "\t", None):
        assert read_assignment(json.dumps(json.loads(stored), indent=indent)) == assignment


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("points: 3", "points: -3", [(13, "checks[0].points")]),
        ("points: 3", "points: yes", [(13, "checks[0].points")]),
        ("points: 3", 'title: "\\e[31mred"', [(13, "checks[0].title")]),
        # pydantic takes a number for seconds since 1970.
        ("due: 2030-03-20 23:59:00", "due: 2030", [(5, "due")]),
        ("due: 2030-03-20 23:59:00", "due: 9999-12-31 23:59:00", [(5, "due")]),
        ("points: 3", "point: 3", [(13, "checks[0].point")]),
        ("points: 3", "points: .nan", [(13, "checks[0].points")]),
        ("    layer: Dropout\n    config", "    loss: 3\n    config", [(10, "checks[0].loss")]),
        ("    layer: Dropout\n    phases", "    phases", [(14, "checks[1]")]),
        ("depends_on: [training]", "depends_on: [trainin]", [(17, "checks[1].depends_on[0]")]),
        ("config: {p: 0.5}", "depends_on: [test]", [(11, "checks[0].depends_on")]),
        ("id: test", "id: training", [(14, "checks[1]")]),
        ("due: 2030", "due: 2029", [(5, "due")]),
        ("due: 2030-03-20 23:59:00\n", "", [(5, "late")]),
        ("every: 1h", "every: 1y", [(7, "attempts.every")]),
        ("America/Argentina/Buenos_Aires", "Buenos", [(3, "time_zone")]),
        ("assignment: dropout-1", "assignment: ../etc", [(2, "assignment")]),
        ("course: nn101\n", "", [(1, "course")]),
        ("course: nn101", "course: nn101\ncourse: nn102", [(2, "course")]),
        ("  - id: test", "  - id: test: x", [(14, "")]),
        ("{p: 0.5}", "&a {p: *a}", [(11, "")]),
        ("{p: 0.5}", "!!binary zzz=", [(11, "")]),
        ("limit: 20", "limit: !!timestamp x", [(7, "")]),
        ("limit: 20", f"limit: {'9' * 5000}", [(7, "attempts.limit")]),
        ("limit: 20", "12: 20", [(7, "attempts")]),
        ("{p: 0.5}", "{p: .nan}", [(11, "checks[0].config")]),
        ("{p: 0.5}", "{p: 2030-01-01}", [(11, "checks[0].config")]),
        ("{p: 0.5}", '{p: "\\ud800"}', [(11, "checks[0].config")]),
        ("points: 3", "title: \x07", [(13, "")]),
        ("points: 3", "title: \udcff", [(13, "")]),
        ("points: 3", "\tpoints: 3", [(13, "")]),
        ("due: 2030-03-20 23:59:00", "due: 2030-13-20 23:59:00", [(5, "due")]),
        ("due: 2030-03-20 23:59:00", "due: 2030-03-20", [(5, "due")]),
        ("due: 2030-03-20 23:59:00", 'due: "1900000000"', [(5, "due")]),
    ],
)
def test_what_is_wrong_has_its_line_and_field(
    old: str, new: str, expected: list[tuple[int, str]]
) -> None:
    assert old in DOCUMENT
    assert faults(DOCUMENT.replace(old, new)) == expected


def test_a_document_of_many_values_is_not_read_to_its_end() -> None:
    many = DOCUMENT + f"students: [{'a,' * 100_000}]"
    with pytest.raises(DocumentError, match="at most 20000 names and values"):
        read_assignment(many)
    students = ", ".join(f"student-{number}" for number in range(10_000))
    found = read_assignment(DOCUMENT + f"students: [{students}]").students
    assert found is not None and len(found) == 10_000


@pytest.mark.parametrize("document", ["", "7", "[" * 5000, "{", "x" * 300_000, "\x00", "[]"])
def test_what_is_no_assignment_is_refused(document: str) -> None:
    assert len(faults(document)) == 1
