"""Each mistake of the registry, planted in a student's layer, is caught and named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks import SHIPPED, drawn, make_check, outcome_of
from mistaken_students import FOUND_IN_ANSWERS, STUDENTS, answer_of

from bench.mistaken import answer_by
from edunn.model import Model
from edunn_serving.assignments import Check
from worker.judging import Challenge
from worker.judging.diagnosis import mistaken_formulas
from worker.judging.formulas import Formula
from worker.judging.lessons import GENERAL, LESSONS, lessons_table
from worker.judging.mistakes import MISTAKES, Mistake
from worker.judging.subjects import OPTIMIZER_TYPES, model_of, optimizer_of

# Mistakes that give the same numbers as others: of the two names either is right.
ALIKE = {
    "forward-does-nothing": {"bias-forgotten"},
    "gradient-passed-unchanged": {
        "activation-gradient-forgotten",
        "constant-not-in-gradient",
        "flatten-gradient-not-reshaped",
        "relu-gradient-not-masked",
    },
    "relu-gradient-not-masked": {"activation-gradient-forgotten"},
    "gradient-negated": {"difference-reversed", "tanh-derivative-sign"},
    # A fixed rate may be the square of the one given.
    "learning-rate-squared": {"learning-rate-fixed", "momentum-dampened"},
    "learning-rate-fixed": {
        "learning-rate-squared",
        "momentum-dampened",
        "new-value-not-weighted",
    },
    "gradient-halved": {"squared-error-gradient-factor"},
    "squared-error-averaged": {"mean-error-over-elements"},
    "loss-divided-by-classes": {"mean-error-over-elements"},
    "error-not-per-sample": {"mean-error-summed", "mean-error-gradient-not-divided"},
    "stride-on-one-axis": {"stride-ignored"},
    # Softmax takes one number that is added to all scores for none.
    "bias-not-per-feature": {"bias-forgotten"},
    # Where one half is as large as the other.
    "momentum-reversed-weights": {"momentum-dampened"},
    # The bias before an activation is given what the activation is.
    "relu-gradient-times-input": {"output-gradient-multiplied"},
    "gradient-times-input": {"output-gradient-multiplied"},
    "gradient-of-earlier-forward": {"wrong-for-one-sample"},
    # Too little of it to be told from other mistakes in float32.
    "weight-decay": {"wrong-values"},
}


# Made of layers whose mistakes have been tried.
NETWORKS = ("Sequential normalised", "Sequential images")
# Of layers in any order, none of which changes the shape.
SQUARE = make_check(
    "layer",
    "Sequential",
    {
        "layers": [
            {"type": "Linear", "config": {"input_size": 4, "output_size": 4}},
            {"type": "TanH"},
            {"type": "Bias", "config": {"output_size": 4}},
        ]
    },
)
# Types at which the mistakes that any type can have are tried.
ANY_TYPE = ("Linear", "BatchNorm", "SquaredError")
# Mistakes of so many types are tried at one of them.
MANY_TYPES = 5
TYPES = sorted({check.type for check in SHIPPED.values() if check.kind != "initializer"})

caught: set[str] = set()


def planted(type_: str) -> Iterator[tuple[str, Check, Challenge, Mistake, Formula]]:
    """Yield each mistake at the checks of a type."""
    for name, check in {**SHIPPED, "Sequential square": SQUARE}.items():
        if check.type != type_ or name in NETWORKS:
            continue
        # One batch after another is enough to tell mistakes apart.
        phases = check.phases if type_ == "BatchNorm" else check.phases[:1]
        check = check.model_copy(
            update={"dtypes": check.dtypes[:1], "repetitions": 1, "phases": phases}
        )
        challenge = drawn(check)
        subject: Any = optimizer_of(check) if check.kind == "optimizer" else model_of(check)
        if isinstance(subject, Model):
            subject.set_parameters(challenge.parameters)
        for mistake, formula in mistaken_formulas(subject):
            if _is_tried(mistake, type_):
                yield name, check, challenge, mistake, formula


def _is_tried(mistake: Mistake, type_: str) -> bool:
    if mistake.of is None:
        return type_ in ANY_TYPE
    return len(mistake.of) < MANY_TYPES or type_ in OPTIMIZER_TYPES or type_ == "Linear"


@pytest.mark.parametrize("type_", [type_ for type_ in TYPES if type_ != "Dropout"])
def test_every_mistake_of_a_type_is_caught_and_named(type_: str) -> None:
    rng = np.random.default_rng(0)
    wrongly_named = []
    tried: set[str] = set()
    for name, check, challenge, mistake, formula in planted(type_):
        if mistake.formula.__name__ in tried:
            continue
        outcome = outcome_of(check, challenge, answer_by(formula, challenge, rng))
        if outcome.verdict == "passed":
            # It gives what is right, such as a stride that is ignored where it is one.
            continue
        named = {mistake.bug, *ALIKE.get(mistake.bug, ())}
        is_named = bool(named & {outcome.bug, *outcome.details["bugs"]})
        if outcome.bug == "step-failed" and not is_named:
            # One that does not fit the shapes raises, and says so itself.
            continue
        tried.add(mistake.formula.__name__)
        caught.add(mistake.bug)
        if not is_named:
            wrongly_named.append((name, mistake.formula.__name__, mistake.bug, outcome.bug))
    assert wrongly_named == []


def test_no_mistake_is_left_out() -> None:
    if not caught:
        pytest.skip("the mistakes were not tried")
    assert {mistake.bug for mistake in MISTAKES} - caught - FOUND_IN_ANSWERS == set()


@pytest.mark.parametrize(("name", "student", "bug"), STUDENTS)
def test_a_mistake_of_a_student_is_found_in_the_answer(name: str, student: Any, bug: str) -> None:
    check = SHIPPED[name]
    for attempt in range(3):
        challenge = drawn(check, attempt)
        outcome = outcome_of(check, challenge, answer_of(student, check, challenge))
        assert outcome.bug == bug, outcome
        assert "{" not in outcome.message


@pytest.mark.parametrize("bug", LESSONS)
def test_every_lesson_is_a_sentence_in_both_languages(bug: str) -> None:
    lesson = LESSONS[bug]
    assert lesson.en != lesson.es
    for text in (lesson.en, lesson.es):
        assert text.endswith((".", "?", "{got}"))
        assert 20 < len(text) < 200


def test_bugs_of_the_registry_are_no_general_ones() -> None:
    assert not {mistake.bug for mistake in MISTAKES} & GENERAL


def test_the_page_on_judging_has_all_bugs() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "judging.md"
    # To renew: write the table of `lessons_table` over the page's.
    assert page.read_text("utf-8").endswith(lessons_table())
