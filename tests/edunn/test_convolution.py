"""Conv2d against a convolution written out in loops, and the meaning of its arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edunn as nn
from edunn.arrays import Array


def convolve(x: Array, w: Array, stride: tuple[int, ...], padding: tuple[int, ...]) -> Array:
    """Convolve by the definition, one product at a time."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    rows = (padded.shape[2] - w.shape[2]) // stride[0] + 1
    columns = (padded.shape[3] - w.shape[3]) // stride[1] + 1
    y = np.zeros((len(x), len(w), rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride[0], j * stride[1]
            window = padded[:, :, top : top + w.shape[2], left : left + w.shape[3]]
            y[:, :, i, j] = np.einsum("nchw,ochw->no", window, w)
    return y


sides = st.tuples(st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    kernel=sides,
    stride=sides,
    padding=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    size=st.tuples(st.integers(4, 8), st.integers(4, 8)),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_kernel_stride_padding_and_size(
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    size: tuple[int, ...],
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    layer = nn.build(
        "Conv2d",
        {
            "in_channels": 2,
            "out_channels": 3,
            "kernel_size": kernel,
            "stride": stride,
            "padding": padding,
        },
        rng=rng,
    )
    x = rng.standard_normal((2, 2, *size))
    y = layer.forward(x)
    w = layer.get_parameters()["w"]
    np.testing.assert_allclose(y, convolve(x, w, stride, padding), rtol=1e-10, atol=1e-12)
    # The gradient of a linear map is its transpose: <g, A x> = <Aᵀ g, x>, also in w.
    δEδy = rng.standard_normal(y.shape)
    δEδx, δEδp = layer.backward(δEδy)
    np.testing.assert_allclose(np.sum(δEδx * x), np.sum(δEδy * y), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.sum(δEδp["w"] * w), np.sum(δEδy * y), rtol=1e-9, atol=1e-9)


def output_shape(size: tuple[int, ...], **config: Any) -> tuple[int, ...]:
    return nn.Conv2d(1, 1, **config).forward(np.zeros((1, 1, *size))).shape[2:]


def test_an_integer_padding_is_for_both_axes() -> None:
    assert output_shape((5, 6), kernel_size=3, padding=1) == (5, 6)


def test_an_integer_padding_of_a_one_row_kernel_is_for_the_width_alone() -> None:
    assert output_shape((5, 6), kernel_size=(1, 3), padding=1) == (5, 6)


def test_an_integer_stride_of_a_one_row_kernel_is_for_the_width_alone() -> None:
    assert output_shape((5, 6), kernel_size=(1, 3), stride=2) == (5, 2)


def test_a_pair_sets_both_axes_of_a_one_row_kernel_too() -> None:
    assert output_shape((5, 6), kernel_size=(1, 3), stride=(2, 1), padding=(1, 0)) == (4, 4)


def test_padding_the_height_alone_is_not_ignored() -> None:
    assert output_shape((5, 6), kernel_size=3, padding=(1, 0)) == (5, 4)


def test_padding_the_width_alone_leaves_something() -> None:
    assert output_shape((5, 6), kernel_size=3, padding=(0, 1)) == (3, 6)


@pytest.mark.parametrize("kernel", [2, 4, (2, 3)])
def test_even_kernels_are_taken(kernel: int | tuple[int, int]) -> None:
    assert nn.utils.check_gradient.common_layer(nn.Conv2d(1, 2, kernel), (2, 1, 5, 5))


@pytest.mark.parametrize("padding", [3, 4, 7])
def test_padding_as_large_as_the_kernel_or_larger_gives_right_gradients(padding: int) -> None:
    layer = nn.Conv2d(1, 2, kernel_size=3, padding=padding)
    assert nn.utils.check_gradient.common_layer(layer, (1, 1, 4, 4))


@pytest.mark.parametrize("stride", [2, 3, (1, 2), (3, 1)])
def test_a_stride_that_does_not_divide_the_input_gives_right_gradients(
    stride: int | tuple[int, int],
) -> None:
    layer = nn.Conv2d(1, 2, kernel_size=3, stride=stride)
    assert nn.utils.check_gradient.common_layer(layer, (1, 1, 8, 6))


def test_bias_is_a_parameter_and_is_added() -> None:
    layer = nn.Conv2d(2, 3, 3, bias=True, bias_initializer=nn.initializers.Constant(5.0))
    y = layer.forward(np.zeros((1, 2, 4, 4)))
    np.testing.assert_array_equal(y, 5)
    assert set(layer.backward(np.ones_like(y))[1]) == {"w", "b"}


def test_without_bias_there_is_no_such_parameter() -> None:
    assert set(nn.Conv2d(2, 3, 3).get_parameters()) == {"w"}


def test_kernels_start_by_the_kaiming_rule_with_the_fan_in_of_a_window() -> None:
    np.random.seed(0)
    w = nn.Conv2d(16, 64, (3, 5)).get_parameters()["w"]
    bound = np.sqrt(6 / (16 * 3 * 5))
    assert np.abs(w).max() <= bound
    np.testing.assert_allclose(w.std(), bound / np.sqrt(3), rtol=0.02)


@pytest.mark.parametrize("shape", [(2, 5, 5), (2, 3, 5, 5), (1, 2, 2, 5), (1, 2, 5, 2), (2,)])
def test_an_input_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(nn.LayerError) as caught:
        nn.Conv2d(2, 1, 3).forward(np.zeros(shape))
    assert caught.value.argument == "x"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kernel_size", 0),
        ("kernel_size", (1, 2, 3)),
        ("stride", 0),
        ("stride", (1, 0)),
        ("padding", -1),
        ("padding", 1.5),
        ("bias", 1),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(field: str, value: Any) -> None:
    with pytest.raises(nn.ConfigError) as caught:
        nn.Conv2d(**{"in_channels": 1, "out_channels": 1, "kernel_size": 2, field: value})
    assert caught.value.argument.startswith(field)


def test_the_cache_is_the_input_alone() -> None:
    layer = nn.Conv2d(1, 1, 3, padding=2)
    layer.forward(np.ones((1, 1, 4, 4)))
    (x,) = layer.get_cache().values()
    assert x.shape == (1, 1, 4, 4)


def test_a_batch_too_large_to_lay_out_at_once_is_computed_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    layer, x = nn.Conv2d(2, 3, 3, padding=1), rng.standard_normal((7, 2, 5, 5))
    y = layer.forward(x)
    δEδx, δEδp = layer.backward(y)
    # Of one sample: 2 channels, 9 elements, 25 windows, 8 bytes.
    monkeypatch.setattr("edunn.layers.convolution._COLUMN_BYTES", 3 * 2 * 9 * 25 * 8)
    np.testing.assert_allclose(layer.forward(x), y, rtol=1e-12)
    parts = layer.backward(y)
    np.testing.assert_allclose(parts[0], δEδx, rtol=1e-12)
    np.testing.assert_allclose(parts[1]["w"], δEδp["w"], rtol=1e-12)
