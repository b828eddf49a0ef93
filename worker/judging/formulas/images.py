"""Formulas of layers that slide a window over images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from worker.judging.challenges import Array, ChallengeError, Floats
from worker.judging.formulas.formula import Formula, Passed
from worker.judging.rounding import SAFETY, Rounded, is_doubtful, scattered

Pair = tuple[int, int]

# Of all windows of a batch together: 64 MiB for each of the several arrays of the computation.
_MOST_ELEMENTS = 8 * 2**20


class Sliding(Formula):
    """What all of them share."""

    # Of the last forward, shape (samples, rows, columns, channels, height, width).
    windows: Rounded

    def stride(self) -> Pair:
        down, right = self.model.stride
        return down, right

    def windowed(self, x: Rounded) -> Rounded:
        return windows(x, self.model.kernel_size, self.stride())

    def overlaid(self, parts: Rounded, shape: tuple[int, ...]) -> Rounded:
        """Return images of a shape in which the windows are added at their places."""
        return overlaid(parts, shape, self.stride())


class Conv2d(Sliding):
    """A cross-correlation, by windows laid out as rows of a matrix."""

    parameter_names = ("w", "b")
    padded_shape: tuple[int, ...]

    def forward(self, *inputs: Rounded) -> Rounded:
        padded = self.padded(inputs[0])
        self.padded_shape = padded.shape
        self.windows = self.windowed(padded)
        samples, rows, columns = self.windows.shape[:3]
        flat = self.windows.reshape(samples * rows * columns, -1)
        kernels = self.kernels()
        y = flat @ kernels.reshape(kernels.shape[0], -1).T
        y = y.reshape(samples, rows, columns, -1).transpose(0, 3, 1, 2)
        return y + self.parameters["b"].reshape(-1, 1, 1) if self.model.bias else y

    def backward(self, g: Rounded) -> Passed:
        samples, rows, columns = self.windows.shape[:3]
        flat = g.transpose(0, 2, 3, 1).reshape(samples * rows * columns, -1)
        kernels = self.kernels()
        of_kernels = flat.T @ self.windows.reshape(flat.shape[0], -1)
        gradients = {"w": of_kernels.reshape(*kernels.shape)}
        if self.model.bias:
            gradients["b"] = flat.sum(axis=0)
        of_windows = flat @ kernels.reshape(kernels.shape[0], -1)
        of_windows = of_windows.reshape(*self.windows.shape)
        return self.cropped(self.overlaid(of_windows, self.padded_shape)), gradients

    # What mistakes are about.

    def kernels(self) -> Rounded:
        return self.parameters["w"]

    def padded(self, x: Rounded) -> Rounded:
        return x.made(self._framed(x.value), self._framed(x.error))

    def cropped(self, x: Rounded) -> Rounded:
        (down, right), shape = self.model.padding, x.shape
        return x[:, :, down : shape[2] - down, right : shape[3] - right]

    def _framed(self, images: Floats) -> Floats:
        """Return images with zeros around them."""
        (down, right), (*batch, height, width) = self.model.padding, images.shape
        framed = np.zeros((*batch, height + 2 * down, width + 2 * right))
        framed[:, :, down : down + height, right : right + width] = images
        return framed


class _Pool2d(Sliding):
    input_shape: tuple[int, ...]

    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        self.input_shape = x.shape
        self.windows = self.windowed(x)
        return self.reduced().transpose(0, 3, 1, 2)

    def backward(self, g: Rounded) -> Passed:
        of_windows = self.shared(g.transpose(0, 2, 3, 1))
        return self.overlaid(of_windows, self.input_shape), {}

    def reduced(self) -> Rounded:
        """Return one number of each window, shape (samples, rows, columns, channels)."""
        raise NotImplementedError

    def shared(self, g: Rounded) -> Rounded:
        """Return the gradient of every window's elements from that of its number."""
        raise NotImplementedError


class AvgPool2d(_Pool2d):
    def reduced(self) -> Rounded:
        return self.windows.mean(axis=(4, 5))

    def shared(self, g: Rounded) -> Rounded:
        height, width = self.model.kernel_size
        share = g / float(height * width)
        return share.reshape(*share.shape, 1, 1).broadcast_to(self.windows.shape)


class MaxPool2d(_Pool2d):
    places: tuple[Array, ...]
    # Where there is another element that may be the largest as well.
    tied: Array

    def reduced(self) -> Rounded:
        flat = self.windows.reshape(*self.windows.shape[:4], -1)
        # The first of several.
        largest = np.argmax(flat.value, axis=-1)
        self.places = (*np.indices(largest.shape), largest)
        y = flat[self.places]
        others = is_doubtful(flat - y.reshape(*y.shape, 1), self.unit)
        others |= flat.value == y.value[..., np.newaxis]
        others[self.places] = False
        self.tied = others
        self.kinks = int(np.count_nonzero(others))
        return y

    def shared(self, g: Rounded) -> Rounded:
        # Any of several largest elements may have the gradient.
        doubt = self.tied | (self.tied.any(axis=-1, keepdims=True) & self._chosen(np.bool_(True)))
        error = doubt * np.abs(g.value)[..., np.newaxis] / self.unit + self._chosen(g.error)
        return g.made(self._chosen(g.value), error).reshape(*self.windows.shape)

    def rejects(self, input_gradient: Floats, g: Rounded) -> str:
        # However ties are broken, every window gives its gradient away once.
        given, whole = input_gradient.sum(axis=(2, 3)), g.sum(axis=(2, 3))
        bound = SAFETY * self.unit * (whole.error + np.abs(input_gradient).sum(axis=(2, 3)))
        return "" if (np.abs(given - whole.value) <= bound).all() else "pool-gradient-to-ties"

    def _chosen(self, numbers: Any) -> Array:
        """Return numbers at the places of the largest elements, and zero elsewhere."""
        chosen = np.zeros(self.tied.shape, np.asarray(numbers).dtype)
        chosen[self.places] = numbers
        return chosen


def windows(x: Rounded, size: Pair, stride: Pair) -> Rounded:
    """Return the windows over images: (samples, rows, columns, channels, height, width).

    Raises
    ------
    ChallengeError
        If the windows together have too many elements.
    """
    samples, channels, *lengths = x.shape
    rows, columns = (
        1 + (have - need) // step for have, need, step in zip(lengths, size, stride, strict=True)
    )
    if samples * channels * rows * columns * math.prod(size) > _MOST_ELEMENTS:
        raise ChallengeError(
            "the windows would have too many elements: ask for smaller images or windows"
        )

    def viewed(array: Floats) -> Floats:
        # `sliding_window_view` takes several times as long where images are small.
        array = np.ascontiguousarray(array)
        image, channel, row, column = array.strides
        strides = (image, row * stride[0], column * stride[1], channel, row, column)
        shape = (samples, rows, columns, channels, *size)
        return np.ascontiguousarray(np.ndarray(shape, array.dtype, array, 0, strides))

    return x.made(viewed(x.value), viewed(x.error))


def overlaid(parts: Rounded, shape: tuple[int, ...], stride: Pair) -> Rounded:
    """Return images in which all windows are added at their places: the reverse of `windows`."""
    rows, columns, _, height, width = parts.shape[1:]
    (down, right) = stride

    def add(image: Floats, values: Floats) -> None:
        for i in range(height):
            for j in range(width):
                bottom, end = i + down * (rows - 1) + 1, j + right * (columns - 1) + 1
                part = values[:, :, :, :, i, j].transpose(0, 3, 1, 2)
                image[:, :, i:bottom:down, j:end:right] += part

    return scattered(parts, add, shape, height * width)
