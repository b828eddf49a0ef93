"""Attempts: fresh challenges, answers that count once, limits, times, and who may do what."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import pytest
from attempting import Documents, attempted, await_revision, put
from callers import As
from edunn_client import (
    AlreadyExistsError,
    EdunnError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
)
from edunn_client.grading import (
    Attempt,
    BackwardStep,
    Failure,
    ForwardStep,
    Verdict,
    answer_attempt,
    verify_receipt,
)
from students import RIGHT, WRONG, Raising

TWO_CHECKS = """\
  - {id: dropout, layer: Dropout, config: {p: 0.5}, points: 3}
  - {id: after, layer: Linear, config: {input_size: 3, output_size: 2}, depends_on: [dropout]}
  - {id: alone, layer: Linear, config: {input_size: 2, output_size: 2}, points: 2}"""


def reason(caught: pytest.ExceptionInfo[EdunnError]) -> str:
    return caught.value.reason


def test_a_right_layer_has_all_points_and_a_receipt_that_anybody_can_check(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents(checks=TWO_CHECKS))
    report = attempted(as_("ana"), name, RIGHT)
    assert report.passed and report.counts
    assert (report.score, report.max_score) == (6.0, 6.0)
    claims = verify_receipt(report.receipt, as_("ben").receipt_keys())
    assert (claims["sub"], claims["score"], claims["attempt"]) == ("ana", 6.0, report.attempt_id)
    assert claims["checks"][0] == {
        "id": "dropout", "verdict": "passed", "score": 3.0, "max_score": 3.0,
    }  # fmt: skip


def test_a_wrong_layer_is_told_its_mistake_and_what_depends_on_it_is_skipped(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents(checks=TWO_CHECKS))
    report = attempted(as_("ana"), name, WRONG)
    dropout, after, alone = report.checks
    assert dropout.verdict is Verdict.FAILED and dropout.bug and dropout.message
    assert (after.verdict, after.score, after.skipped_for) == (Verdict.SKIPPED, 0.0, ("dropout",))
    assert (alone.verdict, alone.score) == (Verdict.PASSED, 2.0)
    spanish = attempted(as_("ana"), name, WRONG, language="es")
    assert spanish.checks[0].bug == dropout.bug
    assert spanish.checks[0].message != dropout.message


def test_a_step_that_raised_is_a_failed_check(as_: As, documents: Documents) -> None:
    name = put(as_, documents())
    report = attempted(as_("ana"), name, {"Dropout": Raising})
    assert report.checks[0].verdict is Verdict.FAILED
    assert report.score == 0 and report.counts


def test_each_attempt_has_other_inputs_and_a_grader_sees_them_again(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents())
    first, second = (as_("ana").start_attempt(name) for _ in range(2))
    assert (first.number, second.number) == (1, 2)
    assert not np.array_equal(inputs(first)[0], inputs(second)[0])
    replayed = as_("teacher").replay_attempt(first.attempt_id)
    assert all(map(np.array_equal, inputs(replayed.attempt), inputs(first)))


def inputs(attempt: Attempt) -> list[Any]:
    steps = attempt.challenges[0].steps
    return [step.inputs[0] for step in steps if isinstance(step, ForwardStep)]


def test_answers_count_once_and_sent_again_get_the_same_report(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents())
    ana = as_("ana")
    attempt = ana.start_attempt(name)
    answers = answer_attempt(attempt, RIGHT.get)
    report = ana.submit_answers(attempt.attempt_id, answers)
    assert ana.submit_answers(attempt.attempt_id, answers) == report
    assert ana.get_report(attempt.attempt_id) == report
    others = answer_attempt(attempt, WRONG.get)
    with pytest.raises(AlreadyExistsError) as caught:
        ana.submit_answers(attempt.attempt_id, others)
    assert reason(caught) == "ANSWERS_EXIST"
    assert ana.get_report(attempt.attempt_id) == report


def test_answers_that_do_not_fit_the_challenges_are_refused_and_cost_nothing(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents("attempts: {limit: 2}"))
    ana = as_("ana")
    first, second = ana.start_attempt(name), ana.start_attempt(name)
    answers = answer_attempt(first, RIGHT.get)["dropout"]
    steps = {type(step): step.step_id for step in first.challenges[0].steps}
    wrong: list[dict[str, Any]] = [
        {"another": answers},
        {"dropout": {"no-step": np.ones(2)}},
        {"dropout": {steps[BackwardStep]: np.ones(2)}},
        {"dropout": {steps[ForwardStep]: (np.ones(2), {})}},
    ]
    for each in wrong:
        with pytest.raises(InvalidArgumentError, match=r"answers\[0\]"):
            ana.submit_answers(first.attempt_id, each)
    with pytest.raises(ResourceExhaustedError) as caught:
        ana.submit_answers(first.attempt_id, {"dropout": {steps[ForwardStep]: np.ones(8 << 20)}})
    assert reason(caught) == "TOO_LARGE"
    with pytest.raises(InvalidArgumentError, match="source"):
        ana.submit_answers(first.attempt_id, {"dropout": answers}, bytes(256 * 1024 + 1))
    assert ana.submit_answers(first.attempt_id, {"dropout": answers}, b"class A: pass").passed
    assert as_("teacher").replay_attempt(first.attempt_id).source == b"class A: pass"
    assert not ana.submit_answers(second.attempt_id, {}).passed


def test_the_answers_of_one_attempt_are_refused_by_another_and_cost_nothing(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents("attempts: {limit: 2}"))
    ana = as_("ana")
    first, second = ana.start_attempt(name), ana.start_attempt(name)
    with pytest.raises(InvalidArgumentError, match="another attempt"):
        ana.submit_answers(second.attempt_id, answer_attempt(first, RIGHT.get))
    for each in (first, second):
        assert ana.submit_answers(each.attempt_id, answer_attempt(each, RIGHT.get)).passed


def test_attempts_are_limited_in_number(as_: As, documents: Documents) -> None:
    name = put(as_, documents("attempts: {limit: 2}"))
    left = [as_("ana").start_attempt(name).attempts_left for _ in range(2)]
    assert left == [1, 0]
    with pytest.raises(ResourceExhaustedError) as caught:
        as_("ana").start_attempt(name)
    assert reason(caught) == "ATTEMPTS_USED_UP" and caught.value.retry_delay is None
    assert as_("ben").start_attempt(name).number == 1


def test_attempts_are_limited_in_their_rate(as_: As, documents: Documents) -> None:
    name = put(as_, documents("attempts: {rate: 2, every: 1h}"))
    for _ in range(2):
        as_("ana").start_attempt(name)
    with pytest.raises(ResourceExhaustedError) as caught:
        as_("ana").start_attempt(name)
    assert caught.value.retry_delay == pytest.approx(3600, abs=120)


def test_an_attempt_expires(as_: As, documents: Documents) -> None:
    name = put(as_, documents("attempts: {expire_after: 0.001s}"))
    attempt = as_("ana").start_attempt(name)
    with pytest.raises(FailedPreconditionError) as caught:
        as_("ana").submit_answers(attempt.attempt_id, answer_attempt(attempt, RIGHT.get))
    assert reason(caught) == "ATTEMPT_EXPIRED"


def test_an_attempt_keeps_the_version_it_began_with_and_regrading_keeps_the_old_report(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents())
    ana, teacher = as_("ana"), as_("teacher")
    attempt = ana.start_attempt(name)
    put(as_, documents(checks=TWO_CHECKS.replace("points: 3", "points: 7")))
    report = ana.submit_answers(attempt.attempt_id, answer_attempt(attempt, RIGHT.get))
    assert (report.version, report.score) == (1, 3.0)
    assert teacher.regrade_attempts(name, "nn101") == 1
    again = await_revision(ana, attempt.attempt_id, 2)
    # The attempt has no challenges of the checks that are new.
    assert (again.version, again.score, again.max_score) == (2, 7.0, 7.0)
    assert ana.get_report(attempt.attempt_id, revision=1) == report
    assert [each.revision for each in teacher.replay_attempt(attempt.attempt_id).reports] == [1, 2]
    assert [each.revision for each in teacher.list_reports(name)] == [2]


def test_students_see_their_own_and_graders_their_courses(as_: As, documents: Documents) -> None:
    name = put(as_, documents(course="course-of-teacher"))
    ana = attempted(as_("ana"), name, RIGHT)
    ben = attempted(as_("ben"), name, WRONG)
    assert [each.student for each in as_("ana").list_reports(name)] == ["ana"]
    assert [each.student for each in as_("teacher").list_reports(name)] == ["ana", "ben"]
    assert [each.student for each in as_("root").list_reports(name, student="ben")] == ["ben"]
    with pytest.raises(NotFoundError) as caught:
        as_("ana").get_report(ben.attempt_id)
    assert reason(caught) == "ATTEMPT_NOT_FOUND"
    with pytest.raises(NotFoundError):
        as_("other").get_report(ana.attempt_id)
    for refused in (
        lambda: as_("ana").put_assignment(documents()),
        lambda: as_("ana").replay_attempt(ana.attempt_id),
        lambda: as_("ana").start_attempt(name, student="ben"),
        lambda: as_("ana").list_notices("course-of-teacher"),
        lambda: as_("other").put_assignment(documents(course="course-of-teacher")),
        lambda: as_("other").delete_assignment(name, "course-of-teacher"),
        lambda: as_("other").regrade_attempts(name, "course-of-teacher"),
    ):
        with pytest.raises(EdunnError) as denied:
            refused()
        assert reason(denied) == "PERMISSION_DENIED"
    as_("teacher").put_assignment(documents("graders: [other]", course="course-of-teacher"))
    assert as_("other").get_report(ana.attempt_id) == as_("teacher").get_report(ana.attempt_id)


def test_neither_text_nor_time_tells_whether_an_attempt_is_anothers(
    as_: As, documents: Documents
) -> None:
    own = as_("ana").start_attempt(put(as_, documents())).attempt_id
    ids = {"foreign": own, "absent": "x" * len(own)}
    times: dict[str, list[float]] = {kind: [] for kind in ids}
    texts = set()
    for round_ in range(150):
        # The order changes, because a call may have the one before to thank.
        for kind in sorted(ids, reverse=bool(round_ % 2)):
            began = time.monotonic()
            with pytest.raises(EdunnError) as caught:
                as_("ben").submit_answers(ids[kind], {})
            times[kind].append(time.monotonic() - began)
            texts.add(str(caught.value).replace(ids[kind], "ID"))
    assert len(texts) == 1
    # Other work on the machine delays many calls. The quickest eighth shows what they cost.
    foreign, absent = (statistics.quantiles(times[kind], n=8)[0] for kind in ("foreign", "absent"))
    assert 0.8 < foreign / absent < 1.25


def test_a_grader_submits_for_a_student(as_: As, documents: Documents) -> None:
    name = put(as_, documents())
    report = attempted(as_("teacher"), name, RIGHT, student="eva@example.org")
    assert report.student == "eva@example.org"


def test_an_assignment_for_some_students_is_not_there_for_others(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents("students: [ben]"))
    assert as_("ben").start_attempt(name).student == "ben"
    with pytest.raises(NotFoundError) as caught:
        as_("ana").start_attempt(name)
    assert reason(caught) == "ASSIGNMENT_NOT_FOUND"
    assert name not in {each.assignment for each in as_("ana").list_assignments()}


@pytest.mark.parametrize(
    ("feedback", "seen"),
    [("verdict", set()), ("bug", {"bug"}), ("error", {"bug", "error_size"}),
     ("expected", {"bug", "error_size", "expected"})],
)  # fmt: skip
def test_feedback_says_as_much_as_the_assignment_allows(
    as_: As, documents: Documents, feedback: str, seen: set[str]
) -> None:
    name = put(as_, documents(f"feedback: {feedback}"))
    attempt = as_("ana").start_attempt(name)
    report = as_("ana").submit_answers(attempt.attempt_id, answer_attempt(attempt, WRONG.get))
    full = as_("teacher").get_report(attempt.attempt_id)
    (theirs,), (whole,) = report.checks, full.checks
    for field in ("bug", "error_size", "expected"):
        wanted = getattr(whole, field) if field in seen else ("" if field == "bug" else None)
        assert getattr(theirs, field) == wanted
    assert whole.bug


def test_a_hidden_check_hides_the_score_and_the_receipt(as_: As, documents: Documents) -> None:
    checks = TWO_CHECKS.replace("points: 2", "points: 2, visibility: hidden")
    name = put(as_, documents(checks=checks))
    attempt = as_("ana").start_attempt(name)
    report = as_("ana").submit_answers(attempt.attempt_id, answer_attempt(attempt, RIGHT.get))
    assert report.hidden and report.score == 0 and not report.receipt
    assert [each.check_id for each in report.checks] == ["dropout", "after"]
    assert as_("teacher").get_report(attempt.attempt_id).score == 6


def test_a_failure_has_the_students_words_and_nothing_of_ours(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents())
    attempt = as_("ana").start_attempt(name)
    forward = next(s for s in attempt.challenges[0].steps if isinstance(s, ForwardStep))
    odd = {"dropout": {forward.step_id: Failure("\x00é💥" * 900)}}
    assert not as_("ana").submit_answers(attempt.attempt_id, odd).passed


@pytest.mark.parametrize("call", ["get_attempt", "get_report", "list_assignments", "list_notices"])
def test_a_name_with_a_nul_is_refused_by_every_database(as_: As, call: str) -> None:
    with pytest.raises(InvalidArgumentError, match="NUL"):
        getattr(as_("teacher"), call)("a\0b")


def test_a_start_with_a_nul_in_its_name_begins_nothing(as_: As, documents: Documents) -> None:
    name = put(as_, documents())
    with pytest.raises(InvalidArgumentError, match="NUL"):
        as_("ana").start_attempt(name, start_id="a\0b")
    assert as_("ana").list_attempts(name) == []


def test_a_start_that_was_not_answered_gets_the_same_attempt_again(
    as_: As, documents: Documents
) -> None:
    name = put(as_, documents("attempts: {limit: 2}"))
    ana = as_("ana")
    begun = ana.start_attempt(name, start_id="one")
    again = ana.start_attempt(name, start_id="one")
    assert same_challenges(begun, again) and again.attempts_left == 1
    # The name is the student's own.
    assert as_("ben").start_attempt(name, start_id="one").attempt_id != begun.attempt_id
    other = ana.start_attempt(name)
    assert not same_challenges(begun, other)
    listed = ana.list_attempts(name)
    assert [each.attempt_id for each in listed] == [other.attempt_id, begun.attempt_id]
    assert not any(each.challenges or each.accept_time for each in listed)
    assert same_challenges(ana.get_attempt(begun.attempt_id), begun)
    ana.submit_answers(other.attempt_id, answer_attempt(other, RIGHT.get))
    resumed = ana.open_attempt(name)
    assert resumed is not None and same_challenges(resumed, begun)
    ana.submit_answers(begun.attempt_id, answer_attempt(begun, RIGHT.get))
    assert ana.open_attempt(name) is None
    assert ana.get_attempt(begun.attempt_id).accept_time is not None
    with pytest.raises(NotFoundError):
        as_("ben").get_attempt(begun.attempt_id)
    with pytest.raises(InvalidArgumentError, match="128"):
        ana.start_attempt(name, start_id="x" * 129)
    assert {each.student for each in as_("teacher").list_attempts(name, student="ben")} == {"ben"}


def same_challenges(one: Attempt, other: Attempt) -> bool:
    return one.attempt_id == other.attempt_id and all(
        np.array_equal(a.inputs[0], b.inputs[0])
        for a, b in zip(one.challenges[0].steps, other.challenges[0].steps, strict=True)
        if isinstance(a, ForwardStep) and isinstance(b, ForwardStep)
    )
