"""What an answer can lack: each is told apart, and costs what it concerns alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks import SHIPPED, answer_rightly, drawn, make_check, outcome_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import edunn as nn
from bench.students import run_layer
from worker.judging import Answer, Backward, Failure, Forward, Gradients, Output, judge

LINEAR = make_check("layer", "Linear", {"input_size": 5, "output_size": 3})
CHALLENGE = drawn(LINEAR)
FIRST = next(step for step in CHALLENGE.steps if isinstance(step, Forward))
FIRST_BACKWARD = next(step for step in CHALLENGE.steps if isinstance(step, Backward))


def changed(step_id: str, change: Callable[[Any], Any]) -> Answer:
    steps = dict(answer_rightly(LINEAR, CHALLENGE).steps)
    steps[step_id] = change(steps[step_id])
    return Answer({name: step for name, step in steps.items() if step is not None})


def output(change: Callable[[np.ndarray], Any]) -> Callable[[Output], Output]:
    return lambda given: Output(change(np.array(given.output)))


def with_number(number: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array[2, 1] = number
        return array

    return change


@pytest.mark.parametrize(
    ("bug", "change"),
    [
        ("nan", output(with_number(np.nan))),
        ("infinity", output(with_number(np.inf))),
        ("wrong-values", output(with_number(7.0))),
        ("wrong-shape", output(lambda y: np.full((2, 9), 0.25))),
        ("cut-short", output(lambda y: y[:, :2])),
        ("right-numbers-in-another-shape", output(lambda y: y[..., np.newaxis])),
        ("wrong-dtype", output(lambda y: y.astype(np.float32))),
        ("wrong-dtype", output(lambda y: y.astype(np.float16))),
        ("no-numbers", output(lambda y: "a text")),
        ("no-numbers", output(lambda y: [[1.0], [2.0, 3.0]])),
        ("no-numbers", output(lambda y: y.astype(complex))),
        ("no-numbers", output(lambda y: None)),
        ("step-failed", lambda given: Failure("ValueError: {braces} in it")),
        ("no-answer", lambda given: None),
        ("no-answer", lambda given: Gradients(np.zeros(3))),
    ],
)
def test_a_fault_of_one_output_is_named_and_costs_a_part(
    bug: str, change: Callable[[Any], Any]
) -> None:
    outcome = outcome_of(LINEAR, CHALLENGE, changed(FIRST.step_id, change))
    assert (outcome.verdict, outcome.bug) == ("failed", bug)
    assert 0.9 < outcome.fraction < 1
    assert outcome.details["step"] == FIRST.step_id
    assert outcome.details["categories"]["training input_gradient"] == 1.0


def test_a_forward_that_raised_comes_before_what_a_backward_has_wrong() -> None:
    check = make_check("layer", "Dropout", {"p": 0.5})
    challenge = drawn(check)
    steps = {
        step.step_id: Failure("NameError: mask")
        if isinstance(step, Forward)
        else Gradients(step.output_gradient)
        for step in challenge.steps
        if isinstance(step, Forward | Backward)
    }
    outcome = outcome_of(check, challenge, Answer(steps))
    assert outcome.bug == "step-failed"
    assert outcome.message.endswith("NameError: mask")


def test_the_size_and_the_place_of_an_error_are_told() -> None:
    right = answer_rightly(LINEAR, CHALLENGE).steps[FIRST.step_id]
    assert isinstance(right, Output)
    expected = right.output[2, 1]
    answer = changed(FIRST.step_id, output(with_number(7.0)))
    outcome = outcome_of(LINEAR, CHALLENGE, answer)
    assert outcome.error_index == (2, 1)
    assert outcome.error_size == pytest.approx(7.0 - expected)
    assert outcome.details["answered"] == 7.0
    assert outcome.details["expected"] == pytest.approx(expected)


def test_a_missing_parameter_gradient_is_named() -> None:
    answer = changed(
        FIRST_BACKWARD.step_id,
        lambda given: Gradients(given.input_gradient, {"W": given.parameter_gradients["w"]}),
    )
    outcome = outcome_of(LINEAR, CHALLENGE, answer)
    assert outcome.bug == "missing-parameter-gradient"
    assert "parameter w" in outcome.message and "W" in outcome.message


def test_a_wrong_gradient_leaves_the_forward_its_points() -> None:
    steps = {
        name: Gradients(np.zeros(1)) if isinstance(step, Gradients) else step
        for name, step in answer_rightly(LINEAR, CHALLENGE).steps.items()
    }
    outcome = outcome_of(LINEAR, CHALLENGE, Answer(steps))
    # Output, gradient of the input and gradient of w, in two phases.
    assert outcome.fraction == pytest.approx(1 / 3)
    whole = LINEAR.model_copy(update={"partial_credit": False})
    assert outcome_of(whole, CHALLENGE, Answer(steps)).fraction == 0.0


def test_nothing_answered_is_worth_nothing() -> None:
    for name, check in SHIPPED.items():
        outcome = outcome_of(check, drawn(check), Answer({}))
        assert (outcome.verdict, outcome.fraction, outcome.bug) == ("failed", 0.0, "no-answer"), (
            name
        )


def test_a_tolerance_can_be_widened() -> None:
    answer = changed(FIRST.step_id, output(lambda y: y * 1.001))
    assert outcome_of(LINEAR, CHALLENGE, answer).verdict == "failed"
    for widened in ({"relative": 0.01}, {"absolute": 0.1}, {"factor": 1e6}):
        check = LINEAR.model_copy(update={"tolerance": LINEAR.tolerance.model_copy(update=widened)})
        expected = "failed" if "factor" in widened else "passed"
        assert outcome_of(check, CHALLENGE, answer).verdict == expected


def test_messages_are_in_the_language_asked_for() -> None:
    answer = changed(FIRST.step_id, output(with_number(np.nan)))
    english = judge(LINEAR, CHALLENGE, answer, "en").message
    spanish = judge(LINEAR, CHALLENGE, answer, "es").message
    assert english.startswith("The output in the training phase has NaN")
    assert spanish.startswith("La salida en la fase de entrenamiento tiene NaN")
    assert judge(LINEAR, CHALLENGE, answer, "tlh").message == english


def test_an_array_that_is_written_over_is_named() -> None:
    steps = dict(answer_rightly(LINEAR, CHALLENGE).steps)
    forwards = [step for step in CHALLENGE.steps if isinstance(step, Forward)]
    alike = [step for step in forwards if step.inputs[0].shape == forwards[0].inputs[0].shape]
    # The program kept one output array a shape, and sent it at the end.
    for step in alike:
        steps[step.step_id] = steps[alike[-1].step_id]
    assert outcome_of(LINEAR, CHALLENGE, Answer(steps)).bug == "output-overwritten"


class ToAllTies(nn.MaxPool2d):
    """Gives the gradient of a window to all elements that are as large as its largest."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        self.y = super().forward(x)
        return self.y

    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        spread = [np.repeat(np.repeat(each, 2, axis=2), 2, axis=3) for each in (self.y, g)]
        size = np.s_[:, :, : spread[0].shape[2], : spread[0].shape[3]]
        gradient = np.zeros_like(self.x)
        gradient[size] = np.where(self.x[size] == spread[0], spread[1], 0)
        return gradient, {}


def test_a_gradient_that_all_ties_get_is_named() -> None:
    config = {"kernel_size": 2, "stride": 2}
    check = make_check("layer", "MaxPool2d", config, dtypes=["float32"])
    challenge = drawn(check)
    answer = run_layer(ToAllTies(**config), challenge)  # type: ignore[arg-type]
    assert outcome_of(check, challenge, answer).bug == "pool-gradient-to-ties"


def test_every_message_names_what_it_is_about() -> None:
    for check in SHIPPED.values():
        for language in ("en", "es"):
            message = judge(check, drawn(check), Answer({}), language).message
            assert "  " not in message and "{" not in message
            assert message.startswith(("The output", "La salida"))


def test_what_cannot_be_graded_is_ungradable() -> None:
    other = make_check("layer", "Linear", {"input_size": 4, "output_size": 3})
    outcome = judge(other, CHALLENGE, answer_rightly(LINEAR, CHALLENGE), "en")
    assert (outcome.verdict, outcome.fraction) == ("ungradable", 0.0)
    assert outcome.details["reason"]
    broken = replace(CHALLENGE, steps=())
    assert judge(LINEAR, broken, Answer({}), "en").verdict == "ungradable"


ANYTHING = st.one_of(
    arrays.arrays(
        st.one_of(
            arrays.floating_dtypes(),
            arrays.integer_dtypes(),
            arrays.boolean_dtypes(),
            arrays.complex_number_dtypes(),
            arrays.byte_string_dtypes(),
        ),
        arrays.array_shapes(min_dims=0, max_dims=4, max_side=4),
    ),
    st.none(),
    st.text(max_size=5),
    st.floats(),
    st.lists(st.one_of(st.floats(), st.lists(st.floats(), max_size=2)), max_size=3),
)
STEP_ANSWERS = st.one_of(
    st.builds(Output, ANYTHING),
    st.builds(Gradients, ANYTHING, st.dictionaries(st.sampled_from("wbxUWV"), ANYTHING)),
    st.builds(Failure, st.text(max_size=20)),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(sorted(SHIPPED)))
def test_judging_never_raises(data: st.DataObject, name: str) -> None:
    check = SHIPPED[name].model_copy(update={"repetitions": 1})
    challenge = drawn(check)
    ids = [step.step_id for step in challenge.steps]
    steps = dict(answer_rightly(check, challenge).steps)
    steps.update(
        data.draw(st.dictionaries(st.sampled_from([*ids, "no step"]), STEP_ANSWERS, max_size=4))
    )
    outcome = judge(check, challenge, Answer(steps), data.draw(st.sampled_from(["en", "es"])))
    assert outcome.verdict != "ungradable", outcome.details
    assert 0.0 <= outcome.fraction <= 1.0
    assert (outcome.verdict == "passed") == (outcome.bug == "")


@pytest.mark.parametrize("text", ["\x1b[31mred\x00", "two\nlines", "\u202eright to left"])
def test_what_a_program_says_is_told_without_control_characters(text: str) -> None:
    answer = changed(FIRST.step_id, lambda given: Failure(text))
    message = outcome_of(LINEAR, CHALLENGE, answer).message
    assert message.isprintable()
    assert message.endswith("raised an error: " + ascii(text)[1:-1])


def test_what_a_program_says_is_told_in_part_if_it_is_long() -> None:
    names = {"name" * 50 + str(number): np.zeros(1) for number in range(100)}
    answer = changed(FIRST_BACKWARD.step_id, lambda given: Gradients(given.input_gradient, names))
    assert len(outcome_of(LINEAR, CHALLENGE, answer).message) < 1000
