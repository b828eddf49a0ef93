"""Convolution of images."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from edunn.arrays import FloatArray, compute_dtype, own, quiet, restore, total, widen
from edunn.description import ParameterDescription
from edunn.estimate import ArraySpec, Cost, Estimate, cast_bytes, work
from edunn.fields import Field, check_arguments
from edunn.initializers import Start, first_values
from edunn.layers.sizes import fitting
from edunn.layers.windows import (
    Pair,
    Windows,
    as_pair,
    check_images,
    count_windows,
)
from edunn.model import Model, ParameterSet

# Columns hold every value once per window over it, so a large kernel makes much of a small
# image. The batch goes through in parts of about this size: small enough for a processor's
# cache, and few, because BLAS may share each product out among threads that wait for each other.
_COLUMN_BYTES = 8 * 2**20


class Conv2d(Model):
    """Slide learned kernels over images and take the products: a cross-correlation.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels before and after.
    kernel_size : int or pair of int
        Height and width of the window, odd or even.
    stride : int or pair of int
        Steps between windows. An int is for both axes, but with a kernel one row high for
        the width alone.
    padding : int or pair of int
        Zeros put on each side. An int is for both axes, but with a kernel one row high for
        the width alone: such a kernel runs over sequences, and no row is to be added to them.
    bias : bool
        Whether a number is added to each output channel.
    kernel_initializer, bias_initializer : Initializer or str
        How `w` and `b` start: by He's uniform rule, and at zero.

    Attributes
    ----------
    in_channels, out_channels, kernel_size, stride, padding, bias
        As given, what is per axis as a pair. The course calls four of them `input_size`,
        `output_size`, `strides` and `pad_size`.
    """

    parameter_descriptions = (
        ParameterDescription(
            "w", "(out_channels, in_channels, kernel height, kernel width)", "The kernels."
        ),
        ParameterDescription("b", "(out_channels,)", "The biases, only with bias."),
    )
    alone = "samples"
    cache_entries = (frozenset({"x"}),)

    def __init__(
        self,
        in_channels: Annotated[int, Field("Channels of the input.", minimum=1)],
        out_channels: Annotated[int, Field("Channels of the output.", minimum=1)],
        kernel_size: Annotated[
            int | tuple[int, int], Field("Height and width of the window.", minimum=1)
        ],
        stride: Annotated[
            int | tuple[int, int],
            Field("Steps between windows; an integer moves a one-row kernel sideways.", minimum=1),
        ] = 1,
        padding: Annotated[
            int | tuple[int, int],
            Field("Zeros on each side; an integer pads a one-row kernel sideways.", minimum=0),
        ] = 0,
        bias: Annotated[bool, Field("Whether each output channel gets a bias.")] = False,
        kernel_initializer: Annotated[Start, Field("How w starts.")] = "KaimingUniform",
        bias_initializer: Annotated[Start, Field("How b starts.")] = "Zero",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        config = check_arguments(
            Conv2d,
            self.label,
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            bias=bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
        )
        self.in_channels: int = config["in_channels"]
        self.out_channels: int = config["out_channels"]
        self.kernel_size = as_pair(config["kernel_size"])
        self.stride = self._for_axes(config["stride"], still=1)
        self.padding = self._for_axes(config["padding"], still=0)
        self.input_size, self.output_size = self.in_channels, self.out_channels
        self.strides, self.pad_size = self.stride, self.padding
        self.bias: bool = config["bias"]
        shape = (self.out_channels, self.in_channels, *self.kernel_size)
        self.register_parameter("w", first_values(config["kernel_initializer"], shape))
        if self.bias:
            start = first_values(config["bias_initializer"], (self.out_channels,))
            self.register_parameter("b", start)

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Convolve.

        Parameters
        ----------
        x : ndarray of floats, shape (samples, in_channels, height, width)
            At least as large, with its padding, as the kernel.

        Returns
        -------
        y : ndarray, shape (samples, out_channels, rows, columns), dtype of x
            With rows = (height + 2 padding - kernel) // stride + 1, columns likewise.
        """
        x = self._input("x", x)
        check_images(self, x, self.in_channels)
        windows, wide = self._windows(x.shape), widen(x)
        shape = (x.shape[0], self.out_channels, *windows.counts)
        y, kernels = np.empty(fitting(self, shape), wide.dtype), self._kernels(wide.dtype)
        for part in windows.parts(x.shape[0], self._together(wide.itemsize)):
            columns = windows.to_columns(wide, part)
            place = y[part.samples, :, part.rows, part.columns]
            place[...] = (kernels @ columns).reshape(place.shape)
        if self.bias:
            y += self._parameters["b"].astype(wide.dtype, copy=False).reshape(-1, 1, 1)
        self._save(x=own(x))
        return restore(y, x.dtype)

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Compute the gradients of input, kernels and biases.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape as the last input
        δEδp : dict
            ``w``, and ``b`` with bias.
        """
        x = widen(self._saved_array("x"))
        windows = self._windows(x.shape)
        δEδy = self._gradient(δEδy, (x.shape[0], self.out_channels, *windows.counts))
        g, kernels = δEδy.astype(x.dtype, copy=False), self._kernels(x.dtype)
        δEδx, δEδw = np.zeros(x.shape, x.dtype), np.zeros(kernels.shape, x.dtype)
        for part in windows.parts(x.shape[0], self._together(x.itemsize)):
            error = g[part.samples, :, part.rows, part.columns]
            error = error.reshape(*error.shape[:2], -1)
            windows.add_columns(δEδx, kernels.T @ error, part)
            if not self.frozen:
                columns = windows.to_columns(x, part)
                δEδw += np.sum(error @ columns.transpose(0, 2, 1), axis=0)
        δEδx = restore(δEδx, δEδy.dtype)
        if self.frozen:
            return δEδx, {}
        δEδp = {"w": δEδw.reshape(self._parameters["w"].shape)}
        if self.bias:
            δEδp["b"] = total(g, axis=(0, 2, 3))
        return δEδx, δEδp

    def estimate(self, x: ArraySpec) -> Estimate:
        check_images(self, self._floats("x", x), self.in_channels)
        windows = self._windows(x.shape)
        (rows, columns), area = windows.counts, math.prod(self.kernel_size)
        samples = x.shape[0]
        y = x._replace(shape=(samples, self.out_channels, rows, columns))
        w = x._replace(shape=self._parameters["w"].shape)
        # A column per window; as many are laid out at once as fit, whole images or parts of one.
        column = self.in_channels * area
        laid_out = samples * rows * columns * column
        together = self._together(compute_dtype(x.dtype).itemsize)
        parts = windows.count_parts(samples, together)
        together = min(samples * rows * columns, together)
        # Each part goes through the elements of the kernel, or its windows if these are fewer.
        steps = parts * min(area, together)
        block = x._replace(shape=(together, column)).wide_bytes()
        results = x._replace(shape=(together, self.out_channels)).wide_bytes()
        cast = cast_bytes(self._parameters["w"], x.dtype)
        moved = 3 * x.size + 5 * y.size + (w.size if cast else 0)
        products = laid_out * self.out_channels
        # Every image is multiplied by the kernels by itself, and passes over them.
        passed = (samples + parts) * w.size
        forward = Cost(
            work(
                calls=8 + 8 * parts + 2 * steps,
                elements=moved + 4 * laid_out + passed,
                products=products,
            ),
            x.widened_bytes() + x.nbytes + y.wide_bytes() + y.nbytes + cast + 2 * block + results,
        )
        gradients = 0 if self.frozen else w.wide_bytes()
        if self.bias and not self.frozen:
            gradients += x._replace(shape=(self.out_channels,)).wide_bytes()
        backward = Cost(
            work(
                calls=16 + 16 * parts + 5 * steps,
                elements=2 * moved + 3 * w.size + 8 * laid_out + 3 * passed,
                products=2 * products,
            ),
            x.wide_bytes(2) + x.nbytes + y.widened_bytes() + results + cast + 3 * block + gradients
            + (2 + min(samples, together)) * w.wide_bytes(),
        )  # fmt: skip
        return Estimate(y, {"x": x}, forward, backward, gradients)

    def _together(self, itemsize: int) -> int:
        """Return how many windows are laid out as columns at once."""
        column = self.in_channels * math.prod(self.kernel_size) * itemsize
        return max(1, _COLUMN_BYTES // column)

    def _windows(self, shape: tuple[int, ...]) -> Windows:
        """Return the windows over images of a shape."""
        size = (shape[2], shape[3])
        counts = count_windows(self, size, self.kernel_size, self.stride, self.padding)
        return Windows(size, self.kernel_size, self.stride, self.padding, counts)

    def _for_axes(self, value: int | Pair, still: int) -> Pair:
        """Return what an int or a pair means per axis; `still` is what leaves the height be."""
        if isinstance(value, tuple):
            return value
        return (still if self.kernel_size[0] == 1 else value, value)

    def _kernels(self, dtype: np.dtype[np.floating]) -> FloatArray:
        """Return the kernels as a matrix, one row per output channel."""
        return self._parameters["w"].astype(dtype, copy=False).reshape(self.out_channels, -1)
