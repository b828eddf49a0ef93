"""Windows that slide over images: how many fit, and their values as columns."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edunn.arrays import FloatArray, Shaped, check_size, describe
from edunn.model import Model

Pair = tuple[int, int]


def as_pair(value: int | Pair) -> Pair:
    """Return (height, width) of an int that stands for both, or of a pair."""
    return value if isinstance(value, tuple) else (value, value)


def check_images(model: Model, x: Shaped, channels: int | None) -> None:
    """Refuse what is not (samples, channels, height, width).

    Raises
    ------
    LayerError
        If the rank is not four, or `channels` is given and differs.
    """
    if x.ndim != 4 or channels not in (None, x.shape[1]):
        shape = f"(samples, {channels or 'channels'}, height, width)"
        raise model.refusal("x", f"of shape {shape}", describe(x))


def count_windows(
    model: Model, size: Pair, kernel: Pair, stride: Pair, padding: Pair = (0, 0)
) -> Pair:
    """Return how many windows fit below and beside each other in images of a size.

    Rows and columns that remain where the stride does not divide evenly are left out.

    Raises
    ------
    LayerError
        If not even one window fits.
    """
    rows = (size[0] + 2 * padding[0] - kernel[0]) // stride[0] + 1
    columns = (size[1] + 2 * padding[1] - kernel[1]) // stride[1] + 1
    if rows < 1 or columns < 1:
        least = [max(0, k - 2 * p) for k, p in zip(kernel, padding, strict=True)]
        raise model.refusal(
            "x",
            f"at least {least[0]} high and {least[1]} wide to hold its window",
            f"{size[0]} high and {size[1]} wide",
        )
    return rows, columns


def pad(x: FloatArray, padding: Pair) -> FloatArray:
    """Put zeros around every image; without padding it is the same array."""
    if padding == (0, 0):
        return x
    (n, c, h, w), (top, left) = x.shape, padding
    padded = np.zeros(check_size((n, c, h + 2 * top, w + 2 * left)), x.dtype)
    padded[:, :, top : top + h, left : left + w] = x
    return padded


def to_columns(x: FloatArray, kernel: Pair, stride: Pair) -> FloatArray:
    """Lay out the values under each window as a column, so that a convolution is one product.

    Parameters
    ----------
    x : ndarray, shape (samples, channels, height, width)

    Returns
    -------
    ndarray, shape (channels * kernel height * kernel width, samples * windows)
        The way known as im2col: Chellapilla, Puri and Simard, High performance convolutional
        neural networks for document processing, 2006.
    """
    view = sliding_window_view(x, kernel, axis=(2, 3))[:, :, :: stride[0], :: stride[1]]
    n, c, rows, columns, kh, kw = view.shape
    return view.transpose(1, 4, 5, 0, 2, 3).reshape(c * kh * kw, n * rows * columns)
