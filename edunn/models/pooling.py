"""Pooling of images, and the steps that it and its backward are made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edunn.arrays import Array, FloatArray
from edunn.layers.pooling import AvgPool2d, MaxPool2d
from edunn.layers.windows import Pair

__all__ = [
    "AvgPool2d",
    "MaxPool2d",
    "conv2d_backward_avg",
    "conv2d_backward_max",
    "conv2d_forward",
]


def conv2d_forward(
    x: Array, func: Callable[[Array], float], stride: Pair = (1, 1), pool_size: Pair = (1, 1)
) -> FloatArray:
    """Compute a function of every window of images.

    Parameters
    ----------
    x : ndarray, shape (samples, channels, height, width)
    func : callable
        Of an array of the shape `pool_size`, such as `np.max`.
    stride, pool_size : pair of int
        Steps between windows, and their height and width.

    Returns
    -------
    ndarray of float64, shape (samples, channels, rows, columns)
    """
    windows = sliding_window_view(x, pool_size, axis=(2, 3))[:, :, :: stride[0], :: stride[1]]
    y = np.zeros(windows.shape[:4])
    for index in np.ndindex(y.shape):
        y[index] = func(windows[index])
    return y


def conv2d_backward_max(
    dy: FloatArray, x: FloatArray, stride: Pair = (1, 1), pool_size: Pair = (1, 1)
) -> FloatArray:
    """Give the error `dy` of each window to its largest value, as `MaxPool2d` does."""
    layer = MaxPool2d(pool_size, stride)
    layer.forward(x)
    return layer.backward(dy)[0]


def conv2d_backward_avg(
    dy: FloatArray, x: FloatArray, stride: Pair = (1, 1), pool_size: Pair = (1, 1)
) -> FloatArray:
    """Share the error `dy` of each window among its values, as `AvgPool2d` does."""
    layer = AvgPool2d(pool_size, stride)
    layer.forward(x)
    return layer.backward(dy)[0]
