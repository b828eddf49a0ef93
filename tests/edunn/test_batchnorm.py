"""BatchNorm: statistics, running ones, parameters at the start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.model import Phase

RNG = np.random.default_rng(4)
X = RNG.standard_normal((8, 3)) * 4 + 7


def test_scale_starts_at_one_and_shift_at_zero() -> None:
    parameters = nn.BatchNorm(3).get_parameters()
    np.testing.assert_array_equal(parameters["w"], 1)
    np.testing.assert_array_equal(parameters["b"], 0)


def test_training_gives_mean_zero_and_variance_one() -> None:
    y = nn.BatchNorm(3, eps=1e-12).forward(X)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=0), 1, rtol=1e-10)


def test_images_are_normalised_by_channel() -> None:
    y = nn.BatchNorm(2, eps=1e-12).forward(RNG.standard_normal((4, 2, 3, 5)) + 9)
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-12)


def test_running_statistics_move_by_the_momentum_with_the_unbiased_variance() -> None:
    layer = nn.BatchNorm(3, momentum=0.25)
    layer.forward(X)
    np.testing.assert_allclose(layer.running_mean, 0.25 * X.mean(axis=0))
    np.testing.assert_allclose(layer.running_var, 0.75 + 0.25 * X.var(axis=0, ddof=1))


def test_the_test_phase_uses_and_keeps_the_running_statistics() -> None:
    layer = nn.BatchNorm(3)
    layer.set_buffers({"running_mean": np.full(3, 7.0), "running_var": np.full(3, 16.0)})
    layer.set_phase(Phase.Test)
    np.testing.assert_allclose(layer.forward(X), (X - 7) / np.sqrt(16 + 1e-5))
    np.testing.assert_array_equal(layer.running_mean, 7)
    np.testing.assert_array_equal(layer.running_var, 16)


def test_running_statistics_are_set_as_attributes_too() -> None:
    layer, mean = nn.BatchNorm(2), np.array([1.0, 2.0])
    layer.running_mean, layer.running_var = mean, np.array([4.0, 9.0])
    mean[:] = 0
    layer.set_phase(Phase.Test)
    y = layer.forward(np.array([[3.0, 8.0]]))
    np.testing.assert_allclose(y, [[1, 2]], rtol=1e-5)
    with pytest.raises(nn.LayerError):
        layer.running_var = np.ones(3)


def test_the_test_phase_takes_one_sample() -> None:
    layer = nn.BatchNorm(3)
    layer.set_phase(Phase.Test)
    assert layer.forward(X[:1]).shape == (1, 3)


def test_training_refuses_one_value_per_feature() -> None:
    with pytest.raises(nn.LayerError, match="more than one value per feature"):
        nn.BatchNorm(3).forward(X[:1])


def test_the_backward_is_that_of_the_forwards_phase() -> None:
    layer = nn.BatchNorm(3)
    layer.set_phase(Phase.Test)
    layer.forward(X)
    layer.set_phase(Phase.Training)
    np.testing.assert_allclose(layer.backward(np.ones_like(X))[0], 1 / np.sqrt(1 + 1e-5))


def test_the_backward_of_a_test_forward_agrees_with_differences() -> None:
    layer = nn.BatchNorm(3)
    layer.forward(X)
    layer.set_phase(Phase.Test)
    assert nn.utils.check_gradient.common_layer(layer, (5, 3))


def test_a_later_training_forward_does_not_change_an_earlier_ones_cache() -> None:
    layer = nn.BatchNorm(3)
    layer.forward(X)
    cache = layer.get_cache()
    before = layer.backward(X)[0]
    layer.forward(X * 2 + 1)
    layer.set_cache(cache)
    np.testing.assert_array_equal(layer.backward(X)[0], before)


def test_a_large_mean_does_not_spoil_float32() -> None:
    x = (RNG.standard_normal((2000, 1)) + 3000).astype(np.float32)
    expected = (x - x.mean(dtype=np.float64)) / x.std(dtype=np.float64)
    np.testing.assert_allclose(nn.BatchNorm(1, eps=1e-12).forward(x), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(8,), (8, 2), (8, 3, 4), (8, 2, 3, 3), (8, 3, 2, 2, 2)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.BatchNorm(3).forward(np.zeros(shape))
    assert caught.value.argument == "x"


@pytest.mark.parametrize(("field", "value"), [("eps", 0), ("momentum", 1.1), ("num_features", 0)])
def test_an_argument_out_of_bounds_is_refused(field: str, value: Any) -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.BatchNorm(**{"num_features": 3, field: value})
    assert caught.value.argument == field


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("shape", [(96, 5), (97, 5), (3, 6000), (4000, 40), (7, 40, 9, 11)])
def test_a_batch_of_any_size_has_the_values_and_gradients_of_the_formula(
    shape: tuple[int, ...], dtype: type[np.floating]
) -> None:
    x, g = RNG.normal(7, 4, shape).astype(dtype), RNG.standard_normal(shape).astype(dtype)
    layer = nn.BatchNorm(shape[1])
    for name in ("w", "b"):
        layer.set_parameters({name: RNG.standard_normal(shape[1])})
    features = (0,) if len(shape) == 2 else (0, 2, 3)
    w, b = (
        layer.get_parameters()[name].reshape(1, -1, *[1] * (len(shape) - 2)) for name in ("w", "b")
    )
    wide, error = x.astype(np.float64), g.astype(np.float64)
    std = np.sqrt(wide.var(features, keepdims=True) + 1e-5)
    normalized = (wide - wide.mean(features, keepdims=True)) / std
    along = (error * normalized).mean(features, keepdims=True)
    expected = w / std * (error - error.mean(features, keepdims=True) - normalized * along)
    tolerance = 2e2 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(layer.forward(x), normalized * w + b, rtol=0, atol=tolerance)
    input_gradient, gradients = layer.backward(g)
    np.testing.assert_allclose(input_gradient, expected, rtol=0, atol=tolerance)
    count = x.size / shape[1]
    np.testing.assert_allclose(gradients["w"] / count, along.ravel(), rtol=0, atol=tolerance)
    np.testing.assert_allclose(gradients["b"], error.sum(features), rtol=1e-3, atol=tolerance)


@pytest.mark.parametrize(
    "shape",
    [(70_000, 3), (600, 700), (4, 5, 40, 41), (40_000, 2, 2, 2), (64, 32, 7, 7), (2, 3, 500, 300)],
)
def test_a_large_batch_is_that_of_the_formulas_in_all_of_its_parts(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(8)
    layer, axes = nn.BatchNorm(shape[1]), (0, *range(2, len(shape)))
    for parameter in layer.get_parameters().values():
        parameter[...] = rng.standard_normal(parameter.shape)
    w, b = (p.reshape(-1, *[1] * (len(shape) - 2)) for p in layer.get_parameters().values())
    x, g = rng.standard_normal(shape) * 3 + 50, rng.standard_normal(shape)
    inverse_std = 1 / np.sqrt(x.var(axes, keepdims=True) + layer.eps)
    normalised = (x - x.mean(axes, keepdims=True)) * inverse_std
    np.testing.assert_allclose(layer.forward(x), normalised * w + b, rtol=1e-9, atol=1e-10)
    δEδx, δEδp = layer.backward(g)
    bend = (g * normalised).mean(axes, keepdims=True)
    expected = w * inverse_std * (g - g.mean(axes, keepdims=True) - normalised * bend)
    np.testing.assert_allclose(δEδx, expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(δEδp["w"], (g * normalised).sum(axes), rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose(δEδp["b"], g.sum(axes), rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("shape", [(0, 3), (0, 3, 2, 2), (2, 3, 0, 2)])
def test_a_batch_of_nothing_has_an_answer_of_nothing(shape: tuple[int, ...]) -> None:
    layer = nn.BatchNorm(3)
    layer.set_phase(Phase.Test)
    assert layer.forward(np.ones(shape)).shape == shape
    δEδx, δEδp = layer.backward(np.ones(shape))
    assert δEδx.shape == shape
    np.testing.assert_array_equal(δEδp["w"], np.zeros(3))


def test_channels_that_are_gone_through_by_groups_give_what_each_gives_alone() -> None:
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((2, 5, 200, 200)), rng.standard_normal((2, 5, 200, 200))
    layer = nn.BatchNorm(5)
    layer.set_parameters({"w": rng.standard_normal(5), "b": rng.standard_normal(5)})
    y = layer.forward(x)
    δEδx, δEδp = layer.backward(g)
    for channel in range(5):
        alone = nn.BatchNorm(1)
        alone.set_parameters({k: p[[channel]] for k, p in layer.get_parameters().items()})
        some = slice(channel, channel + 1)
        np.testing.assert_allclose(alone.forward(x[:, some]), y[:, some], rtol=1e-12, atol=1e-12)
        its_x, its_p = alone.backward(g[:, some])
        np.testing.assert_allclose(its_x, δEδx[:, some], rtol=1e-12, atol=1e-12)
        for name, gradient in its_p.items():
            np.testing.assert_allclose(gradient, δEδp[name][some], rtol=1e-12)
        np.testing.assert_allclose(alone.running_var, layer.running_var[some], rtol=1e-12)
