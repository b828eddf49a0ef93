"""MaxPool2d and AvgPool2d against pooling written out, and where the error goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edunn as nn
from edunn.arrays import Array

sides = st.tuples(st.integers(1, 4), st.integers(1, 4))


def pool(
    x: Array, reduce: Callable[..., Array], kernel: tuple[int, ...], stride: tuple[int, ...]
) -> Array:
    """Pool by the definition, one window at a time."""
    rows = (x.shape[2] - kernel[0]) // stride[0] + 1
    columns = (x.shape[3] - kernel[1]) // stride[1] + 1
    y = np.zeros((*x.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride[0], j * stride[1]
            window = x[:, :, top : top + kernel[0], left : left + kernel[1]]
            y[:, :, i, j] = reduce(window, axis=(2, 3))
    return y


@pytest.mark.parametrize(("kind", "reduce"), [("MaxPool2d", np.max), ("AvgPool2d", np.mean)])
def test_any_window_stride_and_size(kind: str, reduce: Callable[..., Array]) -> None:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(sides, sides, st.tuples(st.integers(4, 8), st.integers(4, 8)), st.integers(0, 2**32 - 1))
    def check(
        kernel: tuple[int, ...], stride: tuple[int, ...], size: tuple[int, ...], seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        layer = nn.build(kind, {"kernel_size": kernel, "stride": stride})
        x = rng.standard_normal((2, 3, *size))
        y = layer.forward(x)
        np.testing.assert_allclose(y, pool(x, reduce, kernel, stride), rtol=1e-12, atol=1e-14)
        # Both are linear where the choice of the maxima is fixed: <g, A x> = <Aᵀ g, x>.
        δEδy = rng.standard_normal(y.shape)
        δEδx, _ = layer.backward(δEδy)
        np.testing.assert_allclose(np.sum(δEδx * x), np.sum(δEδy * y), rtol=1e-9, atol=1e-9)

    check()


def test_where_windows_overlap_the_errors_add() -> None:
    layer = nn.MaxPool2d(kernel_size=2, stride=1)
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1
    layer.forward(x)
    δEδx, _ = layer.backward(np.array([[[[1.0, 2.0], [4.0, 8.0]]]]))
    expected = np.zeros((3, 3))
    expected[1, 1] = 15
    np.testing.assert_array_equal(δEδx[0, 0], expected)


def test_the_first_of_equals_in_reading_order_gets_the_error() -> None:
    layer = nn.MaxPool2d(kernel_size=2, stride=2)
    layer.forward(np.array([[[[1.0, 2.0], [2.0, 2.0]]]]))
    δEδx, _ = layer.backward(np.ones((1, 1, 1, 1)))
    np.testing.assert_array_equal(δEδx[0, 0], [[0, 1], [0, 0]])


def test_rows_that_do_not_fill_a_window_are_left_out_and_get_no_error() -> None:
    for layer in (nn.MaxPool2d(2, 2), nn.AvgPool2d(2, 2)):
        assert layer.forward(np.ones((1, 1, 5, 5))).shape == (1, 1, 2, 2)
        δEδx, _ = layer.backward(np.ones((1, 1, 2, 2)))
        assert δEδx.shape == (1, 1, 5, 5)
        np.testing.assert_array_equal(δEδx[0, 0, 4], 0)


def test_nan_is_the_largest() -> None:
    x = np.array([[[[1.0, np.nan], [3.0, np.inf]]]])
    assert np.isnan(nn.MaxPool2d(2).forward(x)[0, 0, 0, 0])


def test_minus_infinity_everywhere_has_a_place_too() -> None:
    layer = nn.MaxPool2d(2)
    layer.forward(np.full((1, 1, 2, 2), -np.inf))
    np.testing.assert_array_equal(layer.backward(np.ones((1, 1, 1, 1)))[0].sum(), 1)


@pytest.mark.parametrize(
    ("kernel", "dtype"), [(2, np.uint8), (15, np.uint8), (16, np.uint16), ((1, 20), np.uint8)]
)
def test_the_cache_is_the_smallest_integer_that_names_a_place_in_the_window(
    kernel: int | tuple[int, int], dtype: type[np.generic]
) -> None:
    layer = nn.MaxPool2d(kernel)
    layer.forward(np.arange(2.0 * 20 * 20).reshape(1, 2, 20, 20))
    cache = layer.get_cache()
    assert cache["index"].dtype == dtype
    assert set(cache) == {"index", "height", "width"}
    assert np.all(cache["index"] == np.prod(kernel) ** (2 if np.ndim(kernel) == 0 else 1) - 1)


def test_an_average_keeps_the_shape_alone() -> None:
    layer = nn.AvgPool2d(2)
    layer.forward(np.ones((1, 1, 4, 5)))
    assert {name: value.tolist() for name, value in layer.get_cache().items()} == {
        "shape": [1, 1, 4, 5]
    }


@pytest.mark.parametrize("kind", [nn.MaxPool2d, nn.AvgPool2d])
@pytest.mark.parametrize("shape", [(4, 4), (1, 4, 4), (1, 1, 2, 4), (1, 1, 4, 2)])
def test_an_input_that_does_not_fit_is_refused(kind: type[Any], shape: tuple[int, ...]) -> None:
    with pytest.raises(nn.LayerError) as caught:
        kind(3).forward(np.zeros(shape))
    assert caught.value.argument == "x"


def test_an_infinite_error_reaches_the_largest_alone() -> None:
    layer = nn.MaxPool2d(2)
    layer.forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
    δEδx, _ = layer.backward(np.array([[[[-np.inf]]]]))
    np.testing.assert_array_equal(δEδx, [[[[0, 0], [-np.inf, 0]]]])
