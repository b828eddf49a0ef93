"""Pooling of images: the largest or the mean of each window."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

from edunn.arrays import (
    Array,
    FloatArray,
    Shaped,
    double,
    quiet,
    restore,
    widen,
)
from edunn.estimate import FLOAT64, NUMBER, ArraySpec, Cost, Estimate, shape_spec, work
from edunn.fields import Field, check_arguments
from edunn.layers import sliding
from edunn.layers.windows import (
    Pair,
    as_pair,
    check_images,
    count_windows,
)
from edunn.model import Model, ParameterSet


class _Pool2d(Model):
    """What both poolings share: the window, and the size of the last images."""

    alone = "samples"

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

    def _passes(self, x: ArraySpec, across: ArraySpec) -> tuple[int, int, int]:
        """Return what reducing along rows, then down columns, takes.

        Returns
        -------
        steps, touched, copied : int
            How many steps it takes, how many elements these touch, and how many elements are
            copied because the windows are wide.
        """
        images = x.shape[0] * x.shape[1]
        steps, touched, copied = 0, 0, 0
        for axis, lines in ((3, images * x.shape[2]), (2, images * across.shape[3])):
            extent = (x.shape[axis], self.kernel_size[axis - 2], self.stride[axis - 2])
            taken, elements = sliding.passes(*extent)
            steps, touched = steps + taken, touched + lines * elements
            if sliding.is_wide(*extent):
                copied = max(copied, lines * x.shape[axis])
        return steps, touched, copied


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
        (height, width), (down, right) = self.kernel_size, self.stride
        if x.size == 0:
            y = np.empty((*x.shape[:2], rows, columns), x.dtype)
            self._save(index=y.astype(self._index_dtype()), height=x.shape[2], width=x.shape[3])
            return y
        # A window is a row of columns: the largest of each row first, then of these down the rows.
        first = np.zeros((1,) * 4, self._index_dtype())
        best, place = sliding.maxima(x, 3, width, right, first, 1)
        y, index = sliding.maxima(best, 2, height, down, place, width)
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
        wide = widen(given)
        size = (int(cache["height"]), int(cache["width"]))
        if index.size == 0:
            δEδx = np.empty((*index.shape[:2], *size), wide.dtype)
        else:
            δEδx = self._scattered(index, wide, size)
        return restore(δEδx, given.dtype), {}

    def _are_apart(self) -> bool:
        """Tell whether no value lies in two windows."""
        return all(step >= size for size, step in zip(self.kernel_size, self.stride, strict=True))

    def _scattered(self, index: Array, error: FloatArray, size: Pair) -> FloatArray:
        """Add the error of each window at its place in images of a size."""
        samples, channels, rows, columns = index.shape
        length, images = size[0] * size[1], samples * channels
        # Windows go from place to place, and their elements from theirs.
        corners = size[1] * self.stride[0] * np.arange(rows)[:, np.newaxis]
        corners = corners + self.stride[1] * np.arange(columns)
        elements = size[1] * np.arange(self.kernel_size[0])[:, np.newaxis]
        elements = elements + np.arange(self.kernel_size[1])
        place = elements.ravel().take(index.reshape(images, rows * columns))
        place += corners.ravel()
        place += length * np.arange(images)[:, np.newaxis]
        if self._are_apart():
            added = np.zeros(images * length, error.dtype)
            added[place.ravel()] = error.ravel()
        else:
            added = np.bincount(place.ravel(), error.ravel(), minlength=images * length)
            added = added.astype(np.float64, copy=False)
        return added.reshape(samples, channels, *size)

    def _index_dtype(self) -> np.dtype[Any]:
        """Return the smallest integers that can tell the elements of one window apart."""
        return np.min_scalar_type(self.kernel_size[0] * self.kernel_size[1])

    def estimate(self, x: ArraySpec) -> Estimate:
        rows, columns = self._counts(self._floats("x", x))
        y = x._replace(shape=(*x.shape[:2], rows, columns))
        across = x._replace(shape=(*x.shape[:3], columns))
        index = y._replace(dtype=self._index_dtype())
        places = across._replace(dtype=index.dtype)
        steps, touched, copied = self._passes(x, across)
        forward = Cost(
            work(calls=16 + 12 * steps, elements=9 * touched + 2 * x.size),
            2 * across.nbytes + 4 * places.nbytes + 6 * across.size + 2 * y.nbytes
            + 3 * copied * (x.dtype.itemsize + index.dtype.itemsize + 1),
        )  # fmt: skip
        area = math.prod(self.kernel_size)
        backward = Cost(
            work(calls=24, elements=3 * x.size + 10 * y.size + 4 * area),
            8 * x.size + x.nbytes + 40 * y.size + y.wide_bytes() + 24 * area,
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
        self._save(shape=x.shape)
        if x.size == 0:
            return np.empty((*x.shape[:2], rows, columns), x.dtype)
        # A window is a row of columns: the sum of each row first, then of these down the rows.
        across = sliding.sums(double(x), 3, self.kernel_size[1], self.stride[1])
        y = sliding.sums(across, 2, self.kernel_size[0], self.stride[0])
        y /= self.kernel_size[0] * self.kernel_size[1]
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
        if δEδy.size == 0:
            return np.empty((samples, channels, *size), δEδy.dtype), {}
        share = double(δEδy) / (self.kernel_size[0] * self.kernel_size[1])
        (height, width), (down, right) = self.kernel_size, self.stride
        across = sliding.spread(share, 2, height, down, size[0])
        δEδx = sliding.spread(across, 3, width, right, size[1])
        return restore(δEδx, δEδy.dtype), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        rows, columns = self._counts(self._floats("x", x))
        y = x._replace(shape=(*x.shape[:2], rows, columns))
        across = ArraySpec((*x.shape[:3], columns), FLOAT64)
        steps, touched, copied = self._passes(x, across)
        wide = y._replace(dtype=FLOAT64)
        cast = 0 if x.dtype == FLOAT64 else 8 * x.size
        forward = Cost(
            work(calls=12 + 3 * steps, elements=2 * x.size + touched + 2 * y.size),
            cast + across.nbytes + 2 * wide.nbytes + y.nbytes + 4 * 8 * copied,
        )
        backward = Cost(
            work(
                calls=16 + 3 * steps,
                elements=3 * x.size + across.size + 3 * touched + 2 * y.size,
            ),
            cast + x.nbytes + across.nbytes + 2 * wide.nbytes + 12 * 8 * copied,
        )
        return Estimate(y, {"shape": shape_spec(x)}, forward, backward)
