"""Mistakes of convolutions and pooling in which elements are left out or counted twice."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.formula import Passed
from worker.judging.formulas.images import AvgPool2d, Conv2d, MaxPool2d, windows
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact

# Convolutions.


@mistake(
    "convolution-averaged",
    "The products of a window are summed, not averaged.",
    "Los productos de una ventana se suman, no se promedian.",
)
class Averaged(Conv2d):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        if not self.model.bias:
            return y / self._elements()
        b = self.parameters["b"].reshape(-1, 1, 1)
        return (y - b) / self._elements() + b

    def _elements(self) -> float:
        return float(np.prod(self.parameters["w"].shape[1:]))


@mistake(
    "kernel-partly-used",
    "All elements of the kernel take part; here its last row or column does not.",
    "Todos los elementos del kernel intervienen; aquí su última fila o columna no.",
)
class WithoutLastRow(Conv2d):
    def kernels(self) -> Rounded:
        w = self.parameters["w"]
        kept = np.ones(w.shape, bool)
        kept[:, :, -1] = False
        return w.where(kept)


@mistake("kernel-partly-used")
class WithoutLastColumn(Conv2d):
    def kernels(self) -> Rounded:
        w = self.parameters["w"]
        kept = np.ones(w.shape, bool)
        kept[:, :, :, -1] = False
        return w.where(kept)


@mistake("kernel-partly-used")
class CentreAlone(Conv2d):
    def kernels(self) -> Rounded:
        w = self.parameters["w"]
        kept = np.zeros(w.shape, bool)
        kept[:, :, w.shape[2] // 2, w.shape[3] // 2] = True
        return w.where(kept)


@mistake(
    "one-kernel-for-all",
    "Each output channel has a kernel of its own; here the first one serves all.",
    "Cada canal de salida tiene su propio kernel; aquí el primero sirve a todos.",
)
class FirstKernelForAll(Conv2d):
    def kernels(self) -> Rounded:
        w = self.parameters["w"]
        return w[:1].broadcast_to(w.shape)


@mistake(
    "bias-not-per-channel",
    "Each output channel has a bias of its own; here one number serves all.",
    "Cada canal de salida tiene su propio sesgo; aquí un número sirve a todos.",
)
class FirstBiasForAll(Conv2d):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        if not self.model.bias:
            return y
        b = self.parameters["b"]
        return y - b.reshape(-1, 1, 1) + b[:1].reshape(1, 1, 1)


@mistake("bias-subtracted")
class BiasSubtracted(Conv2d):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return y - 2.0 * self.parameters["b"].reshape(-1, 1, 1) if self.model.bias else y


@mistake(
    "padding-doubled",
    "The padding is that many zeros on each side; here there are other numbers of them.",
    "El padding es esa cantidad de ceros a cada lado; aquí hay otras cantidades.",
)
class PaddingOfOne(Conv2d):
    """Ones instead of zeros have a name of their own; this is one row more, and one row less."""

    extra = 1

    def padded(self, x: Rounded) -> Rounded:
        sizes = [max(0, size + self.extra) if size else 0 for size in self.model.padding]
        around = [(0, 0), (0, 0), *((size, size) for size in sizes)]
        return Rounded(np.pad(x.value, around), np.pad(x.error, around))


@mistake("padding-not-zero")
class PaddingOfOnes(Conv2d):
    def padded(self, x: Rounded) -> Rounded:
        around = [(0, 0), (0, 0), *((size, size) for size in self.model.padding)]
        value = np.pad(x.value, around, constant_values=1.0)
        return Rounded(value, np.pad(x.error, around))


@mistake("padding-not-zero")
class PaddingWrapped(Conv2d):
    def padded(self, x: Rounded) -> Rounded:
        around = [(0, 0), (0, 0), *((size, size) for size in self.model.padding)]
        return Rounded(np.pad(x.value, around, mode="wrap"), np.pad(x.error, around))


class _KernelGradient(Conv2d):
    """The gradient of the kernels is computed from other windows."""

    def windows_of_gradient(self) -> Rounded:
        raise NotImplementedError

    def backward(self, g: Rounded) -> Passed:
        right, gradients = super().backward(g)
        kept, self.windows = self.windows, self.windows_of_gradient()
        try:
            _, others = super().backward(g)
        finally:
            self.windows = kept
        return right, gradients | {"w": others["w"]}


@mistake(
    "kernel-gradient-without-padding",
    "The gradient of the kernel takes the padded input, as the forward does.",
    "El gradiente del kernel usa la entrada con padding, como el forward.",
)
class GradientWithoutPadding(_KernelGradient):
    """The windows begin at the image itself, where there is enough of it."""

    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        y = super().forward(x)
        (down, right), shape = self.model.padding, self.padded_shape
        moved = np.zeros(shape)
        moved[:, :, : shape[2] - 2 * down, : shape[3] - 2 * right] = x.value
        self.unpadded = self.windowed(exact(moved))
        return y

    def windows_of_gradient(self) -> Rounded:
        return self.unpadded


@mistake(
    "kernel-gradient-without-stride",
    "In the gradient of the kernel the windows are those of the forward, a stride apart.",
    "En el gradiente del kernel las ventanas son las del forward, separadas por el stride.",
)
class GradientWithoutStride(_KernelGradient):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        dense = windows(self.padded(inputs[0]), self.model.kernel_size, (1, 1))
        self.dense = dense[:, : y.shape[2], : y.shape[3]]
        return y

    def windows_of_gradient(self) -> Rounded:
        return self.dense


@mistake(
    "kernel-gradient-flipped",
    "The gradient of the kernel has its rows and columns in reverse.",
    "El gradiente del kernel tiene sus filas y columnas al revés.",
)
class GradientFlipped(Conv2d):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        return of_input, gradients | {"w": gradients["w"][:, :, ::-1, ::-1]}


@mistake("bias-gradient-not-summed")
class BiasGradientOfOnes(Conv2d):
    """How many pixels there are, whatever their errors."""

    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        if self.model.bias:
            count = g.value.size / g.shape[1]
            gradients |= {"b": exact(np.full(g.shape[1], count))}
        return of_input, gradients


# Pooling.


@mistake(
    "pool-of-whole-image",
    "Each window has a number of its own; here the whole image has one.",
    "Cada ventana tiene su propio número; aquí la imagen entera tiene uno.",
)
class MaximumOfImage(MaxPool2d):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        largest = inputs[0].value.max(axis=(2, 3), keepdims=True)
        return exact(np.broadcast_to(largest, y.shape))


@mistake("pool-of-whole-image")
class MeanOfImage(AvgPool2d):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return inputs[0].mean((2, 3), keepdims=True).broadcast_to(y.shape)


@mistake(
    "pool-over-channels",
    "Each channel is pooled by itself; here the window goes over all channels.",
    "Cada canal se reduce por separado; aquí la ventana abarca todos los canales.",
)
class MaximumOverChannels(MaxPool2d):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return exact(np.broadcast_to(y.value.max(axis=1, keepdims=True), y.shape))


@mistake("pool-over-channels")
class MeanOverChannels(AvgPool2d):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return y.mean(1, keepdims=True).broadcast_to(y.shape)


@mistake(
    "pool-takes-corner",
    "The window's mean or maximum counts, not the element at its corner.",
    "Cuenta la media o el máximo de la ventana, no el elemento de su esquina.",
    of=(AvgPool2d, MaxPool2d),
)
class TakesCorner(AvgPool2d):
    def reduced(self) -> Rounded:
        super().reduced()
        return self.windows[:, :, :, :, 0, 0]


@mistake(
    "pool-of-squares",
    "The average is that of the elements, not the root of that of their squares.",
    "El promedio es el de los elementos, no la raíz del de sus cuadrados.",
)
class OfSquares(AvgPool2d):
    def reduced(self) -> Rounded:
        return (self.windows * self.windows).mean(axis=(4, 5)).sqrt()


@mistake("pool-divisor")
class DividedByWidth(AvgPool2d):
    def reduced(self) -> Rounded:
        return self.windows.sum(axis=(4, 5)) / float(self.model.kernel_size[1])

    def shared(self, g: Rounded) -> Rounded:
        return super().shared(g * float(self.model.kernel_size[0]))


@mistake("pool-divisor")
class DividedBySquareOfHeight(AvgPool2d):
    def reduced(self) -> Rounded:
        return self.windows.sum(axis=(4, 5)) / float(self.model.kernel_size[0] ** 2)

    def shared(self, g: Rounded) -> Rounded:
        height, width = self.model.kernel_size
        return super().shared(g * (width / height))


@mistake("pool-divisor")
class DividedByStrides(AvgPool2d):
    def reduced(self) -> Rounded:
        return self.windows.sum(axis=(4, 5)) / float(np.prod(self.model.stride))

    def shared(self, g: Rounded) -> Rounded:
        return super().shared(
            g * float(np.prod(self.model.kernel_size) / np.prod(self.model.stride))
        )


@mistake(
    "pool-gradient-divided-by-overlaps",
    "Where windows overlap, their gradients add up; here the sum is divided by their number.",
    "Donde las ventanas se superponen, sus gradientes se suman; aquí la suma se divide por su "
    "cantidad.",
    of=(AvgPool2d, MaxPool2d),
)
class DividedByOverlaps(AvgPool2d):
    def overlaid(self, parts: Rounded, shape: tuple[int, ...]) -> Rounded:
        summed = super().overlaid(parts, shape)
        counts = super().overlaid(exact(np.ones(parts.shape)), shape).value
        return summed / exact(np.maximum(counts, 1.0))


@mistake(
    "pool-gradient-to-average",
    "The gradient goes to the largest element whole; here it is divided by the window's size.",
    "El gradiente va entero al mayor elemento; aquí se divide por el tamaño de la ventana.",
)
class MaximumGradientDivided(MaxPool2d):
    def shared(self, g: Rounded) -> Rounded:
        return super().shared(g) / float(np.prod(self.model.kernel_size))


@mistake(
    "pool-gradient-to-smallest",
    "The gradient goes to the largest element of the window, not to the smallest.",
    "El gradiente va al mayor elemento de la ventana, no al menor.",
)
class GradientToSmallest(MaxPool2d):
    def shared(self, g: Rounded) -> Rounded:
        flat = self.windows.reshape(*self.windows.shape[:4], -1)
        chosen = np.argmin(flat.value, axis=-1)[..., np.newaxis] == np.arange(flat.shape[-1])
        spread = g.reshape(*g.shape, 1).broadcast_to(flat.shape)
        return spread.where(chosen).reshape(*self.windows.shape)
