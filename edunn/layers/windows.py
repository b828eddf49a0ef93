"""Windows that slide over images: how many fit, and their values as columns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edunn.arrays import FloatArray, Shaped, describe
from edunn.model import Model

Pair = tuple[int, int]
Place = tuple[Any, ...]


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


@dataclass(frozen=True)
class Part:
    """Some windows of some samples: which samples, and which rows and columns of windows."""

    samples: slice
    rows: slice
    columns: slice


@dataclass(frozen=True)
class Windows:
    """Windows of one kernel over images of one size, with zeros beyond the images' edges."""

    size: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    counts: Pair

    def parts(self, samples: int, together: int) -> Iterator[Part]:
        """Divide the windows of all samples into parts of so many, or a few less."""
        rows, columns = self.counts
        if together >= rows * columns:
            for part in _slices(samples, together // (rows * columns)):
                yield Part(part, slice(0, rows), slice(0, columns))
            return
        for sample in _slices(samples, 1):
            for row in _slices(rows, max(1, together // columns)):
                for column in _slices(columns, together):
                    yield Part(sample, row, column)

    def count_parts(self, samples: int, together: int) -> int:
        """Return how many parts `parts` yields."""
        rows, columns = self.counts
        if together >= rows * columns:
            return -(-samples // (together // (rows * columns)))
        return samples * -(-rows // max(1, together // columns)) * -(-columns // together)

    def to_columns(self, x: FloatArray, part: Part) -> FloatArray:
        """Lay out the values under each window as a column, so that a convolution is a product.

        Parameters
        ----------
        x : ndarray, shape (samples, channels, height, width)

        Returns
        -------
        ndarray, shape (samples, channels * kernel height * kernel width, windows)
            The way known as im2col: Chellapilla, Puri and Simard, High performance convolutional
            neural networks for document processing, 2006.
        """
        images = x[part.samples]
        rows, columns = (s.stop - s.start for s in (part.rows, part.columns))
        make = np.empty if self.padding == (0, 0) else np.zeros
        laid_out = make((*images.shape[:2], *self.kernel, rows, columns), x.dtype)
        for place, pixels in self._overlaps(part):
            laid_out[place] = images[pixels]
        return laid_out.reshape(len(images), -1, rows * columns)

    def add_columns(self, x: FloatArray, columns: FloatArray, part: Part) -> None:
        """Add what `to_columns` would lay out as columns to where it lies in the images."""
        images = x[part.samples]
        rows, across = (s.stop - s.start for s in (part.rows, part.columns))
        laid_out = columns.reshape(*images.shape[:2], *self.kernel, rows, across)
        for place, pixels in self._overlaps(part):
            images[pixels] += laid_out[place]

    def _overlaps(self, part: Part) -> Iterator[tuple[Place, Place]]:
        """Yield where windows lie on the images: the place in the columns, and in the images.

        For each element of the kernel all windows at once, or for each window all its elements.
        """
        rows, columns = part.rows, part.columns
        windows = (rows.stop - rows.start) * (columns.stop - columns.start)
        by_element = math.prod(self.kernel) <= windows
        lying = self._elements if by_element else self._windows
        across = list(lying(1, columns))
        for element, window, pixels in lying(0, rows):
            for beside in across:
                place = (..., element, beside[0], window, beside[1])
                yield place, (..., pixels, beside[2])

    def _elements(self, axis: int, windows: slice) -> Iterator[tuple[int, slice, slice]]:
        """Yield each element of an axis of the kernel, and the windows where it is on the image."""
        stride = self.stride[axis]
        for element in range(self.kernel[axis]):
            before = self.padding[axis] - element
            first = max(windows.start, -(-before // stride))
            last = min(windows.stop - 1, (self.size[axis] - 1 + before) // stride)
            if first <= last:
                pixel = first * stride - before
                pixels = slice(pixel, pixel + (last - first) * stride + 1, stride)
                yield element, slice(first - windows.start, last + 1 - windows.start), pixels

    def _windows(self, axis: int, windows: slice) -> Iterator[tuple[slice, int, slice]]:
        """Yield each window along an axis, with the elements of the kernel on the image."""
        for window in range(windows.start, windows.stop):
            begin = window * self.stride[axis] - self.padding[axis]
            first, end = max(0, -begin), min(self.kernel[axis], self.size[axis] - begin)
            if first < end:
                yield slice(first, end), window - windows.start, slice(begin + first, begin + end)


def _slices(length: int, size: int) -> Iterator[slice]:
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))
