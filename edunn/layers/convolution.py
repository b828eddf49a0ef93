"""Convolution of images."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import FloatArray, Shaped, own, quiet, restore, total, widen
from edunn.description import ParameterDescription
from edunn.estimate import ArraySpec, Cost, Estimate, cast_bytes, work
from edunn.fields import Field, check_arguments
from edunn.initializers import Start, first_values
from edunn.layers.windows import (
    Pair,
    as_pair,
    check_images,
    count_windows,
    pad,
    to_columns,
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
        """Compute y_o = Σ_i x_i ⋆ w_oi + b_o, ⋆ being the cross-correlation of two images.

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
        counts = self._counts(x)
        wide = widen(x)
        padded, kernels = pad(wide, self.padding), self._kernels(wide.dtype)
        y = np.empty((x.shape[0], self.out_channels, *counts), wide.dtype)
        for block in self._blocks(padded, counts):
            columns = to_columns(padded[block], self.kernel_size, self.stride)
            part = (kernels @ columns).reshape(self.out_channels, -1, *counts)
            y[block] = part.transpose(1, 0, 2, 3)
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
        counts = self._counts(x)
        δEδy = self._gradient(δEδy, (x.shape[0], self.out_channels, *counts))
        padded = pad(x, self.padding)
        # One row per output channel, as the product of the forward gave it.
        g = δEδy.astype(x.dtype, copy=False).transpose(1, 0, 2, 3)
        δEδpadded = np.zeros(padded.shape, x.dtype)
        δEδw = np.zeros((self.out_channels, self._kernels(x.dtype).shape[1]), x.dtype)
        for block in self._blocks(padded, counts):
            part = np.ascontiguousarray(g[:, block]).reshape(self.out_channels, -1)
            self._add_to_inputs(δEδpadded[block], part, counts)
            if not self.frozen:
                δEδw += part @ to_columns(padded[block], self.kernel_size, self.stride).T
        (top, left), (height, width) = self.padding, x.shape[2:]
        δEδx = δEδpadded[:, :, top : top + height, left : left + width]
        δEδx = restore(np.ascontiguousarray(δEδx), δEδy.dtype)
        if self.frozen:
            return δEδx, {}
        δEδp = {"w": δEδw.reshape(self._parameters["w"].shape)}
        if self.bias:
            δEδp["b"] = total(g, axis=(1, 2, 3))
        return δEδx, δEδp

    def estimate(self, x: ArraySpec) -> Estimate:
        check_images(self, self._floats("x", x), self.in_channels)
        rows, columns = self._counts(x)
        samples, (kernel_height, kernel_width) = x.shape[0], self.kernel_size
        y = x._replace(shape=(samples, self.out_channels, rows, columns))
        w = x._replace(shape=self._parameters["w"].shape)
        (top, left), (height, width) = self.padding, x.shape[2:]
        padded = x._replace(shape=(samples, self.in_channels, height + 2 * top, width + 2 * left))
        # Of one sample, then of all, then of as many as are laid out at once.
        sample = x._replace(shape=(self.in_channels * kernel_height * kernel_width, rows * columns))
        laid_out, products = samples * sample.size, samples * sample.size * self.out_channels
        together = max(1, min(samples, _COLUMN_BYTES // sample.wide_bytes()))
        blocks = -(-samples // together)
        # The columns and results of one block are there until those of the next are.
        at_once = min(2, blocks)
        block = at_once * together * sample.wide_bytes()
        results = at_once * x._replace(shape=(together, *y.shape[1:])).wide_bytes()
        cast = cast_bytes(self._parameters["w"], x.dtype)
        moved = 3 * x.size + 2 * padded.size + 5 * y.size + (w.size if cast else 0)
        forward = Cost(
            work(calls=8 + 12 * blocks, elements=moved + 3 * laid_out, products=products),
            x.widened_bytes() + x.nbytes + padded.wide_bytes() + y.wide_bytes() + y.nbytes
            + cast + block + results,
        )  # fmt: skip
        gradients = 0 if self.frozen else w.wide_bytes()
        if self.bias and not self.frozen:
            gradients += x._replace(shape=(self.out_channels,)).wide_bytes()
        row = (
            kernel_width
            * x._replace(shape=(together, self.in_channels, rows, columns)).wide_bytes()
        )
        backward = Cost(
            work(
                calls=16 + blocks * (16 + kernel_height * (4 + 3 * kernel_width)),
                elements=2 * moved + 3 * w.size + 6 * laid_out,
                products=2 * products,
            ),
            x.wide_bytes() + x.nbytes + padded.wide_bytes(2) + y.widened_bytes() + results
            + w.wide_bytes(2) + cast + max(block, row) + gradients,
        )  # fmt: skip
        return Estimate(y, {"x": x}, forward, backward, gradients)

    def _add_to_inputs(self, δEδx: FloatArray, g: FloatArray, counts: Pair) -> None:
        """Add the error of the padded images, each row of the kernel giving its part.

        The whole kernel at once would be one product, and as large as its area times the
        images: to fill and read that takes longer than a product for each row does.
        """
        w = self._parameters["w"].astype(g.dtype, copy=False)
        (height, width), (down, right), (rows, columns) = self.kernel_size, self.stride, counts
        elements = np.ascontiguousarray(w.transpose(2, 3, 1, 0))
        by_channel = δEδx.transpose(1, 0, 2, 3)
        for i, row in enumerate(elements.reshape(height, width * self.in_channels, -1)):
            parts = (row @ g).reshape(width, self.in_channels, len(δEδx), rows, columns)
            bottom = i + down * (rows - 1) + 1
            for j, part in enumerate(parts):
                # Where the element (i, j) of every window lies.
                end = j + right * (columns - 1) + 1
                by_channel[:, :, i:bottom:down, j:end:right] += part

    def _blocks(self, padded: FloatArray, counts: Pair) -> list[slice]:
        """Divide the batch into parts whose columns fit in `_COLUMN_BYTES`."""
        area = self.kernel_size[0] * self.kernel_size[1]
        sample = self.in_channels * area * counts[0] * counts[1] * padded.itemsize
        size = max(1, _COLUMN_BYTES // sample)
        return [slice(start, start + size) for start in range(0, len(padded), size)]

    def _counts(self, x: Shaped) -> Pair:
        size = (x.shape[2], x.shape[3])
        return count_windows(self, size, self.kernel_size, self.stride, self.padding)

    def _for_axes(self, value: int | Pair, still: int) -> Pair:
        """Return what an int or a pair means per axis; `still` is what leaves the height be."""
        if isinstance(value, tuple):
            return value
        return (still if self.kernel_size[0] == 1 else value, value)

    def _kernels(self, dtype: np.dtype[np.floating]) -> FloatArray:
        """Return the kernels as a matrix, one row per output channel."""
        return self._parameters["w"].astype(dtype, copy=False).reshape(self.out_channels, -1)
