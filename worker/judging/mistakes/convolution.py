"""Mistakes of the convolution of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from worker.judging.formulas.formula import Passed
from worker.judging.formulas.images import Conv2d
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


@mistake(
    "convolution-flipped",
    "The kernel is flipped; this layer is a cross-correlation, which does not flip it.",
    "El núcleo está invertido; esta capa es una correlación cruzada, que no lo invierte.",
)
class Flipped(Conv2d):
    def kernels(self) -> Rounded:
        return self.parameters["w"][:, :, ::-1, ::-1]

    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        return of_input, {**gradients, "w": gradients["w"][:, :, ::-1, ::-1]}


@mistake(
    "gradient-kernel-not-flipped",
    "In the gradient of the input each error goes back along the weights that it came by.",
    "En el gradiente de la entrada cada error vuelve por los pesos por los que llegó.",
)
class FlippedInBackward(Conv2d):
    def backward(self, g: Rounded) -> Passed:
        _, gradients = super().backward(g)
        kept = self.parameters
        self.parameters = {**kept, "w": kept["w"][:, :, ::-1, ::-1]}
        try:
            return super().backward(g)[0], gradients
        finally:
            self.parameters = kept


@mistake(
    "kernel-transposed",
    "Height and width of the kernel are exchanged.",
    "El alto y el ancho del núcleo están intercambiados.",
)
class KernelTransposed(Conv2d):
    def kernels(self) -> Rounded:
        return self.parameters["w"].transpose(0, 1, 3, 2)


@mistake(
    "channels-exchanged",
    "w has the shape (out_channels, in_channels, height, width); here the first two are exchanged.",
    "w tiene la forma (out_channels, in_channels, alto, ancho); aquí los dos primeros están "
    "intercambiados.",
)
class ChannelsExchanged(Conv2d):
    def kernels(self) -> Rounded:
        return self.parameters["w"].transpose(1, 0, 2, 3)


@mistake(
    "channels-not-summed",
    "An output channel sums the products of all input channels.",
    "Un canal de salida suma los productos de todos los canales de entrada.",
)
class FirstChannelAlone(Conv2d):
    def kernels(self) -> Rounded:
        first = np.zeros(self.parameters["w"].shape)
        first[:, 0] = 1.0
        return self.parameters["w"].where(first > 0)


@mistake("channels-not-summed")
class LastChannelAlone(Conv2d):
    def kernels(self) -> Rounded:
        last = np.zeros(self.parameters["w"].shape)
        last[:, -1] = 1.0
        return self.parameters["w"].where(last > 0)


@mistake("channels-not-summed")
class ChannelsAveraged(Conv2d):
    def kernels(self) -> Rounded:
        return self.parameters["w"] / float(self.model.in_channels)


@mistake(
    "bias-forgotten-in-convolution",
    "The bias of each output channel is not added.",
    "No se suma el sesgo de cada canal de salida.",
)
class ConvolutionBiasForgotten(Conv2d):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return y - self.parameters["b"].reshape(-1, 1, 1) if self.model.bias else y


@mistake(
    "bias-gradient-averaged",
    "The gradient of the bias is the sum over the batch and all pixels, not a mean.",
    "El gradiente del sesgo es la suma sobre el lote y todos los píxeles, no un promedio.",
)
class BiasAveraged(Conv2d):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        if self.model.bias:
            gradients["b"] = g.mean(axis=(0, 2, 3))
        return of_input, gradients


@mistake("bias-gradient-averaged")
class BiasAveragedOverPixels(Conv2d):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        if self.model.bias:
            gradients["b"] = g.mean(axis=(2, 3)).sum(axis=0)
        return of_input, gradients


@mistake(
    "bias-gradient-not-summed-over-pixels",
    "The bias is added at every pixel of every sample: its gradient sums over all of them.",
    "El sesgo se suma en cada píxel de cada muestra: su gradiente suma sobre todos ellos.",
)
class BiasSummedOverBatch(Conv2d):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        if self.model.bias:
            gradients["b"] = g.sum(axis=0)
        return of_input, gradients


@mistake(
    "padding-ignored",
    "The zeros around the image are not added.",
    "No se agregan los ceros alrededor de la imagen.",
)
class PaddingIgnored(Conv2d):
    def padded(self, x: Rounded) -> Rounded:
        return x

    def cropped(self, x: Rounded) -> Rounded:
        return x


class _OneSided(Conv2d):
    before = 2

    def padded(self, x: Rounded) -> Rounded:
        sizes = [(self.before * size, (2 - self.before) * size) for size in self.model.padding]
        around = [(0, 0), (0, 0), *sizes]
        return Rounded(np.pad(x.value, around), np.pad(x.error, around))

    def cropped(self, x: Rounded) -> Rounded:
        (down, right), shape = self.model.padding, x.shape
        top, left = self.before * down, self.before * right
        return x[:, :, top : shape[2] - 2 * down + top, left : shape[3] - 2 * right + left]


@mistake(
    "padding-one-side",
    "The zeros go on both sides of each axis; here they are all on one side.",
    "Los ceros van a ambos lados de cada eje; aquí están todos de un lado.",
)
class PaddingBefore(_OneSided):
    before = 2


@mistake("padding-one-side")
class PaddingAfter(_OneSided):
    before = 0


@mistake(
    "padding-on-one-axis",
    "The padding is put around both axes.",
    "El relleno se pone en ambos ejes.",
)
class PaddingOnHeight(Conv2d):
    axis = 0

    def padded(self, x: Rounded) -> Rounded:
        around = [(0, 0), (0, 0), (0, 0), (0, 0)]
        size = self.model.padding[self.axis]
        around[2 + self.axis] = (size, size)
        return Rounded(np.pad(x.value, around), np.pad(x.error, around))


@mistake("padding-on-one-axis")
class PaddingOnWidth(PaddingOnHeight):
    axis = 1


@mistake(
    "padding-not-zero",
    "The padding is of zeros; here the border of the image is repeated or mirrored.",
    "El relleno es de ceros; aquí se repite o se refleja el borde de la imagen.",
)
class PaddingRepeated(Conv2d):
    mode: Any = "edge"

    def padded(self, x: Rounded) -> Rounded:
        around = [(0, 0), (0, 0), *((size, size) for size in self.model.padding)]
        return Rounded(np.pad(x.value, around, mode=self.mode))


@mistake("padding-not-zero")
class PaddingMirrored(PaddingRepeated):
    mode = "reflect"


@mistake(
    "padding-not-removed",
    "The gradient of the input has the input's shape: cut the padding off again.",
    "El gradiente de la entrada tiene la forma de la entrada: recorta el relleno.",
)
class PaddingNotRemoved(Conv2d):
    def cropped(self, x: Rounded) -> Rounded:
        return x


@mistake(
    "padding-removed-on-one-side",
    "The padding must be cut off on both sides of the gradient.",
    "El relleno debe recortarse a ambos lados del gradiente.",
)
class CroppedBefore(Conv2d):
    def cropped(self, x: Rounded) -> Rounded:
        (down, right) = self.model.padding
        return x[:, :, 2 * down :, 2 * right :]


@mistake("padding-removed-on-one-side")
class CroppedAfter(Conv2d):
    def cropped(self, x: Rounded) -> Rounded:
        (down, right), shape = self.model.padding, x.shape
        return x[:, :, : shape[2] - 2 * down, : shape[3] - 2 * right]
