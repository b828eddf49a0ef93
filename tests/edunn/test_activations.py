"""ReLU, Sigmoid, TanH, GELU and Softmax: extreme values and what they keep."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import edunn as nn
from edunn.layers.gelu import normal_cdf

floats = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@floats
@pytest.mark.parametrize("kind", [nn.Sigmoid, nn.TanH, nn.GELU, nn.ReLU, nn.Softmax])
@pytest.mark.parametrize("size", [45, 88, 355, 710, 1000, 1e30])
def test_large_numbers_give_finite_outputs_and_gradients_without_a_warning(
    kind: type[Any], dtype: type[np.generic], size: float
) -> None:
    layer, x = kind(), np.array([[-size, 0, size]], dtype=dtype)
    y = layer.forward(x)
    δEδx, _ = layer.backward(np.ones_like(y))
    assert np.all(np.isfinite(y))
    assert np.all(np.isfinite(δEδx))


def test_softmax_of_1000_and_999_is_right() -> None:
    y = nn.Softmax().forward(np.array([[1000.0, 999.0]]))
    np.testing.assert_allclose(y, [[0.7310585786300049, 0.2689414213699951]], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_softmax_of_moderate_scores_is_that_of_the_same_scores_moved_far(
    dtype: type[np.floating],
) -> None:
    scores = np.array([[-30, 30, 29], [0, -30, -29]]).astype(dtype)
    moved = nn.Softmax().forward(scores + dtype(64))
    np.testing.assert_allclose(nn.Softmax().forward(scores), moved, rtol=float(np.finfo(dtype).eps))


def test_softmax_sums_to_one_with_smoothing() -> None:
    y = nn.Softmax(smoothing=0.1).forward(np.array([[1000.0, 0.0, -1000.0]]))
    np.testing.assert_allclose(y.sum(), 1, rtol=1e-15)
    np.testing.assert_allclose(y[0, 2], 0.1 / 1.3, rtol=1e-15)


def test_the_first_argument_of_softmax_is_its_name() -> None:
    assert nn.Softmax("scores").name == "scores"
    number: Any = 3
    layer = nn.Softmax(number)
    assert (layer.name, layer.smoothing) == ("3", 0)


def test_softmax_of_a_single_class_is_one_and_its_gradient_zero() -> None:
    layer = nn.Softmax()
    np.testing.assert_allclose(layer.forward(np.array([[5.0], [-3.0]])), 1)
    np.testing.assert_allclose(layer.backward(np.array([[2.0], [3.0]]))[0], 0, atol=1e-15)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4), (2, 0)])
def test_softmax_refuses_what_is_not_a_matrix_of_scores(shape: tuple[int, ...]) -> None:
    with pytest.raises(nn.LayerError, match="classes"):
        nn.Softmax().forward(np.zeros(shape))


@pytest.mark.parametrize("x", [1e-17, 1e-300, -1e-17, 1e-9])
def test_tanh_of_a_tiny_number_is_that_number(x: float) -> None:
    assert nn.TanH().forward(np.array([x]))[0] == x


def test_sigmoid_is_precise_far_below_zero() -> None:
    y = nn.Sigmoid().forward(np.array([-700.0, -40.0]))
    np.testing.assert_allclose(y, [math.exp(-700), math.exp(-40)], rtol=1e-14)


def test_sigmoid_is_one_half_at_zero() -> None:
    assert nn.Sigmoid().forward(np.zeros(1))[0] == 0.5


def test_relu_keeps_a_boolean_per_number() -> None:
    layer = nn.ReLU()
    layer.forward(np.array([[-1.0, 0.0, 2.0]]))
    (mask,) = layer.get_cache().values()
    np.testing.assert_array_equal(mask, [[False, False, True]])
    assert mask.dtype == np.bool_


def test_relu_has_slope_zero_at_zero() -> None:
    layer = nn.ReLU()
    layer.forward(np.zeros((1, 2)))
    np.testing.assert_array_equal(layer.backward(np.ones((1, 2)))[0], 0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_an_infinite_error_does_not_pass_where_relu_was_zero(dtype: type[np.generic]) -> None:
    layer = nn.ReLU()
    layer.forward(np.array([-1, 2, -3, 4], dtype))
    δEδx, _ = layer.backward(np.array([np.inf, np.inf, np.nan, -0.0], dtype))
    np.testing.assert_array_equal(δEδx, np.array([0, np.inf, 0, 0], dtype))


def test_nan_stays_nan() -> None:
    for kind in (nn.ReLU, nn.Sigmoid, nn.TanH, nn.GELU, nn.Softmax):
        assert np.isnan(kind().forward(np.array([[np.nan, 1.0]]))[0, 0])


def test_the_normal_distribution_function_agrees_with_erfc() -> None:
    x = np.linspace(-37, 37, 2001)
    expected = [math.erfc(-value / math.sqrt(2)) / 2 for value in x]
    # exp(-x²/2) alone is off by x² roundings in the lower tail.
    np.testing.assert_allclose(normal_cdf(x), expected, rtol=4e-13)
    middle = np.abs(x) < 3
    np.testing.assert_allclose(normal_cdf(x)[middle], np.array(expected)[middle], rtol=1e-14)


def test_the_normal_distribution_function_is_precise_in_single_precision() -> None:
    x = np.linspace(-12, 12, 2001, dtype=np.float32)
    expected = [math.erfc(-float(value) / math.sqrt(2)) / 2 for value in x]
    np.testing.assert_allclose(normal_cdf(x), expected, rtol=3e-5, atol=1e-38)
    assert normal_cdf(x).dtype == np.float32


def test_the_normal_distribution_function_takes_infinities() -> None:
    np.testing.assert_array_equal(normal_cdf(np.array([-np.inf, np.inf])), [0, 1])


def test_the_normal_distribution_function_is_the_same_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = np.asfortranarray(np.linspace(-5, 5, 60).reshape(3, 4, 5))
    whole = normal_cdf(x)
    monkeypatch.setattr("edunn.layers.gelu._BLOCK", 7)
    np.testing.assert_array_equal(normal_cdf(x), whole)


def test_gelu_is_exact_and_not_the_tanh_approximation() -> None:
    # The approximation gives 1.9545977 here.
    y = nn.GELU().forward(np.array([2.0]))
    np.testing.assert_allclose(y, [2 * (1 + math.erf(math.sqrt(2))) / 2], rtol=1e-15)
