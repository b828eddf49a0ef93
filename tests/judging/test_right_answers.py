"""What is right passes: each layer, loss, optimizer and initializer, in either dtype."""

from __future__ import annotations

import numpy as np
import pytest
from checks import SHIPPED, answer_rightly, drawn, make_check, outcome_of
from edunn_client._cli.assignment_files import NAMES

import edunn as nn
from bench.students import run_layer
from edunn.initializers import INITIALIZER_TYPES
from worker.judging import Challenge
from worker.judging.subjects import OPTIMIZER_TYPES

ATTEMPTS = 6


def test_there_is_an_assignment_for_every_type() -> None:
    assert set(NAMES) == {*nn.LAYER_TYPES, *OPTIMIZER_TYPES, *INITIALIZER_TYPES}


@pytest.mark.parametrize("dtypes", [("float32",), ("float64",), ("float32", "float64")], ids=str)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_right_answer_passes(name: str, dtypes: tuple[str, ...]) -> None:
    check = SHIPPED[name].model_copy(update={"dtypes": dtypes})
    for attempt in range(ATTEMPTS):
        challenge = drawn(check, attempt)
        outcome = outcome_of(check, challenge, answer_rightly(check, challenge, seed=attempt))
        assert outcome.verdict == "passed", outcome
        assert (outcome.fraction, outcome.bug, outcome.message) == (1.0, "", "")


@pytest.mark.parametrize("p", [0.0, 0.01, 0.1, 0.5, 0.9, 0.99])
def test_a_right_dropout_passes_at_every_p(p: float) -> None:
    check = make_check("layer", "Dropout", {"p": p})
    for attempt in range(20):
        challenge = drawn(check, attempt)
        outcome = outcome_of(check, challenge, answer_rightly(check, challenge, seed=attempt))
        assert outcome.verdict == "passed", outcome


@pytest.mark.parametrize(
    "shapes", [[[1, 1]], [[1, 4]], [[7]], [[2, 3, 4, 5, 2]], [[300, 200]]], ids=str
)
def test_a_right_dropout_passes_with_any_shape(shapes: list[list[int]]) -> None:
    check = make_check("layer", "Dropout", {"p": 0.3}, shapes=shapes)
    challenge = drawn(check)
    assert outcome_of(check, challenge, answer_rightly(check, challenge)).verdict == "passed"


class Narrow:
    """A Linear that computes wholly in float32, in another order than the reference."""

    def __init__(self, challenge: Challenge) -> None:
        self.w = challenge.parameters["w"]

    def set_phase(self, phase: nn.Phase) -> None:
        pass

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        y = np.zeros((len(x), self.w.shape[1]), np.float32)
        for i in range(self.w.shape[0]):
            y += x[:, i : i + 1] * self.w[i]
        return y

    def backward(self, g: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        w = np.zeros_like(self.w)
        for x, error in zip(self.x, g, strict=True):
            w += np.outer(x, error)
        return g @ self.w.T, {"w": w}


def test_the_bound_grows_with_the_sum() -> None:
    config = {"input_size": 5000, "output_size": 2}
    check = make_check("layer", "Linear", config, dtypes=["float32"], shapes=[[3, 5000]])
    challenge = drawn(check)
    assert outcome_of(check, challenge, run_layer(Narrow(challenge), challenge)).fraction == 1.0


class AddsSmallNumber(nn.CrossEntropyWithLabels):
    """As many courses write it: log(p + 1e-12)."""

    def forward(self, y_true: np.ndarray, y: np.ndarray) -> np.ndarray:
        return super().forward(y_true, np.minimum(y + y.dtype.type(1e-12), 1))


def test_a_small_number_in_a_logarithm_is_no_mistake() -> None:
    for dtype in ("float32", "float64"):
        check = make_check("loss", "CrossEntropyWithLabels", dtypes=[dtype])
        challenge = drawn(check)
        answer = run_layer(AddsSmallNumber(), challenge)
        assert outcome_of(check, challenge, answer).verdict == "passed"
