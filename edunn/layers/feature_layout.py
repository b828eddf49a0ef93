"""How the values of features lie in a batch of rows or of images, and sums of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edunn.arrays import Array, FloatArray

# Numbers in a row, and in a group: 16 kilobytes and half a megabyte.
_ROW, BLOCK = 2**11, 2**16
# From where on a row is long enough by itself.
_LONG = 2**8
FEW = 2**14
# NumPy 1, as Debian 12 has it, comes with a plain library of products; NumPy 2 with a quick one.
_PRODUCTS_ARE_QUICK = not np.__version__.startswith("1.")


@dataclass(frozen=True)
class FeatureLayout:
    """How the values of features lie in a batch, and sums and copies of them.

    NumPy goes through an array row by row, and a short row takes longer to begin than to go
    through. So several samples of few features count as one row, and values per feature are written
    out for a whole row. Small images are rows too. Rows are gone through in blocks, and channels of
    large images in groups, that stay in a second cache.
    """

    #: That of the batch.
    shape: tuple[int, ...]

    @functools.cached_property
    def pixels(self) -> int:
        """How many values of a feature a sample has."""
        return math.prod(self.shape[2:])

    @functools.cached_property
    def by_channel(self) -> bool:
        """Whether they are images so large that a channel of one is a row."""
        samples, channels = self.shape[:2]
        columns = channels * self.pixels
        return len(self.shape) > 2 and (columns > _ROW or samples * columns < FEW)

    @functools.cached_property
    def columns(self) -> int:
        """How many values a sample has."""
        return self.shape[1] * self.pixels

    @functools.cached_property
    def rows(self) -> int:
        """How many samples are one row: as many as divide the batch and make it long enough."""
        samples = self.shape[0]
        if self.by_channel or self.columns >= _LONG or samples * self.columns < FEW:
            return 1
        return math.gcd(samples, 1 << (_ROW // self.columns).bit_length())

    @functools.cached_property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of a batch by rows: (samples, channels, pixels), or (rows, ...)."""
        samples, features = self.shape[:2]
        if self.by_channel:
            return samples, features, self.pixels
        return samples // self.rows, self.rows * self.columns

    @functools.cached_property
    def count(self) -> FloatArray:
        """How many values each feature has, at least 1; an array, which NumPy takes sooner."""
        return np.array(max(1.0, self.shape[0] * self.pixels))

    @functools.cached_property
    def minus_count(self) -> FloatArray:
        return np.array(-self.count)

    @functools.cached_property
    def unbiased(self) -> FloatArray:
        """What the variance of a batch is multiplied by to be that of what it was drawn from."""
        return np.array(self.count / (self.count - 1))

    @functools.cached_property
    def _groups(self) -> tuple[slice, ...]:
        """The channels that are gone through together, group by group; none if all are."""
        samples, channels = self.shape[:2]
        width = max(1, BLOCK // max(1, samples * self.pixels))
        if not self.by_channel or 2 * width >= channels:
            return ()
        return tuple(slice(start, start + width) for start in range(0, channels, width))

    def groups(
        self, batches: tuple[FloatArray, ...], features: tuple[FloatArray, ...]
    ) -> Iterable[tuple[FloatArray, ...]]:
        """Return batches by rows, and arrays of one number per feature, for some at a time."""
        if not self._groups:
            return ((*batches, *features),)
        return (
            (*(batch[:, group] for batch in batches), *(values[group] for values in features))
            for group in self._groups
        )

    @functools.cached_property
    def _blocks(self) -> tuple[slice, ...]:
        """The rows that are gone through together, block by block; none if all are."""
        count, length = self.row_shape[:2]
        height = max(1, BLOCK // max(1, length))
        if self.by_channel or 2 * height > count:
            return ()
        return tuple(slice(start, start + height) for start in range(0, count, height))

    def blocks(self, *batches: FloatArray) -> Iterable[tuple[FloatArray, ...]]:
        """Return some rows of batches at a time."""
        if not self._blocks:
            return (batches,)
        return (tuple([batch[block] for batch in batches]) for block in self._blocks)

    @functools.cached_property
    def _ones(self) -> tuple[FloatArray, FloatArray]:
        return np.ones(self.shape[0]), np.ones(self.pixels)

    def of(self, x: FloatArray) -> FloatArray:
        """Return a batch by rows."""
        return x if x.shape == self.row_shape else x.reshape(self.row_shape)

    def total(self, values: FloatArray) -> FloatArray:
        """Sum the values of each feature, of some rows or of some channels."""
        samples = self._ones[0]
        if self.by_channel:
            # In half the time of `sum`, and quick where products are slow, too.
            return np.asarray(samples.dot(np.einsum("ncp->nc", values)))
        if self.rows > 1:
            values = values.reshape(-1, self.columns)
        if values.shape[0] != samples.shape[0]:
            samples = samples[: values.shape[0]]
        # A product with ones takes a half to two thirds of the time of a sum.
        if _PRODUCTS_ARE_QUICK or values.size < FEW:
            columns = samples.dot(values)
        else:
            columns = np.einsum("n,nf->f", samples, values)
        return self._by_feature(columns) if self.pixels > 1 else columns

    def total_product(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """Sum the products of each feature; where they are many, without an array of them."""
        if left.size < FEW:
            return self.total(left * right)
        if self.by_channel and _PRODUCTS_ARE_QUICK:
            # Of matrices of one row and one column: in two thirds of the time of `einsum`.
            by_sample = np.matmul(left[:, :, np.newaxis], right[..., np.newaxis])
            return np.asarray(self._ones[0].dot(by_sample[..., 0, 0]))
        if self.by_channel:
            return np.asarray(self._ones[0].dot(np.einsum("ncp,ncp->nc", left, right)))
        pair = left.reshape(-1, self.columns), right.reshape(-1, self.columns)
        return self._by_feature(np.einsum("nf,nf->f", *pair))

    def _by_feature(self, columns: Array) -> FloatArray:
        """Sum the values of a sample by features."""
        if self.pixels == 1:
            return columns
        return np.asarray(columns.reshape(-1, self.pixels).dot(self._ones[1]))

    def spread(self, values: Array) -> Array:
        """Write one value per feature out for a row, unless rows are long or few."""
        if self.by_channel:
            short = self.pixels < _LONG and math.prod(self.shape) >= FEW
            column = values[:, None]
            return column.repeat(self.pixels, axis=1) if short else column
        if self.pixels > 1:
            values = values.repeat(self.pixels)
        return values if self.rows == 1 else np.concatenate((values,) * self.rows)


# Batches are of few shapes, and to find the groups of a small one takes as long as to sum them.
layout_of = functools.lru_cache(maxsize=64)(FeatureLayout)
