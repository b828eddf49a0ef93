"""Measures the layers as ratios to references of the same run.

Run it from the repository's root: ``python -m bench.layers``. It prints a Markdown table and exits
with 1 if a mark is missed.
"""

from __future__ import annotations

import functools
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

import edunn as nn
from bench import torch_layers

Images = npt.NDArray[np.float32]

SAMPLES, IN, OUT, SIDE = 32, 16, 32, 28
KERNEL = 3
WINDOW = STRIDE = 2


@dataclass(frozen=True)
class Row:
    """One comparison of a layer's time with a reference's, and the mark of their ratio."""

    layer: str
    reference: str
    seconds: float
    reference_seconds: float
    #: The largest ratio to the reference's time or, if `faster`, the smallest speed-up. None for
    #: information only.
    mark: float | None
    faster: bool

    @property
    def ratio(self) -> float:
        quotient = self.seconds / self.reference_seconds
        return 1 / quotient if self.faster else quotient

    @property
    def met(self) -> bool:
        if self.mark is None:
            return True
        return self.ratio >= self.mark if self.faster else self.ratio <= self.mark

    def __str__(self) -> str:
        ratio = f"{self.ratio:.0f} x faster" if self.faster else f"{self.ratio:.2f} x its time"
        mark = ""
        if self.mark is not None:
            mark = f"{'>=' if self.faster else '<='} {self.mark:g}{'' if self.met else ' MISSED'}"
        times = f"{self.seconds * 1e3:.2f} | {self.reference_seconds * 1e3:.2f}"
        return f"| {self.layer} | {self.reference} | {times} | {ratio} | {mark} |"


def medians(works: list[Callable[[], object]], repeats: int) -> list[float]:
    """Return the median time of each function. They are run in turns."""
    times: list[list[float]] = [[] for _ in works]
    # The first run warms up, unless it is the only one.
    for turn in range(repeats + (repeats > 1)):
        for work, own_times in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            if turn or repeats == 1:
                own_times.append(time.perf_counter() - start)
    return [statistics.median(own_times) for own_times in times]


def both_ways(layer: nn.Model, x: Images) -> Callable[[], object]:
    """Return a function that runs a forward and its backward."""
    output_gradient = np.ones_like(layer.forward(x))

    def work() -> object:
        layer.forward(x)
        return layer.backward(output_gradient)

    return work


def loop_convolution(x: Images, w: Images) -> None:
    """Run a convolution's forward and backward by four loops with einsum inside."""
    side = SIDE - KERNEL + 1
    y = np.zeros((SAMPLES, OUT, side, side), x.dtype)
    input_gradient, weight_gradient, output_gradient = (
        np.zeros_like(x),
        np.zeros_like(w),
        np.ones_like(y),
    )
    for n in range(SAMPLES):
        for o in range(OUT):
            for i in range(side):
                for j in range(side):
                    window = x[n, :, i : i + KERNEL, j : j + KERNEL]
                    y[n, o, i, j] = np.einsum("chw,chw->", window, w[o])
                    g = output_gradient[n, o, i, j]
                    weight_gradient[o] += g * window
                    input_gradient[n, :, i : i + KERNEL, j : j + KERNEL] += g * w[o]


def loop_pooling(x: Images, largest: bool) -> None:
    """Run a pooling's forward and backward by four loops."""
    side = SIDE // STRIDE
    y, input_gradient = np.zeros((SAMPLES, IN, side, side), x.dtype), np.zeros_like(x)
    output_gradient = np.ones_like(y)
    mean = np.full((WINDOW, WINDOW), 1 / WINDOW**2, x.dtype)
    for n in range(SAMPLES):
        for c in range(IN):
            for i in range(side):
                for j in range(side):
                    rows = slice(i * STRIDE, i * STRIDE + WINDOW)
                    columns = slice(j * STRIDE, j * STRIDE + WINDOW)
                    window = x[n, c, rows, columns]
                    if largest:
                        y[n, c, i, j] = window.max()
                        place = window.argmax()
                        input_gradient[n, c, rows, columns].flat[place] += output_gradient[
                            n, c, i, j
                        ]
                    else:
                        y[n, c, i, j] = np.einsum("hw,hw->", window, mean)
                        input_gradient[n, c, rows, columns] += output_gradient[n, c, i, j] * mean


def columns_of(x: Images, kernel: int, stride: int) -> Images:
    """Return the values under each window as a column: a plain im2col."""
    windows = sliding_window_view(x, (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]
    n, c, rows, columns, kh, kw = windows.shape
    return windows.transpose(1, 4, 5, 0, 2, 3).reshape(c * kh * kw, n * rows * columns)


def plain_forward(x: Images, matrix: Images, kernel: int, stride: int) -> Images:
    """Make columns and multiply once."""
    return matrix @ columns_of(x, kernel, stride)


def plain_backward(
    x: Images, matrix: Images, g: Images, kernel: int, stride: int
) -> tuple[Images, Images]:
    """Make columns and multiply once for the weights, and once more for the input."""
    columns = columns_of(x, kernel, stride)
    weight_gradient = g @ columns.T
    column_gradient = (matrix.T @ g).reshape(x.shape[1], kernel, kernel, x.shape[0], -1)
    side = (x.shape[2] - kernel) // stride + 1
    input_gradient = np.zeros((x.shape[1], x.shape[0], *x.shape[2:]), x.dtype)
    for i in range(kernel):
        for j in range(kernel):
            part = column_gradient[:, i, j].reshape(*input_gradient.shape[:2], side, side)
            last = stride * (side - 1) + 1
            input_gradient[:, :, i : i + last : stride, j : j + last : stride] += part
    return weight_gradient, input_gradient.transpose(1, 0, 2, 3)


def measure(dtype: type[np.floating], repeats: int = 21) -> list[Row]:
    """Time all layers in one dtype."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((SAMPLES, IN, SIDE, SIDE)).astype(dtype)
    convolution = nn.Conv2d(IN, OUT, KERNEL)
    w = convolution.get_parameters()["w"].astype(dtype)
    convolution.set_parameters({"w": w})
    # A mean is a product too, of each image by itself, as if the channels were samples.
    alone = x.reshape(-1, 1, SIDE, SIDE)
    mean = np.full((1, WINDOW**2), 1 / WINDOW**2, dtype)
    name = np.dtype(dtype).name
    rows = []
    for layer, loops, images, matrix, kernel, stride in (
        (convolution, lambda: loop_convolution(x, w), x, w.reshape(OUT, -1), KERNEL, 1),
        (nn.MaxPool2d(2, 2), lambda: loop_pooling(x, True), alone, mean, WINDOW, STRIDE),
        (nn.AvgPool2d(2, 2), lambda: loop_pooling(x, False), alone, mean, WINDOW, STRIDE),
    ):
        kind = f"{type(layer).__name__}, {name}"
        run = both_ways(layer, x)
        forward = functools.partial(layer.forward, x)
        plain = functools.partial(plain_forward, images, matrix, kernel, stride)
        g = np.ones_like(plain())
        back = functools.partial(plain_backward, images, matrix, g, kernel, stride)
        # In turns, so that other work on the machine affects both alike.
        ours, ours_forward, plain_time, back_time = medians([run, forward, plain, back], repeats)
        (loop_time,) = medians([loops], 1)
        rows += [
            Row(f"{kind}, both ways", "four loops, both ways", ours, loop_time, 100, True),
            Row(f"{kind}, forward", "im2col + one matmul", ours_forward, plain_time, 4, False),
            Row(
                f"{kind}, both ways",
                "im2col + one matmul each way",
                ours,
                plain_time + back_time,
                4,
                False,
            ),
            Row(
                f"{kind}, both ways", "im2col + one matmul, forward", ours, plain_time, None, False
            ),
        ]
    return rows


def measure_dropout(repeats: int = 21) -> list[Row]:
    """Time a Dropout of one million single-precision numbers."""
    x = np.ones((1000, 1000), np.float32)
    rows = []
    for source, rng in (("Generator", np.random.default_rng(0)), ("np.random", None)):
        layer = nn.Dropout(0.5)
        layer.rng = rng
        draw = np.random.random if rng is None else rng.random
        ours, drawing = medians(
            [functools.partial(layer.forward, x), functools.partial(draw, x.shape)], repeats
        )
        label = f"Dropout, 1,000,000 float32, {source}, forward"
        rows.append(Row(label, "drawing the numbers", ours, drawing, 3, False))
    return rows


def print_beside_torch() -> None:
    """Print a table of the layers beside PyTorch's, if it is installed."""
    torch = torch_layers.load()
    if torch is None:
        print("\nPyTorch is not installed: no comparison with it.")
        return
    print(f"\nOne thread, float64, both ways, beside PyTorch {torch.__version__}:\n")
    print("| layer | ms | PyTorch ms | ratio |")
    print("| --- | --- | --- | --- |")
    for name, ours, theirs in torch_layers.measure(torch):
        print(f"| {name} | {ours * 1e3:.2f} | {theirs * 1e3:.2f} | {ours / theirs:.2f} |")


def main() -> int:
    """Print the table; return 1 if a mark is missed."""
    rows = [*measure(np.float32), *measure(np.float64), *measure_dropout()]
    print("| layer | reference | ms | reference ms | ratio | mark |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(row)
    print_beside_torch()
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
