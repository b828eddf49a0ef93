"""A wrong array that no known mistake explains is said to be related to the right one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks import answer_rightly, drawn, make_check, outcome_of

from edunn_serving.assignments import Check
from worker.judging import Answer, Challenge, Forward, Gradients, Output, judge

Change = Callable[[np.ndarray], Any]


def edges(x: np.ndarray, axis: int, index: int) -> np.ndarray:
    changed = x.copy()
    np.moveaxis(changed, axis, 0)[index] += 0.25
    return changed


OUTPUTS: list[tuple[str, Change]] = [
    ("all-equal", lambda y: np.full_like(y, 0.3)),
    ("wrong-factor", lambda y: y * 3),
    ("wrong-factor", lambda y: y / 7),
    ("wrong-factor", lambda y: y * np.pi),
    ("wrong-offset", lambda y: y + 0.5),
    ("wrong-factor-along-axis", lambda y: y * np.arange(2, 2 + y.shape[1])),
    ("wrong-offset-along-axis", lambda y: y - y.mean(axis=0)),
    ("wrong-signs", np.abs),
    ("reversed-along-axis", lambda y: y[::-1]),
    ("shifted-by-one", lambda y: np.roll(y, 1, 1)),
    ("wrong-order", lambda y: np.sort(y, axis=None).reshape(y.shape)),
    ("value-squared", np.square),
    ("value-inverted", lambda y: 1 / np.where(y == 0, 1, y)),
    ("value-exponential", np.exp),
    ("rounded-to-integers", np.trunc),
    ("clipped", lambda y: np.clip(y, -0.5, 0.5)),
    ("low-precision", lambda y: y.astype(np.float32).astype(np.float64)),
    ("partly-zero", lambda y: np.where(np.arange(y.shape[1]) % 2, y, 0)),
    ("wrong-at-start", lambda y: edges(y, 0, 0)),
    ("wrong-at-end", lambda y: edges(y, 1, -1)),
    ("axes-exchanged", np.transpose),
    ("right-numbers-in-another-shape", np.ravel),
    ("summed-over-axis", lambda y: y.sum(axis=1)),
    ("averaged-over-axis", lambda y: y.mean(axis=0, keepdims=True)),
    ("not-summed-over-axis", lambda y: np.stack([y / 4, 3 * y / 4])),
    ("not-averaged-over-axis", lambda y: np.stack([y / 2, 3 * y / 2])),
    ("cut-short", lambda y: y[:, :-1]),
]
# Of these some are known as mistakes by another name.
KNOWN = {
    "wrong-offset": "bias-too-many",
    "wrong-offset-along-axis": "product-another-operation",
    "all-equal": "parameter-is-one-number",
    "shifted-by-one": "parameter-order-changed",
    "wrong-at-end": "bias-too-many",
}
WIDE = make_check("layer", "Linear", {"input_size": 6, "output_size": 5}, shapes=[[7, 6], [4, 6]])


def changed(check: Check, challenge: Challenge, change: Change) -> Answer:
    """Answer with every output changed."""
    right = answer_rightly(check, challenge)
    return Answer(
        {
            step_id: Output(change(each.output)) if isinstance(each, Output) else each
            for step_id, each in right.steps.items()
        }
    )


@pytest.mark.parametrize(("bug", "change"), OUTPUTS)
def test_a_changed_output_is_named_by_its_relation(bug: str, change: Change) -> None:
    for attempt in range(5):
        challenge = drawn(WIDE, attempt)
        outcome = outcome_of(WIDE, challenge, changed(WIDE, challenge, change))
        assert outcome.bug in {bug, KNOWN.get(bug)}, outcome
        assert "{" not in outcome.message


def test_what_is_in_no_way_related_keeps_the_general_name() -> None:
    rng = np.random.default_rng(0)
    for attempt in range(5):
        challenge = drawn(WIDE, attempt)
        answer = changed(WIDE, challenge, lambda y: rng.normal(size=y.shape))
        assert outcome_of(WIDE, challenge, answer).bug == "wrong-values"


def test_gradients_under_exchanged_names_are_named() -> None:
    check = make_check("layer", "RNN", {"input_dim": 4, "output_dim": 4, "hidden_dim": 4})
    challenge = drawn(check)
    right = answer_rightly(check, challenge)
    exchanged = {"U": "W", "W": "U", "V": "V"}
    steps = {
        step_id: replace(
            each,
            parameter_gradients={
                name: each.parameter_gradients[exchanged[name]] for name in exchanged
            },
        )
        if isinstance(each, Gradients)
        else each
        for step_id, each in right.steps.items()
    }
    assert outcome_of(check, challenge, Answer(steps)).bug == "parts-exchanged"


@pytest.mark.parametrize(
    ("bug", "change"),
    [
        ("another-array", lambda right, x: x),
        ("multiplied-by-array", lambda right, x: right * x),
        ("divided-by-array", lambda right, x: right / x),
        ("array-added", lambda right, x: right + 0.3 * x),
    ],
)
def test_what_another_array_does_to_a_gradient_is_named(
    bug: str, change: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> None:
    check = make_check("layer", "TanH", shapes=[[7, 5]], repetitions=4)
    challenge = drawn(check)
    answer = answer_rightly(check, challenge)
    steps, x = dict(answer.steps), np.zeros(0)
    for step in challenge.steps:
        given = steps.get(step.step_id)
        if isinstance(step, Forward):
            x = step.inputs[0]
        if isinstance(given, Gradients) and (x != 0).all():
            steps[step.step_id] = replace(given, input_gradient=change(given.input_gradient, x))
    # Of these some have a name of their own, because students multiply so.
    named = {"another-array": "gradient-times-input", "multiplied-by-array": "gradient-times-input"}
    outcome = outcome_of(check, challenge, Answer(steps))
    assert outcome.bug in {bug, named.get(bug), "another-derivative"}, outcome


def test_an_answer_of_an_earlier_step_is_named() -> None:
    check = make_check("layer", "TanH", shapes=[[7, 5], [7, 5]])
    challenge = drawn(check)
    right = answer_rightly(check, challenge)
    forwards = [step.step_id for step in challenge.steps if isinstance(step, Forward)]
    late = dict(right.steps)
    late[forwards[1]] = right.steps[forwards[0]]
    assert outcome_of(check, challenge, Answer(late)).bug == "answer-of-earlier-step"


@pytest.mark.parametrize("kind", ["Adam", "RMSprop", "GradientDescent"])
@pytest.mark.parametrize(
    ("bug", "change"),
    [
        ("step-wrong-factor", lambda step: step * 3),
        ("step-wrong-signs", np.abs),
        ("step-all-equal", lambda step: np.full_like(step, 0.01)),
    ],
)
def test_of_an_optimizer_the_step_is_named(kind: str, bug: str, change: Change) -> None:
    check = make_check("optimizer", kind, {"lr": 0.05})
    challenge = drawn(check)
    right = answer_rightly(check, challenge)
    steps: dict[str, Any] = {}
    for step in challenge.steps:
        assert isinstance(step, Forward)
        given = right.steps[step.step_id]
        assert isinstance(given, Output)
        p = step.inputs[0]
        steps[step.step_id] = Output(p + change(given.output - p))
    outcome = judge(check, challenge, Answer(steps), "es")
    assert outcome.bug == bug, outcome
    assert "paso" in outcome.message
