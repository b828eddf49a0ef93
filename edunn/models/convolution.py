"""Convolution of images, and the steps that it and its backward are made of."""

from __future__ import annotations

import numpy as np

from edunn.arrays import Array, FloatArray
from edunn.layers.convolution import Conv2d
from edunn.layers.windows import Pair

__all__ = [
    "Conv2d",
    "conv2d_backward_w",
    "conv2d_backward_x",
    "conv2d_forward",
    "dilate2d",
    "is_odd",
    "pad2d",
]


def dilate2d(x: FloatArray, dilation: Pair) -> FloatArray:
    """Put zeros between the pixels of images, so that they are `dilation` apart.

    Parameters
    ----------
    x : ndarray, shape (samples, channels, height, width)
    dilation : pair of int
        1 leaves pixels where they are.
    """
    (n, c, h, w), (down, right) = x.shape, dilation
    dilated = np.zeros((n, c, max(0, (h - 1) * down + 1), max(0, (w - 1) * right + 1)), x.dtype)
    dilated[:, :, ::down, ::right] = x
    return dilated


def pad2d(x: FloatArray, pad_size: Pair) -> FloatArray:
    """Return a copy of images with `pad_size` zeros above and below, and left and right."""
    (top, left) = pad_size
    padded: FloatArray = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    return padded


def is_odd(x: int) -> bool:
    """Tell whether a number is odd."""
    return x % 2 == 1


def conv2d_forward(
    w: FloatArray, x: FloatArray, strides: Pair = (1, 1), pad_size: Pair = (0, 0)
) -> FloatArray:
    """Convolve images with kernels, as `Conv2d` does.

    Parameters
    ----------
    w : ndarray, shape (out_channels, in_channels, kernel height, kernel width)
    x : ndarray, shape (samples, in_channels, height, width)
    strides, pad_size : pair of int
        Steps between windows, and zeros on each side.

    Returns
    -------
    ndarray, shape (samples, out_channels, rows, columns)
    """
    out_channels, in_channels, *kernel_size = w.shape
    layer = Conv2d(
        in_channels, out_channels, tuple(kernel_size), strides, pad_size, kernel_initializer="Zero"
    )
    layer.set_parameters({"w": w})
    return layer.forward(x)


def conv2d_backward_x(
    w: FloatArray,
    x: FloatArray,
    input_x: Array,
    strides: Pair = (1, 1),
    pad_size: Pair = (0, 0),
) -> FloatArray:
    """Compute the gradient of a convolution's input, as a convolution of its output's gradient.

    Parameters
    ----------
    w : ndarray, shape (out_channels, in_channels, kernel height, kernel width)
        The kernels, turned upside down and left to right.
    x : ndarray, shape (samples, out_channels, rows, columns)
        The gradient of the output.
    input_x : ndarray
        The input, of which only the shape counts.
    strides : pair of int
        Those of the convolution.
    pad_size : pair of int
        The kernel's size less 1, less the padding of the convolution.

    Returns
    -------
    ndarray, shape of `input_x`
    """
    size = tuple(i + k - 1 for i, k in zip(input_x.shape[2:], w.shape[2:], strict=True))
    spread = np.zeros((*x.shape[:2], *size), x.dtype)
    (top, left), dilated = pad_size, dilate2d(x, strides)
    # Right and below there may be pixels that no window reached: there the zeros go on.
    dilated = dilated[:, :, max(0, -top) : size[0] - top, max(0, -left) : size[1] - left]
    (top, left), (height, width) = (max(0, top), max(0, left)), dilated.shape[2:]
    spread[:, :, top : top + height, left : left + width] = dilated
    return conv2d_forward(w.transpose(1, 0, 2, 3), spread)


def conv2d_backward_w(
    w: FloatArray,
    x: FloatArray,
    input_w: Array,
    strides: Pair = (1, 1),
    pad_size: Pair = (0, 0),
) -> FloatArray:
    """Compute the gradient of the kernels, as a convolution of the input.

    Parameters
    ----------
    w : ndarray, shape (samples, out_channels, rows, columns)
        The gradient of the output.
    x : ndarray, shape (samples, in_channels, height, width)
        The input.
    input_w : ndarray
        The kernels, of which only the shape counts.
    strides, pad_size : pair of int
        Those of the convolution.

    Returns
    -------
    ndarray, shape of `input_w`
    """
    windows, images = dilate2d(w, strides).transpose(1, 0, 2, 3), pad2d(x, pad_size)
    gradient = conv2d_forward(windows, images.transpose(1, 0, 2, 3))
    of_kernels: FloatArray = gradient.transpose(1, 0, 2, 3)
    return of_kernels[:, :, : input_w.shape[2], : input_w.shape[3]]
