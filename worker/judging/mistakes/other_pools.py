"""Pooling by another function of the window, or with another window."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from worker.judging.challenges import Floats
from worker.judging.formulas.images import AvgPool2d, MaxPool2d
from worker.judging.mistakes.picked import Function, Named, Picked, each_through
from worker.judging.mistakes.registry import mistake


def _at_largest_magnitude(v: Floats) -> Floats:
    largest = np.abs(v).argmax(axis=-1)[..., np.newaxis]
    return np.asarray(np.take_along_axis(v, largest, axis=-1)[..., 0])


def _softmax_mean(v: Floats) -> Floats:
    weights = np.exp(v - v.max(axis=-1, keepdims=True))
    return np.asarray((v * weights).sum(axis=-1) / weights.sum(axis=-1))


# Of the elements of a window, which are along the last axis.
_FUNCTIONS: Named = {
    "the maximum": lambda v: v.max(axis=-1),
    "the mean": lambda v: v.mean(axis=-1),
    "the minimum": lambda v: v.min(axis=-1),
    "the sum": lambda v: v.sum(axis=-1),
    "the median": lambda v: np.median(v, axis=-1),
    "the largest magnitude": lambda v: np.abs(v).max(axis=-1),
    "the number of the largest magnitude": _at_largest_magnitude,
    "the smallest magnitude": lambda v: np.abs(v).min(axis=-1),
    "the mean magnitude": lambda v: np.abs(v).mean(axis=-1),
    "the root of the mean square": lambda v: np.sqrt(np.square(v).mean(axis=-1)),
    "the root of the sum of squares": lambda v: np.sqrt(np.square(v).sum(axis=-1)),
    "the mean square": lambda v: np.square(v).mean(axis=-1),
    "the product": lambda v: v.prod(axis=-1),
    "the first number": lambda v: v[..., 0],
    "the last number": lambda v: v[..., -1],
    "the number in the middle": lambda v: v[..., v.shape[-1] // 2],
    "the second largest number": lambda v: np.sort(v, axis=-1)[..., -2:][..., 0],
    "the mean of minimum and maximum": lambda v: (v.min(axis=-1) + v.max(axis=-1)) / 2,
    "the maximum minus the minimum": lambda v: v.max(axis=-1) - v.min(axis=-1),
    "the deviation": lambda v: v.std(axis=-1),
    "the variance": lambda v: v.var(axis=-1),
    "the logarithm of the sum of exponentials": lambda v: np.log(np.exp(v).sum(axis=-1)),
    "the mean weighted by a softmax": _softmax_mean,
    "the geometric mean of the magnitudes": lambda v: np.exp(np.log(np.abs(v)).mean(axis=-1)),
    "the sum divided by one number less": lambda v: v.sum(axis=-1) / max(1, v.shape[-1] - 1),
    "the mean of what is positive, or zero": lambda v: np.maximum(v, 0).mean(axis=-1),
    "the maximum between -1 and 1": lambda v: np.clip(v.max(axis=-1), -1, 1),
    "the index of the maximum": lambda v: v.argmax(axis=-1).astype(np.float64),
}


def _maximum(v: Floats) -> Floats:
    """Return the maximum of what is within the image."""
    return np.asarray(np.where(np.isnan(v), -np.inf, v).max(axis=-1))


def _mean(v: Floats) -> Floats:
    known = ~np.isnan(v)
    return np.asarray(np.where(known, v, 0.0).sum(axis=-1) / known.sum(axis=-1))


# Of windows, how far the first begins from the corner, and by how much they are longer.
_OFFSETS, _GROWTHS = (0, 1, -1), (0, -1, 1)


class _OtherPool(Picked):
    right: str

    def windowed_values(self, x: Floats, size: tuple[int, int], begin: tuple[int, int]) -> Floats:
        """Return the elements of windows of a size that begin beside the right places.

        Pixels outside the image are NaN, for what functions of NumPy's leave out.
        """
        height, width = self.model.kernel_size
        down, right = self.model.stride
        rows, columns = 1 + (x.shape[2] - height) // down, 1 + (x.shape[3] - width) // right
        around = [(0, 0), (0, 0), (1, size[0] + down), (1, size[1] + right)]
        padded = np.pad(x, around, constant_values=np.nan)
        top, left = 1 + begin[0], 1 + begin[1]
        views = sliding_window_view(padded, size, axis=(2, 3))[:, :, top::down, left::right]
        found = views[:, :, :rows, :columns]
        return found.reshape(*found.shape[:4], -1)


@mistake(
    "pool-another-function",
    "The output is another function of each window: it is {got} of its elements.",
    "La salida es otra función de cada ventana: de sus elementos es {got}.",
    of=(AvgPool2d, MaxPool2d),
)
class AnotherFunction(_OtherPool):
    def candidates(self) -> Iterator[tuple[str, Function]]:
        yield from each_through(_FUNCTIONS, self._of_windows)
        for number in range(2, 10):
            yield f"the sum divided by {number}", functools.partial(self._divided, number)

    def _of_windows(self, function: Function, x: Floats) -> Floats:
        return function(self.windowed_values(x, self.model.kernel_size, (0, 0)))

    def _divided(self, number: int, x: Floats) -> Floats:
        return self._of_windows(lambda v: v.sum(axis=-1) / number, x)


@mistake(
    "pool-another-window",
    "The windows are others than they should be: theirs are {got}.",
    "Las ventanas son otras de las que deberían ser: las de la respuesta son {got}.",
    of=(AvgPool2d, MaxPool2d),
)
class AnotherWindow(_OtherPool):
    def candidates(self) -> Iterator[tuple[str, Function]]:
        height, width = self.model.kernel_size
        reduce = _maximum if isinstance(self, MaxPool2d) else _mean
        sizes = [(height + tall, width + wide) for tall in _GROWTHS for wide in _GROWTHS]
        sizes += [(width, height), (height, height), (width, width), (2, 2), (3, 3)]
        sizes += [(1, width), (height, 1)]
        for size, begin in itertools.product(dict.fromkeys(sizes), _BEGINNINGS):
            if min(size) > 0 and (size, begin) != ((height, width), (0, 0)):
                words = f"{size[0]}x{size[1]} pixels, {begin[0]:+} down and {begin[1]:+} right"
                yield words, functools.partial(self._reduced, reduce, size, begin)

    def _reduced(
        self, reduce: Function, size: tuple[int, int], begin: tuple[int, int], x: Floats
    ) -> Floats:
        return reduce(self.windowed_values(x, size, begin))


_BEGINNINGS = tuple(itertools.product(_OFFSETS, _OFFSETS))
