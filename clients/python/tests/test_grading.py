"""Grading without a service: scripts on classes, lines of JSON, reports in other forms."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edunn_client import Phase
from edunn_client.grading import (
    BackwardStep,
    Challenge,
    CheckResult,
    Failure,
    ForwardStep,
    ParametersStep,
    PhaseStep,
    Report,
    Verdict,
    answer_challenge,
)
from edunn_client.grading import _line_form as form
from edunn_client.grading._challenges import encode_answer

x = np.array([[1.0, -2.0]])


class Scale:
    """A layer of no library."""

    def __init__(self, factor: float = 1.0, inner: Any = None) -> None:
        self.factor = np.array(factor)
        self.inner = inner
        self.phases: list[Any] = []

    def set_phase(self, phase: Any) -> None:
        self.phases.append(phase)

    def forward(self, x: Any) -> Any:
        self.x = x
        x *= self.factor
        return x

    def backward(self, output_gradient: Any) -> Any:
        return output_gradient * self.factor, {"factor": 3.0}


class GradientDescent:
    def __init__(self, batch_size: int, epochs: int, lr: float) -> None:
        self.lr = lr

    def optimize_batch(self, model: Any, gradients: Any, epoch: int, iteration: int) -> None:
        for name, p in model.get_parameters().items():
            p[...] -= self.lr * gradients[name]


def challenge(kind: str = "layer", type_: str = "Scale", **more: Any) -> Challenge:
    steps = (
        PhaseStep("p", Phase.Test),
        ForwardStep("f", (x,)),
        BackwardStep("b", np.ones((1, 2))),
    )
    given: dict[str, Any] = {"config": {}, "parameters": {}, "steps": steps, **more}
    return Challenge("c", "", 1.0, kind, type_, **given)


CLASSES: dict[str, Any] = {"Scale": Scale, "GradientDescent": GradientDescent}


def test_a_script_runs_on_a_class_of_no_library() -> None:
    parameters = {"factor": np.array(4.0, dtype=np.float32)}
    answers = answer_challenge(challenge(parameters=parameters), CLASSES.get)
    assert np.array_equal(answers["f"], 4 * x)  # type: ignore[arg-type]
    gradients = answers["b"]
    assert isinstance(gradients, tuple) and gradients[0] is not None
    assert gradients[0].tolist() == [[4.0, 4.0]]
    assert gradients[1]["factor"] == 3.0
    # A layer that writes to its input does not change the challenge's.
    assert x[0, 0] == 1.0


def test_each_error_is_a_failure_in_the_student_s_words() -> None:
    missing = answer_challenge(challenge(type_="Dropout"), CLASSES.get)
    assert missing == dict.fromkeys("fb", Failure("LookupError: there is no class Dropout"))
    unknown = answer_challenge(challenge(config={"p": 1}), CLASSES.get)
    assert "unexpected keyword argument" in str(unknown["f"])
    lost = answer_challenge(challenge(parameters={"w": x}), CLASSES.get)
    assert lost["f"] == Failure("AttributeError: Scale has no parameter w")
    Returning = type("Scale", (Scale,), {"forward": lambda self, x: None})
    assert "returned None" in str(answer_challenge(challenge(), {"Scale": Returning}.get)["f"])


def test_layers_within_are_of_the_student_s_classes() -> None:
    config = {"inner": {"type": "Scale", "config": {"factor": 2}}, "factor": 3}
    answers = answer_challenge(challenge(config=config), CLASSES.get)
    assert np.array_equal(answers["f"], 3 * x)  # type: ignore[arg-type]


def test_an_optimizer_of_the_course_steps() -> None:
    steps = (ForwardStep("a", (np.ones(2), np.ones(2))), ForwardStep("b", (x, x)))
    found = answer_challenge(
        challenge("optimizer", "GradientDescent", config={"lr": 0.5}, steps=steps), CLASSES.get
    )
    assert np.array_equal(found["a"], [0.5, 0.5])  # type: ignore[arg-type]
    assert np.array_equal(found["b"], x / 2)  # type: ignore[arg-type]


def test_a_phase_of_no_library_is_its_name_and_equals_a_library_s() -> None:
    layer = Scale()
    answer_challenge(challenge(), {"Scale": lambda: layer}.get)
    (phase,) = layer.phases
    assert phase == "test" and phase == Phase.Test and Phase.Test == phase
    assert phase != "training" and phase != Phase.Training


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64", "bool"])
def test_arrays_survive_lines_of_json(dtype: str) -> None:
    array = np.array([[0, 1], [3, 5]]).astype(dtype)
    if array.dtype.kind == "f":
        array = array / array.dtype.type(3)
        array.flat[:3] = np.nan, np.inf, -np.inf
    line = form.dumps(form.answer_line(array))
    found = form.answer_of(json.loads(line), ForwardStep("f", ()))
    assert isinstance(found, np.ndarray) and found.dtype == array.dtype
    assert np.array_equal(found, array, equal_nan=array.dtype.kind == "f")


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"output": 3},
        {"output": {"data": [1, 2], "shape": [3]}},
        {"output": {"data": ["x"], "shape": [1]}},
        {"output": {"data": [1], "dtype": "object"}},
        {"output": {"data": [[1], [1, 2]]}},
    ],
)
def test_a_line_that_is_no_answer_is_refused(line: Any) -> None:
    with pytest.raises(ValueError):
        form.answer_of(line, ForwardStep("f", ()))


def test_what_no_tensor_can_hold_is_a_failure() -> None:
    message = encode_answer("c", {"f": np.array(["text"]), "g": np.array([1j])})
    assert [each.WhichOneof("answer") for each in message.steps] == ["failure", "failure"]


def report(*checks: CheckResult, **more: Any) -> Report:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    given: dict[str, Any] = {
        "attempt_id": "a", "course": "c", "assignment": "dropout-1", "version": 1,
        "student": "=1+1", "attempt_number": 1, "revision": 1,
        "score": sum(each.score for each in checks),
        "max_score": sum(each.max_score for each in checks), "late_penalty": 0.0,
        "counts": True, "hidden": False, "accept_time": now, "report_time": now,
        "checks": checks, "receipt": "r", "answers_digest": "", **more,
    }  # fmt: skip
    return Report(**given)


def result(verdict: Verdict = Verdict.FAILED, score: float = 0.0, **more: Any) -> CheckResult:
    given: dict[str, Any] = {
        "check_id": "half", "title": "<half>", "max_score": 1.0, "bug": "not-scaled",
        "message": "Divide by 1 - p \x00 & so on.", "step_id": "", "error_size": 0.5,
        "error_index": (1, 2), "expected": None, "answered": None, "skipped_for": (),
        "visibility": "visible", **more,
    }  # fmt: skip
    return CheckResult(verdict=verdict, score=score, **given)


class TestForms:
    @pytest.fixture(autouse=True)
    def _with_extra(self) -> None:
        pytest.importorskip("typer", reason="typer is not installed (extra `cli`)")

    def test_every_form_writes_a_report_and_its_absence(self) -> None:
        from edunn_client._cli.formats import FORMATS
        from edunn_client._cli.formats.form import Outcome

        for form_ in FORMATS.values():
            there = Outcome("dropout-1", "s", 1.0, report(result()), environment={})
            away = Outcome("dropout-1", "s", 1.0, None, "away.", environment={})
            assert form_.text_of(there)
            assert form_.text_of(away)

    def test_check50_shows_values_where_there_are_two_and_runs_no_markup(self) -> None:
        from edunn_client._cli.formats import FORMATS
        from edunn_client._cli.formats.form import Outcome

        known = result(message="<b>x</b>", expected=1.0, answered=2.0)
        outcome = Outcome("d", "s", 1.0, report(result(), known), environment={})
        written = json.loads(FORMATS["check50"].text_of(outcome))
        without, with_both = (each["cause"] for each in written["results"])
        # Its page shows what is there, and a null is no text.
        assert {"expected", "actual"}.isdisjoint(without)
        assert (with_both["expected"], with_both["actual"]) == ("1", "2")
        assert "&lt;b&gt;x" in with_both["rationale"] and "<b>" not in with_both["rationale"]

    def test_a_check_that_cannot_be_judged_leaves_the_last_score_on_gradescope(
        self, tmp_path: Path
    ) -> None:
        from edunn_client._cli.formats import FORMATS
        from edunn_client._cli.formats.form import Outcome

        before = [{"score": 0.75, "autograder_error": False}]
        metadata = json.dumps({"previous_submissions": before})
        (tmp_path / "submission_metadata.json").write_text(metadata)
        environment = {"EDUNN_GRADESCOPE": str(tmp_path)}
        for counts, score in ((True, 0.0), (False, 0.75)):
            found = report(result(), counts=counts)
            outcome = Outcome("d", "s", 1.0, found, environment=environment)
            assert json.loads(FORMATS["gradescope"].text_of(outcome))["score"] == score

    def test_fractions_become_hundredths_for_classroom50(self) -> None:
        from edunn_client._cli.formats import FORMATS
        from edunn_client._cli.formats.form import Outcome

        outcome = Outcome("d", "s", 1.0, report(result(score=0.25)), environment={})
        written = json.loads(FORMATS["classroom50"].text_of(outcome))
        assert (written["score"], written["max-score"]) == (25, 100)

    def test_no_text_of_a_student_becomes_a_formula_or_markup(self) -> None:
        from edunn_client._cli.formats.table import gradebook

        assert "'=1+1" in gradebook([report(result())], None)
        html = report(result())._repr_html_()
        assert "&lt;half&gt;" in html and "<half>" not in html


class Tuned(Scale):
    """A layer that refuses a phase, and parameters below zero."""

    def set_phase(self, phase: Any) -> None:
        if phase == "test":
            raise RuntimeError("no test here")

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "factor" and np.any(np.asarray(value) < 0):
            raise ValueError("below zero")
        super().__setattr__(name, value)


def test_a_setting_that_fails_fails_what_follows_until_it_succeeds() -> None:
    def parameters(number: int, value: float) -> ParametersStep:
        return ParametersStep(f"p{number}", {"factor": np.array(value)})

    steps = (
        parameters(1, 2.0),
        ForwardStep("a", (x,)),
        parameters(2, -1.0),
        ForwardStep("b", (x,)),
        parameters(3, 3.0),
        ForwardStep("c", (x,)),
        PhaseStep("t", Phase.Test),
        ForwardStep("d", (x,)),
    )
    found = answer_challenge(challenge(steps=steps), {"Scale": Tuned}.get)
    assert np.array_equal(found["a"], 2 * x)  # type: ignore[arg-type]
    assert found["b"] == Failure("ValueError: below zero")
    assert np.array_equal(found["c"], 3 * x)  # type: ignore[arg-type]
    assert found["d"] == Failure("RuntimeError: no test here")
    assert set(found) == set("abcd")
    for step in steps:
        line = json.loads(form.dumps(form.step_line(step)))
        assert form.step_line(form.step_of(line)) == line
