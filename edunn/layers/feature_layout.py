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


@dataclass(frozen=True)
class FeatureLayout:
    """How the values of features lie in a batch, and sums and copies of them.

    NumPy goes through an array row by row, and a short row takes longer to begin than to go
    through. So several samples of few features count as one row, and values per feature are written
    out for a whole row. Channels of large images are gone through in groups that stay in a second
    cache from their mean to their output.
    """

    #: That of the batch.
    shape: tuple[int, ...]

    @functools.cached_property
    def pixels(self) -> int:
        """How many values of a feature a sample has."""
        return math.prod(self.shape[2:])

    @functools.cached_property
    def are_images(self) -> bool:
        return len(self.shape) > 2

    @functools.cached_property
    def rows(self) -> int:
        """How many samples are one row: as many as divide the batch and make it long enough."""
        samples, features = self.shape[:2]
        if self.are_images or features >= _LONG or samples * features < FEW:
            return 1
        return math.gcd(samples, 1 << (_ROW // features).bit_length())

    @functools.cached_property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of a batch by rows: (samples, channels, pixels), or (rows, ...)."""
        samples, features = self.shape[:2]
        if self.are_images:
            return samples, features, self.pixels
        return samples // self.rows, self.rows * features

    @functools.cached_property
    def count(self) -> FloatArray:
        """How many values each feature has, at least 1; an array, which NumPy takes sooner."""
        return np.array(max(1.0, self.shape[0] * self.pixels))

    @functools.cached_property
    def minus_count(self) -> FloatArray:
        return -self.count

    @functools.cached_property
    def unbiased(self) -> FloatArray:
        """What the variance of a batch is multiplied by to be that of what it was drawn from."""
        return np.array(self.count / (self.count - 1))

    @functools.cached_property
    def _groups(self) -> tuple[slice, ...]:
        """The channels that are gone through together, group by group; none if all are."""
        samples, channels = self.shape[:2]
        width = max(1, BLOCK // max(1, samples * self.pixels))
        if not self.are_images or 2 * width >= channels:
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
    def _ones(self) -> tuple[FloatArray, FloatArray]:
        return np.ones(self.shape[0]), np.ones(self.pixels)

    def of(self, x: FloatArray) -> FloatArray:
        """Return a batch by rows."""
        return x if x.shape == self.row_shape else x.reshape(self.row_shape)

    def total(self, values: FloatArray) -> FloatArray:
        """Sum the values of each feature."""
        # A product with ones takes a half to two thirds of the time of a sum.
        samples, pixels = self._ones
        if self.are_images:
            values = values.dot(pixels)
        elif self.rows > 1:
            values = values.reshape(self.shape)
        return np.asarray(samples.dot(values))

    def total_product(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """Sum the products of each feature; where they are many, without an array of them."""
        if left.size < FEW:
            return self.total(left * right)
        if self.are_images:
            by_sample = np.einsum("ncp,ncp->nc", left, right)
            return np.asarray(self._ones[0].dot(by_sample))
        pair = left.reshape(self.shape), right.reshape(self.shape)
        return np.asarray(np.einsum("nf,nf->f", *pair))

    def spread(self, values: Array) -> Array:
        """Write one value per feature out for a row, unless rows are long or few."""
        if self.are_images:
            short = self.pixels < _LONG and math.prod(self.shape) >= FEW
            column = values[:, None]
            return column.repeat(self.pixels, axis=1) if short else column
        return values if self.rows == 1 else np.concatenate((values,) * self.rows)


# Batches are of few shapes, and to find the groups of a small one takes as long as to sum them.
layout_of = functools.lru_cache(maxsize=64)(FeatureLayout)
