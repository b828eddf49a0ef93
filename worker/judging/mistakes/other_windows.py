"""Convolutions with other weights than the kernel's, and windows at other places."""

from __future__ import annotations

import numpy as np

from worker.judging.challenges import Floats
from worker.judging.formulas.formula import Formula
from worker.judging.formulas.images import AvgPool2d, Conv2d, MaxPool2d, Sliding, overlaid, windows
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded

_SLIDING = (Conv2d, AvgPool2d, MaxPool2d)
# How many windows there must be for each weight that is sought.
_WINDOWS_A_WEIGHT = 2
# Of the largest number, what rounding leaves.
_ALIKE = 1e-4
_ROOM = 64.0
# How exact weights are that were found in float32.
_EXACT = 1e-6


@mistake(
    "kernel-used-otherwise",
    "Every output is a sum of products with other weights than the kernel's: look at which weight "
    "meets which pixel.",
    "Cada salida es una suma de productos con otros pesos que los del kernel: mira qué peso se "
    "encuentra con qué píxel.",
)
class OtherWeights(Conv2d):
    """Finds the weights that give what was answered, if there are such."""

    found: Floats | None = None

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        views = self.windowed(self.padded(inputs[0])).value
        samples, rows, columns = views.shape[:3]
        flat = views.reshape(samples * rows * columns, -1)
        if len(flat) < _WINDOWS_A_WEIGHT * flat.shape[1]:
            return
        if output.shape != (samples, len(self.parameters["w"].value), rows, columns):
            return
        y = output.transpose(0, 2, 3, 1).reshape(len(flat), -1)
        if self.model.bias:
            y = y - self.parameters["b"].value
        weights = np.linalg.lstsq(flat, y, rcond=None)[0]
        if np.abs(flat @ weights - y).max() <= _ALIKE * np.abs(y).max():
            found = weights.T.reshape(self.parameters["w"].shape)
            self.found = np.asarray(found, np.float64)

    def kernels(self) -> Rounded:
        if self.found is None:
            raise LookupError("no weights give what was answered")
        # They are as exact as the answer that they were found in, which may be in float32.
        units = _ROOM + _EXACT / self.unit
        return Rounded(self.found, np.full(self.found.shape, units * np.abs(self.found).max()))


class _NotMoved(Sliding):
    def windowed(self, x: Rounded) -> Rounded:
        right = super().windowed(x)
        rows, columns = right.shape[1:3]
        return windows(x, self.model.kernel_size, (1, 1))[:, :rows, :columns]


@mistake(
    "stride-not-in-position",
    "The window of output (i, j) begins at i and j times the stride; here it begins at i and j.",
    "La ventana de la salida (i, j) comienza en i y j por el stride; aquí comienza en i y j.",
    of=_SLIDING,
)
class NotMoved(_NotMoved):
    def overlaid(self, parts: Rounded, shape: tuple[int, ...]) -> Rounded:
        return overlaid(parts, shape, (1, 1))


@mistake("stride-not-in-position", of=_SLIDING)
class NotMovedInForward(_NotMoved):
    pass


@mistake("stride-not-in-position", of=_SLIDING)
class NotMovedInBackward(Sliding):
    def overlaid(self, parts: Rounded, shape: tuple[int, ...]) -> Rounded:
        return overlaid(parts, shape, (1, 1))


@mistake("stride-not-in-position")
class NotMovedInBackwardOfBoth(Conv2d):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        rows, columns = self.windows.shape[1:3]
        unmoved = windows(self.padded(inputs[0]), self.model.kernel_size, (1, 1))
        self.windows = unmoved[:, :rows, :columns]
        return y

    def overlaid(self, parts: Rounded, shape: tuple[int, ...]) -> Rounded:
        return overlaid(parts, shape, (1, 1))


class _Reduced(Conv2d):
    """Puts the products of a window together in another way than by their sum."""

    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        w = self.parameters["w"].value
        views = self.windows.value
        if views.size * len(w) > _MOST_PRODUCTS:
            raise MemoryError("too many products")
        products = views[:, :, :, np.newaxis] * w
        value = self.reduced(products).transpose(0, 3, 1, 2)
        if self.model.bias:
            value = value + self.parameters["b"].value.reshape(-1, 1, 1)
        return y.made(value, y.error + np.abs(value))

    def reduced(self, products: Floats) -> Floats:
        """Reduce over the last three axes: channels, height, width."""
        raise NotImplementedError


_MOST_PRODUCTS = 500_000


@mistake("convolution-averaged")
class AveragedOverKernel(_Reduced):
    def reduced(self, products: Floats) -> Floats:
        return np.asarray(products.sum(axis=-3).mean(axis=(-2, -1)))


@mistake("convolution-averaged")
class AveragedOverChannels(_Reduced):
    def reduced(self, products: Floats) -> Floats:
        return np.asarray(products.mean(axis=-3).sum(axis=(-2, -1)))


@mistake(
    "products-not-summed",
    "The products of a window are summed, over all channels and pixels; here one is picked.",
    "Los productos de una ventana se suman, sobre todos los canales y píxeles; aquí se elige uno.",
)
class LargestProduct(_Reduced):
    def reduced(self, products: Floats) -> Floats:
        return np.asarray(products.max(axis=(-3, -2, -1)))


@mistake("products-not-summed")
class LargestOfKernel(_Reduced):
    def reduced(self, products: Floats) -> Floats:
        return np.asarray(products.sum(axis=-3).max(axis=(-2, -1)))


class _Padded(Formula):
    """A padding for an output as large as the image, whatever padding is asked for."""

    def padding(self) -> tuple[int, int]:
        height, width = self.model.kernel_size
        return height // 2, width // 2


@mistake(
    "padding-of-same-size",
    "The image is padded as the layer is told to; here it is padded so that its size stays.",
    "La imagen se rellena según se indica a la capa; aquí se rellena para conservar el tamaño.",
)
class SameSize(_Padded, Conv2d):
    def padded(self, x: Rounded) -> Rounded:
        around = [(0, 0), (0, 0), *((size, size) for size in self.padding())]
        return x.made(np.pad(x.value, around), np.pad(x.error, around))

    def cropped(self, x: Rounded) -> Rounded:
        (down, right), shape = self.padding(), x.shape
        return x[:, :, down : shape[2] - down, right : shape[3] - right]


@mistake("padding-not-removed")
class CutByNegativeIndex(Conv2d):
    """Cuts from padding to -padding, which is nothing where the padding is zero."""

    def cropped(self, x: Rounded) -> Rounded:
        down, right = self.model.padding
        return x[:, :, down:-down, right:-right]
