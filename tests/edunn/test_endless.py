"""Nothing takes time or memory but what is given and what is answered."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counted import counted, counting
from numpy.lib.stride_tricks import sliding_window_view

import edunn as nn
from edunn.arrays import Array
from edunn.estimate import ArraySpec
from edunn.layers import convolution, rnn

HUGE = 2**31 - 1


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (nn.RNN(1, 1, 1), (0, 2**58, 1), (0, 2**58, 1)),
        (nn.RNN(1, 2, 3, bptt_truncate=5), (0, 2**50, 1), (0, 2**50, 2)),
        (nn.RNN(2, 1, 1), (2**40, 0, 2), (2**40, 0, 1)),
        (nn.MaxPool2d(2**28), (0, 1, 2**28, 2**29), (0, 1, 1, 2**28 + 1)),
        (nn.AvgPool2d(2**28), (1, 0, 2**28, 2**29), (1, 0, 1, 2**28 + 1)),
        (nn.Conv2d(1, 2, 1, padding=(2**20, 2**20)), (0, 1, 3, 3), (0, 2, 2**21 + 3, 2**21 + 3)),
        (nn.Conv2d(1, 1, 1), (0, 1, 2**28, 2**28), (0, 1, 2**28, 2**28)),
        (nn.Flatten(), (0, 2**29, 2**29), (0, 2**58)),
        (nn.Dropout(), (0, 2**58), (0, 2**58)),
        (nn.GELU(), (2**58, 0), (2**58, 0)),
        (nn.Dense(1, 1, "tanh"), (0, 1), (0, 1)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Model) else None,
)
def test_nothing_is_done_for_an_empty_result(
    layer: nn.Model, shape: tuple[int, ...], output: tuple[int, ...]
) -> None:
    y = layer.forward(np.empty(shape))
    assert y.shape == output
    δEδx, δEδp = layer.backward(np.empty(output))
    assert δEδx.shape == shape
    assert all(np.all(g == 0) for g in δEδp.values())


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(1, 1, 1, padding=(HUGE, HUGE)), (0, 1, 3, 3)),
        (nn.RNN(1, 1, 1000), (0, 2**58, 1)),
        (nn.RNN(1, 1000, 1), (0, 2**58, 1)),
    ],
)
def test_a_result_that_no_array_can_be_is_refused_in_words(
    layer: nn.Model, shape: tuple[int, ...]
) -> None:
    with pytest.raises(nn.LayerError, match="of a shape that can be") as caught:
        layer.forward(np.empty(shape))
    assert caught.value.argument == "x"


@pytest.mark.parametrize("padding", [2**25, HUGE])
def test_one_that_there_is_no_memory_for_is_a_matter_of_memory(padding: Any) -> None:
    with pytest.raises(MemoryError):
        nn.Conv2d(1, 1, 1, padding=(padding, padding)).forward(np.empty((1, 1, 3, 3)))


def images(*size: int) -> Array:
    x = np.round(np.random.default_rng(0).standard_normal((1, 2, *size)), 1)
    x[0, 0, size[0] // 2, size[1] // 3] = np.nan
    return x


@pytest.mark.parametrize("kernel", [(2, 70), (75, 3), (66, 66), (1, 90)])
@pytest.mark.parametrize("stride", [(1, 1), (3, 50)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_pools_with_wide_windows_are_right(
    kernel: tuple[int, int], stride: tuple[int, int], dtype: type[np.generic]
) -> None:
    x = images(80, 90).astype(dtype)
    windows = sliding_window_view(x, kernel, axis=(2, 3))[:, :, :: stride[0], :: stride[1]]
    flat = windows.reshape(*windows.shape[:4], -1)
    largest, mean = nn.MaxPool2d(kernel, stride), nn.AvgPool2d(kernel, stride)
    y = largest.forward(x)
    np.testing.assert_array_equal(y, flat.max(axis=-1))
    np.testing.assert_array_equal(largest.get_cache()["index"], flat.argmax(axis=-1))
    rtol = 1e-2 if dtype == np.float16 else 1e-5
    np.testing.assert_allclose(
        mean.forward(x), flat.astype(np.float64).mean(axis=-1).astype(dtype), rtol, atol=1e-3
    )
    # What goes back adds up to what was given, wherever it goes.
    δEδy = np.random.default_rng(1).standard_normal(y.shape).astype(dtype)
    for layer in (largest, mean):
        δEδx, _ = layer.backward(δEδy)
        total = δEδy.astype(np.float64).sum()
        np.testing.assert_allclose(δEδx.astype(np.float64).sum(), total, rtol=0.05, atol=0.5)


@pytest.mark.parametrize("kind", [nn.MaxPool2d, nn.AvgPool2d])
@pytest.mark.parametrize("kernel", [(70, 3), (2, 80)])
def test_the_gradients_of_wide_windows_agree_with_differences(
    kind: type[Any], kernel: tuple[int, int]
) -> None:
    shape = (1, 1, kernel[0] + 3, kernel[1] + 2)
    assert nn.utils.check_gradient.common_layer(kind(kernel, (2, 1)), shape)


@pytest.mark.parametrize(("steps", "reach", "hidden"), [(5, 1, 2), (40, 13, 4), (90, 88, 1)])
def test_a_far_truncation_is_the_near_one(steps: int, reach: int, hidden: int) -> None:
    rng = np.random.default_rng(0)
    δEδh, W = rng.standard_normal((2, steps, hidden)), rng.standard_normal((hidden, hidden))
    slope = rng.uniform(0.3, 1, (2, steps, hidden))
    near, far = (go(δEδh, slope, W, reach) for go in (rnn._truncated, rnn._truncated_far))
    np.testing.assert_allclose(far, near, rtol=1e-9, atol=1e-12)


def work_of(monkeypatch: pytest.MonkeyPatch, layer: nn.Model, x: Array) -> tuple[int, ...]:
    """Return the work of a forward and that of its backward, as NumPy does it."""
    with counting(monkeypatch) as counter:
        y = layer.forward(counted(x))
        forward, counter.work = counter.work, 0
        layer.backward(counted(np.ones(y.shape)))
    return forward, counter.work


@pytest.mark.parametrize(
    "make",
    [
        lambda size: (nn.MaxPool2d((1, size // 2)), np.zeros((1, 1, 1, size))),
        lambda size: (nn.MaxPool2d((size // 2, 1)), np.zeros((1, 1, size, 3))),
        lambda size: (nn.AvgPool2d((1, size // 2)), np.zeros((1, 1, 1, size))),
        lambda size: (nn.AvgPool2d((size, 2)), np.zeros((1, 1, size, 3))),
        lambda size: (nn.RNN(1, 1, 1, bptt_truncate=size // 32), np.zeros((1, size // 16, 1))),
    ],
)
def test_twice_the_size_is_little_more_than_twice_the_work(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = (work_of(monkeypatch, *make(size)) for size in (20_000, 40_000))
    for few, many in zip(small, large, strict=True):
        assert many < 2.5 * few


def peak_of(run: Callable[..., Any]) -> int:
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_padding_that_the_stride_leaps_over_takes_no_memory() -> None:
    layer, x = nn.Conv2d(1, 1, 3, padding=20_000, stride=20_000), np.ones((1, 1, 3, 3))
    assert layer.forward(x).shape == (1, 1, 3, 3)
    assert peak_of(lambda: layer.backward(layer.forward(x)[:])) < 2**20


def test_the_columns_of_a_large_image_take_no_more_memory_than_those_of_a_small_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(convolution, "_COLUMN_BYTES", 2**18)
    layer, x = nn.Conv2d(1, 1, 30), np.ones((1, 1, 80, 80))
    limit = 6 * 2**18
    assert 10 * limit < 8 * 30**2 * 51**2
    assert peak_of(lambda: layer.backward(layer.forward(x))) < limit


@pytest.mark.parametrize("most", [1, 100, 700, 5000, 20_000])
def test_a_convolution_in_parts_is_the_whole_one(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = nn.Conv2d(2, 3, kernel_size=(3, 2), stride=(2, 1), padding=(1, 2), bias=True)
    x = np.random.default_rng(0).standard_normal((4, 2, 7, 6))
    y = layer.forward(x)
    δEδy = np.random.default_rng(1).standard_normal(y.shape)
    δEδx, δEδp = layer.backward(δEδy)
    monkeypatch.setattr(convolution, "_COLUMN_BYTES", most)
    np.testing.assert_allclose(layer.forward(x), y, rtol=1e-12)
    again_x, again_p = layer.backward(δEδy)
    np.testing.assert_allclose(again_x, δEδx, rtol=1e-12, atol=1e-13)
    for name, gradient in δEδp.items():
        np.testing.assert_allclose(again_p[name], gradient, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.MaxPool2d(70), (2, 1, 90, 100)),
        (nn.AvgPool2d((1, 90)), (3, 2, 5, 100)),
        (nn.AvgPool2d((80, 2), stride=3), (1, 2, 200, 9)),
        (nn.MaxPool2d((5, 5)), (2, 2, 20, 20)),
        (nn.RNN(2, 1, 3, bptt_truncate=90), (2, 200, 2)),
        (nn.Conv2d(1, 2, 30), (1, 1, 70, 70)),
        (nn.Conv2d(1, 2, 3, padding=30), (2, 1, 5, 5)),
    ],
    ids=str,
)
def test_the_estimates_of_what_is_done_in_another_way_hold(
    layer: nn.Model, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(0).standard_normal(shape)
    taken = layer.estimate(ArraySpec(shape, x.dtype))
    forward, backward = work_of(monkeypatch, layer, x)
    assert forward <= taken.forward.work <= 12 * forward
    assert backward <= taken.backward.work <= 12 * backward
    y = layer.forward(x)
    memory = peak_of(lambda: layer.forward(x)), peak_of(lambda: layer.backward(np.ones_like(y)))
    slack = 2**19
    assert memory[0] <= taken.forward.memory + slack <= 5 * (memory[0] + slack)
    assert memory[1] <= taken.backward.memory + slack <= 5 * (memory[1] + slack)
