"""Pooling of images: the largest or the mean of each window."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import (
    Array,
    FloatArray,
    Shaped,
    double,
    keep_where,
    quiet,
    restore,
    shape_of,
    widen,
)
from edunn.estimate import FLOAT64, NUMBER, ArraySpec, Cost, Estimate, shape_spec, work
from edunn.fields import Field, check_arguments
from edunn.layers.windows import (
    Pair,
    as_pair,
    check_images,
    count_windows,
)
from edunn.model import Model, ParameterSet


class _Pool2d(Model):
    """What both poolings share: the window, and the size of the last images."""

    def __init__(
        self,
        kernel_size: Annotated[
            int | tuple[int, int], Field("Height and width of the window.", minimum=1)
        ],
        stride: Annotated[int | tuple[int, int], Field("Steps between windows.", minimum=1)] = 1,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        config = check_arguments(_Pool2d, self.label, kernel_size=kernel_size, stride=stride)
        self.kernel_size = as_pair(config["kernel_size"])
        self.stride = as_pair(config["stride"])

    def _counts(self, x: Shaped) -> Pair:
        check_images(self, x, None)
        return count_windows(self, (x.shape[2], x.shape[3]), self.kernel_size, self.stride)

    # A window is a row of columns: reduce along each row first, then down the rows. That
    # takes kernel height + width steps over whole arrays, not their product.

    def _column(self, x: Array, j: int, columns: int) -> Array:
        """Return the values in column j of every window, for every row of the image."""
        step = self.stride[1]
        return x[:, :, :, j : j + step * (columns - 1) + 1 : step]

    def _row(self, x: Array, i: int, rows: int) -> Array:
        """Return the values in row i of every window."""
        step = self.stride[0]
        return x[:, :, i : i + step * (rows - 1) + 1 : step]


class MaxPool2d(_Pool2d):
    """Take the largest value of each window of an image.

    Parameters
    ----------
    kernel_size : int or pair of int
        Height and width of the window.
    stride : int or pair of int
        Steps between windows. Rows and columns that do not fill a window are left out.

    Notes
    -----
    Of equal values the first in reading order counts as the largest and gets the error, as
    in PyTorch. NaN counts as larger than any number.
    """

    cache_entries = (frozenset({"index", "height", "width"}),)

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Take the maxima, and remember where they were.

        Parameters
        ----------
        x : ndarray of floats, shape (samples, channels, height, width)

        Returns
        -------
        y : ndarray, shape (samples, channels, rows, columns), same dtype
            With rows = (height - kernel) // stride + 1, columns likewise.
        """
        x = self._input("x", x)
        rows, columns = self._counts(x)
        (height, width), kernel_width = self.kernel_size, self.kernel_size[1]
        # The smallest integer that can tell the elements of one window apart.
        index_dtype = np.min_scalar_type(height * width)
        best = self._column(x, 0, columns).copy()
        best_column = np.zeros(best.shape, index_dtype)
        for j in range(1, kernel_width):
            # A copy without gaps: three passes follow, each several times faster for it.
            value = self._column(x, j, columns).copy()
            _keep_larger(best, best_column, value, index_dtype.type(j))
        y = self._row(best, 0, rows).copy()
        index = self._row(best_column, 0, rows).copy()
        for i in range(1, height):
            value = self._row(best, i, rows).copy()
            place = self._row(best_column, i, rows) + index_dtype.type(i * kernel_width)
            _keep_larger(y, index, value, place)
        self._save(index=index, height=x.shape[2], width=x.shape[3])
        return y

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Give the error of each window to its largest value; where windows overlap, add.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape as the last input
        δEδp : dict
            Empty.
        """
        cache = self._saved()
        index = self._saved_array("index")
        given = self._gradient(δEδy, index.shape)
        rows, columns = index.shape[2:]
        wide = widen(given)
        size = (int(cache["height"]), int(cache["width"]))
        δEδx = np.zeros((*index.shape[:2], *size), wide.dtype)
        for i in range(self.kernel_size[0]):
            for j in range(self.kernel_size[1]):
                part = keep_where(index == i * self.kernel_size[1] + j, wide)
                # Element (i, j) of every window, at once.
                self._column(self._row(δEδx, i, rows), j, columns)[...] += part
        return restore(δEδx, given.dtype), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        rows, columns = self._counts(self._floats("x", x))
        kernel_height, kernel_width = self.kernel_size
        index_dtype = np.min_scalar_type(kernel_height * kernel_width)
        y = x._replace(shape=(*x.shape[:2], rows, columns))
        across = x._replace(shape=(*x.shape[:3], columns))
        index = y._replace(dtype=index_dtype)
        places = across._replace(dtype=index_dtype)
        forward = Cost(
            work(
                calls=12 + 10 * (kernel_width + kernel_height),
                elements=9 * (kernel_width * across.size + kernel_height * y.size),
            ),
            2 * across.nbytes + 4 * places.nbytes + 6 * across.size + 2 * y.nbytes,
        )
        backward = Cost(
            work(
                calls=6 + 12 * kernel_height * kernel_width,
                elements=x.size * 2 + 8 * kernel_height * kernel_width * y.size,
            ),
            x.wide_bytes() + x.nbytes + 5 * y.wide_bytes() + y.size,
        )
        cache = {"index": index, "height": NUMBER, "width": NUMBER}
        return Estimate(y, cache, forward, backward)


class AvgPool2d(_Pool2d):
    """Take the mean of each window of an image.

    Parameters
    ----------
    kernel_size : int or pair of int
        Height and width of the window.
    stride : int or pair of int
        Steps between windows. Rows and columns that do not fill a window are left out.
    """

    cache_entries = (frozenset({"shape"}),)

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Take the means.

        Parameters
        ----------
        x : ndarray of floats, shape (samples, channels, height, width)

        Returns
        -------
        y : ndarray, shape (samples, channels, rows, columns), same dtype
            With rows = (height - kernel) // stride + 1, columns likewise.
        """
        x = self._input("x", x)
        rows, columns = self._counts(x)
        wide = double(x)
        across = self._column(wide, 0, columns).copy()
        for j in range(1, self.kernel_size[1]):
            across += self._column(wide, j, columns)
        y = self._row(across, 0, rows).copy()
        for i in range(1, self.kernel_size[0]):
            y += self._row(across, i, rows)
        y /= self.kernel_size[0] * self.kernel_size[1]
        self._save(shape=shape_of(x))
        return restore(y, x.dtype)

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Share the error of each window among its values.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape as the last input
        δEδp : dict
            Empty.
        """
        samples, channels, *size = self._saved_shape()
        rows, columns = count_windows(self, (size[0], size[1]), self.kernel_size, self.stride)
        δEδy = self._gradient(δEδy, (samples, channels, rows, columns))
        share = double(δEδy) / (self.kernel_size[0] * self.kernel_size[1])
        across = np.zeros((*share.shape[:2], size[0], columns), share.dtype)
        for i in range(self.kernel_size[0]):
            self._row(across, i, rows)[...] += share
        δEδx = np.zeros((*share.shape[:2], *size), share.dtype)
        for j in range(self.kernel_size[1]):
            self._column(δEδx, j, columns)[...] += across
        return restore(δEδx, δEδy.dtype), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        rows, columns = self._counts(self._floats("x", x))
        kernel_height, kernel_width = self.kernel_size
        y = x._replace(shape=(*x.shape[:2], rows, columns))
        across = ArraySpec((*x.shape[:3], columns), FLOAT64)
        calls = 12 + 3 * (kernel_width + kernel_height)
        wide = y._replace(dtype=FLOAT64)
        cast = 0 if x.dtype == FLOAT64 else 8 * x.size
        forward = Cost(
            work(
                calls=calls,
                elements=2 * x.size + kernel_width * across.size + (2 + kernel_height) * y.size,
            ),
            cast + across.nbytes + 2 * wide.nbytes + y.nbytes,
        )
        backward = Cost(
            work(
                calls=calls,
                elements=3 * x.size
                + (1 + 2 * kernel_width) * across.size
                + (2 + 2 * kernel_height) * y.size,
            ),
            cast + x.nbytes + across.nbytes + 2 * wide.nbytes,
        )
        return Estimate(y, {"shape": shape_spec(x)}, forward, backward)


def _keep_larger(best: Array, place: Array, value: Array, value_place: Array) -> None:
    """Where `value` is larger, or is NaN, put it in `best` and its place in `place`."""
    larger = (value > best) | (value != value)
    # Sums and products have no branches, which makes them several times faster than a copy
    # under a mask. Unsigned integers wrap round, so that a negative difference adds up too.
    place += larger * (value_place - place)
    np.maximum(best, value, out=best)
