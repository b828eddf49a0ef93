"""RNN: the recurrence, and how far back an error reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edunn as nn

RNG = np.random.default_rng(6)
X = RNG.standard_normal((2, 6, 3))


def rnn(**config: Any) -> nn.Model:
    return nn.build(
        "RNN",
        {"input_dim": 3, "output_dim": 2, "hidden_dim": 4, **config},
        rng=np.random.default_rng(0),
    )


def test_the_recurrence() -> None:
    layer = rnn()
    U, W, V = layer.get_parameters().values()
    h, y = np.zeros((2, 4)), []
    for t in range(6):
        h = np.tanh(X[:, t] @ U.T + h @ W.T)
        y.append(h @ V.T)
    np.testing.assert_allclose(layer.forward(X), np.stack(y, axis=1), rtol=1e-13)


@pytest.mark.parametrize("reach", [0, 1, 2, 3])
def test_a_truncated_error_reaches_as_many_steps_back(reach: int) -> None:
    layer = rnn(bptt_truncate=reach)
    layer.forward(X)
    δEδy = np.zeros((2, 6, 2))
    δEδy[:, 4] = 1
    reached = np.flatnonzero(np.abs(layer.backward(δEδy)[0]).sum(axis=(0, 2)))
    np.testing.assert_array_equal(reached, np.arange(4 - reach, 5))


def test_what_is_not_truncated_is_the_whole_gradient() -> None:
    layer, δEδy = rnn(bptt_truncate=2), np.zeros((2, 6, 2))
    whole = rnn()
    # The error of the third step has but two steps behind it.
    δEδy[:, 2] = RNG.standard_normal((2, 2))
    layer.forward(X)
    whole.forward(X)
    np.testing.assert_allclose(layer.backward(δEδy)[0], whole.backward(δEδy)[0], rtol=1e-12)


@pytest.mark.parametrize("reach", [5, 6, 100])
def test_a_reach_of_the_whole_sequence_is_no_truncation(reach: int) -> None:
    layer, whole, δEδy = rnn(bptt_truncate=reach), rnn(), RNG.standard_normal((2, 6, 2))
    layer.forward(X)
    whole.forward(X)
    for name, value in whole.backward(δEδy)[1].items():
        np.testing.assert_array_equal(layer.backward(δEδy)[1][name], value)


def test_truncated_gradients_add_over_the_steps_that_they_come_from() -> None:
    layer = rnn(bptt_truncate=1)
    layer.forward(X)
    δEδy = RNG.standard_normal((2, 6, 2))
    total = layer.backward(δEδy)[1]
    parts = []
    for t in range(6):
        part = np.zeros_like(δEδy)
        part[:, t] = δEδy[:, t]
        parts.append(layer.backward(part)[1])
    for name, value in total.items():
        np.testing.assert_allclose(sum(part[name] for part in parts), value, rtol=1e-12)


def test_gradients_are_not_clipped() -> None:
    layer = rnn()
    layer.forward(X)
    small, large = layer.backward(np.ones((2, 6, 2))), layer.backward(np.full((2, 6, 2), 1e6))
    for name, value in small[1].items():
        np.testing.assert_allclose(large[1][name], 1e6 * value, rtol=1e-12)


def test_a_sequence_of_one_step_and_of_none() -> None:
    layer = rnn()
    assert layer.forward(X[:, :1]).shape == (2, 1, 2)
    assert np.all(layer.backward(np.ones((2, 1, 2)))[1]["W"] == 0)
    assert layer.forward(X[:, :0]).shape == (2, 0, 2)
    assert layer.backward(np.ones((2, 0, 2)))[0].shape == (2, 0, 3)


def test_weights_start_by_the_xavier_rule_with_their_own_fans() -> None:
    layer = nn.RNN(input_dim=300, output_dim=20, hidden_dim=100)
    for name, fans in (("U", 400), ("W", 200), ("V", 120)):
        w = layer.get_parameters()[name]
        bound = np.sqrt(6 / fans)
        assert 0.95 * bound < np.abs(w).max() <= bound


def test_another_initializer_is_told_the_inputs_of_each_matrix() -> None:
    layer = nn.RNN(
        input_dim=300, output_dim=20, hidden_dim=100, kernel_initializer="KaimingUniform"
    )
    for name, fan_in in (("U", 300), ("W", 100), ("V", 100)):
        bound = np.sqrt(6 / fan_in)
        assert 0.95 * bound < np.abs(layer.get_parameters()[name]).max() <= bound


@pytest.mark.parametrize("shape", [(6, 3), (2, 6, 4), (3,)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(nn.LayerError) as caught:
        rnn().forward(np.zeros(shape))
    assert caught.value.argument == "x"


@pytest.mark.parametrize("reach", [-1, 1.5, "2"])
def test_a_reach_that_is_no_count_is_refused(reach: Any) -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.RNN(1, 1, 1, bptt_truncate=reach)
    assert caught.value.argument == "bptt_truncate"
