"""Linear, Bias, Dense and the regressions: formulas, shapes, first weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edunn as nn

X = np.arange(6.0).reshape(2, 3)
RNG = np.random.default_rng(0)


def test_linear_multiplies_by_w() -> None:
    layer = nn.Linear(3, 2, initializer=nn.initializers.Constant(2.0))
    np.testing.assert_array_equal(layer.forward(X), [[6, 6], [24, 24]])


def test_dense_is_a_linear_map_a_bias_and_an_activation() -> None:
    dense = nn.Dense(3, 2, "relu", bias_initializer="One")
    w = dense.get_parameters()["w"]
    np.testing.assert_allclose(dense.forward(X), np.maximum(X @ w + 1, 0))


@pytest.mark.parametrize(
    ("kind", "activation"), [("LinearRegression", "id"), ("LogisticRegression", "softmax")]
)
def test_a_regression_is_a_dense_with_its_activation(kind: str, activation: str) -> None:
    make: Any = nn.LAYER_TYPES[kind]
    regression = make(3, 2)
    dense = nn.Dense(3, 2, activation)
    dense.set_parameters(regression.get_parameters())
    np.testing.assert_array_equal(regression.forward(X), dense.forward(X))


@pytest.mark.parametrize(
    "layer", [nn.Linear(3, 2), nn.Bias(3), nn.Dense(3, 2), nn.LinearRegression(3, 2)]
)
@pytest.mark.parametrize("shape", [(3,), (2, 4), (2, 3, 1), ()])
def test_another_shape_is_refused_naming_the_layer_what_it_expects_and_what_it_got(
    layer: nn.Model, shape: tuple[int, ...]
) -> None:
    with pytest.raises(nn.LayerError) as caught:
        layer.forward(np.zeros(shape))
    error = caught.value
    assert (error.layer, error.argument) == (type(layer).__name__, "x")
    assert error.expected == "of shape (samples, 3)"
    assert str(shape) in error.got
    assert error.expected in str(error)
    assert error.got in str(error)


def test_an_error_speaks_of_the_layer_by_its_name() -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.Linear(3, 2, name="la primera").forward(np.zeros((1, 1)))
    assert caught.value.layer == "la primera"


@pytest.mark.parametrize("kind", [nn.Linear, nn.Dense])
def test_weights_start_by_the_xavier_rule(kind: type[Any]) -> None:
    np.random.seed(0)
    w = kind(300, 200).get_parameters()["w"]
    bound = np.sqrt(6 / 500)
    assert np.abs(w).max() <= bound
    np.testing.assert_allclose(w.std(), bound / np.sqrt(3), rtol=0.01)


def test_biases_start_at_zero() -> None:
    np.testing.assert_array_equal(nn.Dense(3, 2).get_parameters()["b"], 0)


def test_an_initializer_may_be_given_by_name() -> None:
    np.testing.assert_array_equal(nn.Linear(2, 2, initializer="One").get_parameters()["w"], 1)


def test_an_unknown_activation_is_refused_with_the_near_ones() -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.Dense(2, 2, "rellu")
    assert caught.value.argument == "activation_name"
    assert "did you mean relu" in caught.value.got


@pytest.mark.parametrize("size", [0, -1, 2.5, "2", None, True, float("nan"), 10**400])
def test_a_size_that_is_no_positive_integer_is_refused(size: Any) -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.Linear(size, 2)
    assert caught.value.argument == "input_size"


def test_numpy_numbers_are_numbers() -> None:
    sizes: Any = (np.int64(3), np.float32(2.0))
    assert nn.Linear(*sizes).get_parameters()["w"].shape == (3, 2)


def test_float32_parameters_and_float64_inputs_compute_in_float64() -> None:
    layer = nn.Linear(3, 2)
    layer.set_parameters({"w": np.ones((3, 2), dtype=np.float32)})
    assert layer.forward(X).dtype == np.float64


def test_a_dense_cache_has_the_input_and_the_activation() -> None:
    layer = nn.Dense(3, 2, "tanh")
    layer.forward(X)
    assert set(layer.get_cache()) == {"x", "activation(y)"}


def test_flatten_lays_features_out_in_c_order() -> None:
    x = np.arange(12.0).reshape(2, 3, 2)
    layer = nn.Flatten()
    np.testing.assert_array_equal(layer.forward(x), np.arange(12.0).reshape(2, 6))
    np.testing.assert_array_equal(layer.backward(np.arange(12.0).reshape(2, 6))[0], x)


def test_a_dense_shares_its_parameters_with_the_layers_that_it_stands_for() -> None:
    model, x = nn.LogisticRegression(3, 2), RNG.standard_normal((4, 3))
    y = model.softmax.forward(model.bias.forward(model.linear.forward(x)))
    np.testing.assert_allclose(model.forward(x), y, rtol=1e-12)
    model.set_parameters({"w": np.ones((3, 2), np.float32)})
    assert model.linear.get_parameters()["w"] is model.get_parameters()["w"]
    model.bias.set_parameters({"b": np.array([0.0, 1.0], np.float32)})
    assert model.get_parameters()["b"].tolist() == [0, 1]
