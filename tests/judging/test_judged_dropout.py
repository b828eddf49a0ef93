"""Dropout is judged without a generator that matches, and its mistakes are named."""

from __future__ import annotations

import numpy as np
import pytest
from checks import drawn, make_check, outcome_of

from bench.students import run_layer
from bench.wrong_dropouts import WRONG, Maker, StudentDropout
from worker.judging.binomial import acceptance

# At a half, dropping with p and keeping with p are the same.
_SAME_AT_HALF = "PAsKeep"


@pytest.mark.parametrize("p", [0.2, 0.5, 0.7])
@pytest.mark.parametrize("maker", WRONG, ids=lambda maker: maker.__name__)
def test_a_wrong_dropout_is_caught_and_named(maker: Maker, p: float) -> None:
    if p == 0.5 and maker.__name__ == _SAME_AT_HALF:
        pytest.skip("no mistake at p = 0.5")
    rng = np.random.default_rng(1)
    check = make_check("layer", "Dropout", {"p": p}, dtypes=["float32"])
    for attempt in range(2):
        challenge = drawn(check, attempt)
        outcome = outcome_of(check, challenge, run_layer(maker(p, rng), challenge))
        assert outcome.verdict == "failed"
        assert outcome.bug == WRONG[maker] or outcome.bug == "wrong-rate", outcome
        assert 0 < outcome.fraction < 1


def test_a_right_dropout_of_another_generator_passes() -> None:
    check = make_check("layer", "Dropout", {"p": 0.4}, dtypes=["float32", "float64"])
    for attempt in range(20):
        challenge = drawn(check, attempt)
        student = StudentDropout(0.4, np.random.default_rng(attempt))
        assert outcome_of(check, challenge, run_layer(student, challenge)).fraction == 1.0


class WholeChannels(StudentDropout):
    def drawn(self, x: np.ndarray) -> np.ndarray:
        planes = self.rng.random((*x.shape[:2], *[1] * (x.ndim - 2))) >= self.p
        return np.broadcast_to(planes, x.shape)


def test_dropping_whole_channels_of_images_is_named() -> None:
    check = make_check("layer", "Dropout", {"p": 0.5}, shapes=[[6, 5, 4, 8]])
    challenge = drawn(check)
    answer = run_layer(WholeChannels(0.5, np.random.default_rng(2)), challenge)
    assert outcome_of(check, challenge, answer).bug == "mask-per-channel"


@pytest.mark.parametrize(("trials", "probability"), [(10, 0.5), (1000, 0.1), (20000, 0.97)])
@pytest.mark.parametrize("false_alarms", [0.1, 1e-9, 1e-13])
def test_the_bounds_are_those_of_the_exact_tails(
    trials: int, probability: float, false_alarms: float
) -> None:
    low, high = acceptance(trials, probability, false_alarms)
    chances = _exact_chances(trials, probability)
    below, above = sum(chances[:low]), sum(chances[high + 1 :])
    assert below <= false_alarms / 2 and above <= false_alarms / 2
    # One count further in would be too near.
    assert below + chances[low] > false_alarms / 2
    assert above + chances[high] > false_alarms / 2


def _exact_chances(trials: int, probability: float) -> list[float]:
    """Return binomial probabilities by their ratios, from the largest one outwards."""
    mode = int((trials + 1) * probability)
    odds = probability / (1 - probability)
    up, down = [1.0], []
    for k in range(mode, trials):
        up.append(up[-1] * (trials - k) / (k + 1) * odds)
    last = 1.0
    for k in range(mode, 0, -1):
        last *= k / (trials - k + 1) / odds
        down.append(last)
    chances = [*reversed(down), *up]
    total = sum(chances)
    return [each / total for each in chances]
