"""Numbers at the ends of a dtype: sums and squares hold them, whatever NumPy's settings are."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from examples import ALL, gradient, inputs, make

import edunn as nn
from edunn import arrays
from edunn.arrays import Array
from edunn.optimizers import steps


@pytest.mark.parametrize("size", [1e-30, 1e15, 1e30, 1e38])
@pytest.mark.parametrize("shape", [(64, 3), (8, 3, 4, 2)])
def test_batchnorm_normalizes_float32_of_any_size(size: float, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).standard_normal(shape)
    layer, like = (nn.BatchNorm(3, eps=1e-300, momentum=1.0) for _ in range(2))
    y = layer.forward((size * x).astype(np.float32))
    np.testing.assert_allclose(y, like.forward(x), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(layer.running_var / size**2, like.running_var, rtol=1e-5)
    δEδx, _ = layer.backward(np.ones(shape, np.float32) * x.astype(np.float32))
    assert np.all(np.isfinite(δEδx))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_mean_of_large_errors_is_their_mean(
    dtype: type[np.floating[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = np.finfo(dtype).max
    loss, anything = nn.MeanError(nn.CrossEntropyWithLabels()), np.zeros(1)
    errors = np.full((64, 1), largest)
    monkeypatch.setattr(loss.sample_error_layer, "forward", lambda y_true, y: errors)
    assert loss.forward(anything, anything) == largest


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_average_of_large_numbers_is_their_average(dtype: type[np.floating[Any]]) -> None:
    x = np.full((1, 1, 4, 4), np.finfo(dtype).max)
    np.testing.assert_array_equal(nn.AvgPool2d(4).forward(x), np.finfo(dtype).max)


@pytest.mark.parametrize(
    ("make_layer", "name"),
    [
        (lambda: nn.Bias(2), "b"),
        (lambda: nn.Dense(1, 2), "b"),
        (lambda: nn.Conv2d(1, 2, 1, bias=True), "b"),
        (lambda: nn.BatchNorm(2), "b"),
    ],
)
def test_a_gradient_that_is_a_sum_over_samples_loses_no_digits_in_float32(
    make_layer: Callable[..., Any], name: str
) -> None:
    layer, samples = make_layer(), 200_000
    tail = (1, 1) if isinstance(layer, nn.Conv2d) else ()
    features = 2 if isinstance(layer, nn.Bias | nn.BatchNorm) else 1
    x = np.random.default_rng(0).standard_normal((samples, features, *tail)).astype(np.float32)
    y = layer.forward(x)
    g = np.full(y.shape, np.float32(0.1))
    exact = samples * float(np.float32(0.1))
    np.testing.assert_allclose(layer.backward(g)[1][name], exact, rtol=1e-7)


STEPS: dict[Callable[..., Any], dict[str, Any]] = {
    steps.rmsprop: {"lr": 1.0, "beta": 0.9, "eps": 1e-8},
    steps.adam: {"lr": 1.0, "betas": (0.9, 0.99), "eps": 1e-8},
    steps.sign_descent: {"lr": 1.0, "eps": 1e-8},
}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_an_optimizer_steps_by_a_large_gradient_in_float32(step: Callable[..., Any]) -> None:
    p = np.zeros(1, np.float32)
    state: dict[str, Any] = {}
    for _ in range(3):
        p, state = step(p, np.full(1, 1e30, np.float32), state, **STEPS[step])
    assert p.dtype == np.float32
    assert -12 < p[0] < -2


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("size", [1, 1e-300, 30, 800, 1e160, 1e308])
def test_what_numpy_does_about_floating_point_errors_changes_nothing(
    kind: str, size: float
) -> None:
    *truth, x = inputs(kind)
    with np.errstate(over="ignore"):
        x = x * size
    if kind in ("CrossEntropyWithLabels", "BinaryCrossEntropy"):
        x = np.clip(x, 0, 1)

    def results() -> list[Array]:
        layer = make(kind)
        y = layer.forward(*truth, x)
        δEδx, δEδp = layer.backward(gradient(y))
        return [y, δEδx, *δEδp.values()]

    with np.errstate(all="ignore"):
        expected = results()
    with np.errstate(all="raise"):
        np.testing.assert_equal(results(), expected)
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("error")
        np.testing.assert_equal(results(), expected)


def test_softmax_of_the_largest_numbers_is_right() -> None:
    y = nn.Softmax().forward(np.array([[1e308, -1e308, 1e308]]))
    np.testing.assert_array_equal(y, [[0.5, 0, 0.5]])


@pytest.mark.parametrize("kind", ["GradientDescent", "MomentumGD", "RMSprop", "Adam", "SignGD"])
def test_an_optimizer_does_not_care_for_numpys_settings(kind: str) -> None:
    model = nn.FakeModel(np.array([1e-300, 1e200]), np.array([1e-200, 1e200]))
    with np.errstate(all="raise"):
        getattr(nn, kind)(1, 3).optimize_batch(model, {"parameter": model.gradient}, 0, 0)


@pytest.mark.parametrize("numpy_is_old", [False, True])
def test_what_is_quiet_ignores_errors_and_leaves_the_setting_as_it_was(
    numpy_is_old: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if numpy_is_old:
        monkeypatch.setattr(arrays, "_IGNORED", None)

    @arrays.quiet
    def square(x: arrays.FloatArray) -> arrays.FloatArray:
        if x.ndim == 0:
            raise ValueError
        return x * x

    with np.errstate(all="raise"):
        assert np.isinf(square(np.array([1e200])))
        with pytest.raises(ValueError):
            square(np.array(1e200))
        with pytest.raises(FloatingPointError):
            np.array([1e200]) * np.array([1e200])
