"""Calls of many at once: one of them wins, and the others are told so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from attempting import Documents, put
from callers import As
from edunn_client import EdunnError
from edunn_client.grading import answer_attempt
from students import RIGHT

CALLS = 8
Value = TypeVar("Value")


def at_once(call: Callable[[int], Value]) -> list[Value | str]:
    """Return what each call returns, or the reason of its error."""
    together = threading.Barrier(CALLS)

    def run(number: int) -> Value | str:
        together.wait()
        try:
            return call(number)
        except EdunnError as error:
            return error.reason

    with ThreadPoolExecutor(CALLS) as threads:
        return list(threads.map(run, range(CALLS)))


def test_an_assignment_that_is_put_by_many_has_a_version_of_each(
    as_: As, documents: Documents
) -> None:
    document = documents()
    # The course is new too.
    document = document.replace("nn101", document.split()[3])
    versions = at_once(lambda number: as_("teacher").put_assignment(document).version)
    assert sorted(map(str, versions)) == sorted(map(str, range(1, CALLS + 1)))


def test_no_attempt_goes_beyond_the_limit(as_: As, documents: Documents) -> None:
    name = put(as_, documents("attempts: {limit: 3}"))
    begun = at_once(lambda number: as_("ana").start_attempt(name).number)
    assert sorted(map(str, begun)) == ["1", "2", "3", *["ATTEMPTS_USED_UP"] * (CALLS - 3)]


def test_no_attempt_goes_beyond_the_rate(as_: As, documents: Documents) -> None:
    name = put(as_, documents("attempts: {rate: 2, every: 1h}"))
    begun = at_once(lambda number: as_("ana").start_attempt(name).number)
    assert sorted(map(str, begun)) == ["1", "2", *["ATTEMPTS_USED_UP"] * (CALLS - 2)]


def test_starts_of_one_name_begin_one_attempt(as_: As, documents: Documents) -> None:
    name = put(as_, documents("attempts: {limit: 1}"))
    begun = at_once(lambda number: as_("ana").start_attempt(name, start_id="one").attempt_id)
    assert len(set(begun)) == 1


def test_one_of_several_answers_counts(as_: As, documents: Documents) -> None:
    name = put(as_, documents())
    ana = as_("ana")
    attempt = ana.start_attempt(name)
    answers = [answer_attempt(attempt, RIGHT.get) for _ in range(CALLS)]

    def submit(number: int) -> str:
        return ana.submit_answers(attempt.attempt_id, answers[number]).receipt

    receipts = at_once(submit)
    assert receipts.count("ANSWERS_EXIST") == CALLS - 1
    (won,) = (number for number, each in enumerate(receipts) if each != "ANSWERS_EXIST")
    assert set(at_once(lambda number: submit(won))) == {receipts[won]}
