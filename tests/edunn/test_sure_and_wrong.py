"""A sample that a model gets wrong with certainty is learnt like any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.arrays import Array

floats = pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
#: A loss whose backward may be called without a gradient.
Loss = nn.MeanError | nn.BinaryCrossEntropy | nn.CrossEntropyWithLabels
#: From hardly wrong to beyond what the exponential of any dtype holds.
DIFFERENCES = [1, 10, 17, 36, 40, 50, 85, 100, 400, 700, 1000, 30000]


def eps(dtype: type[np.floating[Any]]) -> float:
    return float(np.finfo(dtype).eps)


def score_gradient(layer: nn.Model, loss: Loss, x: Array, y_true: Array) -> Array:
    """Return what a loss of one sample says of the scores before a layer of probabilities."""
    loss.forward(y_true, layer.forward(x))
    return layer.backward(loss.backward()[0])[0]


@floats
@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("classes", [2, 5])
def test_softmax_and_cross_entropy_pass_the_right_gradient(
    difference: int, dtype: type[np.floating[Any]], classes: int
) -> None:
    x = np.zeros((1, classes), dtype)
    x[0, 1] = difference
    loss = nn.MeanError(nn.CrossEntropyWithLabels())
    gradient = score_gradient(nn.Softmax(), loss, x, np.array([0]))
    e = np.exp(x.astype(np.float64) - difference)
    expected = e / e.sum()
    expected[0, 0] -= 1
    np.testing.assert_allclose(gradient, expected, atol=4 * eps(dtype))


@pytest.mark.parametrize(
    ("dtype", "differences"), [(np.float64, [36, 40, 100, 500, 700]), (np.float32, [16, 50, 85])]
)
def test_softmax_and_cross_entropy_keep_full_precision(
    dtype: type[np.floating[Any]], differences: list[int]
) -> None:
    for difference in differences:
        y = nn.Softmax().forward(np.array([[0, difference]], dtype))
        E = nn.CrossEntropyWithLabels().forward(np.array([0]), y)
        expected = difference + np.log1p(np.exp(-float(difference)))
        np.testing.assert_allclose(E, [[expected]], rtol=2 * eps(dtype))


@floats
@pytest.mark.parametrize("difference", DIFFERENCES)
def test_sigmoid_and_binary_cross_entropy_pass_the_right_gradient(
    difference: int, dtype: type[np.floating[Any]]
) -> None:
    x = np.array([[-difference], [difference]], dtype)
    gradient = score_gradient(nn.Sigmoid(), nn.BinaryCrossEntropy(), x, np.array([1, 0]))
    wrong = 1 / (1 + np.exp(-float(difference)))
    np.testing.assert_allclose(gradient, [[-wrong], [wrong]], rtol=8 * eps(dtype))


@floats
@pytest.mark.parametrize("difference", DIFFERENCES)
def test_a_sequence_of_scores_passes_the_right_gradient(
    difference: int, dtype: type[np.floating[Any]]
) -> None:
    loss = nn.SequenceCrossEntropyWithLabels(pad_index=-1)
    loss.forward(np.array([[[1, 0]]]), np.array([[[0, difference]]], dtype))
    wrong = 1 / (1 + np.exp(-float(difference)))
    np.testing.assert_allclose(loss.backward()[0], [[[-wrong, wrong]]], rtol=4 * eps(dtype))


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Sequential([nn.Linear(1, 2), nn.Softmax()]),
        lambda: nn.Dense(1, 2, activation_name="softmax"),
        lambda: nn.LogisticRegression(1, 2),
    ],
)
@pytest.mark.parametrize("weight", [60.0, 300.0, 2000.0])
def test_a_sure_and_wrong_classifier_learns(make: Callable[..., Any], weight: float) -> None:
    model, loss = make(), nn.MeanError(nn.CrossEntropyWithLabels())
    (w, *_) = model.get_parameters().values()
    w[...] = [[0.0, weight]]
    x, label = np.ones((1, 1)), np.array([0])
    optimizer = nn.GradientDescent(1, 400, lr=weight / 600, shuffle=False)
    history = optimizer.optimize(model, x, label, loss, verbose=False)
    np.testing.assert_allclose(history[0], min(weight, -np.log(np.finfo(float).tiny)))
    assert history[-1] < 0.1


def test_the_loss_of_weights_0_and_60_falls_to_0_056_in_400_epochs() -> None:
    model = nn.Sequential([nn.Linear(1, 2), nn.Softmax()])
    model.get_parameters()["linear1(w)"][...] = [[0.0, 60.0]]
    loss = nn.MeanError(nn.CrossEntropyWithLabels())
    optimizer = nn.GradientDescent(1, 400, lr=0.1)
    history = optimizer.optimize(model, np.ones((1, 1)), np.array([0]), loss, verbose=False)
    np.testing.assert_allclose([history[0], history[-1]], [60.0, 0.056], atol=5e-4)


@pytest.mark.parametrize(("label", "weight"), [(1, -60.0), (0, 60.0), (1, -900.0), (0, 900.0)])
def test_a_sure_and_wrong_yes_or_no_learns(label: int, weight: float) -> None:
    model = nn.Dense(1, 1, activation_name="sigmoid")
    model.get_parameters()["w"][...] = weight
    optimizer = nn.GradientDescent(1, 400, lr=abs(weight) / 600)
    history = optimizer.optimize(
        model, np.ones((1, 1)), np.array([label]), nn.BinaryCrossEntropy(), verbose=False
    )
    assert history[0] > 36
    assert history[-1] < 0.1


@pytest.mark.parametrize("smoothing", [1e-16, 1e-9, 0.1])
@pytest.mark.parametrize("difference", [10, 36, 100, 600])
def test_a_smoothing_that_is_asked_for_passes_the_exact_gradient_of_what_was_computed(
    smoothing: float, difference: int
) -> None:
    layer = nn.Softmax(smoothing=smoothing)
    gradient = score_gradient(
        layer, nn.CrossEntropyWithLabels(), np.array([[0.0, difference]]), np.array([0])
    )
    # d/dx0 of -log((p + s) / (1 + 2 s)) with p = 1 / (1 + exp(difference)).
    p = 1 / (1 + np.exp(difference))
    np.testing.assert_allclose(gradient[0, 0], -p * (1 - p) / (p + smoothing), rtol=1e-12)


def test_a_class_that_is_impossible_by_an_infinite_score_stays_so() -> None:
    layer = nn.Softmax()
    y = layer.forward(np.array([[0.0, -np.inf, 0.0]]))
    np.testing.assert_array_equal(y, [[0.5, 0, 0.5]])
    δEδx, _ = layer.backward(np.array([[1.0, 5.0, 2.0]]))
    np.testing.assert_allclose(δEδx, [[-0.25, 0, 0.25]], atol=1e-300)


@floats
def test_a_large_gradient_of_the_loss_stays_finite_at_an_impossible_class(
    dtype: type[np.floating[Any]],
) -> None:
    x = np.array([[0, 30000]], dtype)
    layer, loss = nn.Softmax(), nn.CrossEntropyWithLabels()
    loss.forward(np.array([0]), layer.forward(x))
    gradient, _ = layer.backward(loss.backward(1000.0)[0])
    assert np.all(np.isfinite(gradient))
    assert gradient[0, 0] < -1
