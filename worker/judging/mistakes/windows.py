"""Mistakes of all layers that slide a window over images."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.formula import Formula
from worker.judging.formulas.images import AvgPool2d, Conv2d, MaxPool2d, windows
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


class _Strided(Formula):
    """A layer with windows, whose stride is another."""

    def stride(self) -> tuple[int, int]:
        kept: tuple[int, int] = self.model.stride
        return kept


@mistake(
    "stride-ignored",
    "The window moves by the stride; here it moves one pixel at a time.",
    "La ventana avanza según el stride; aquí avanza de a un píxel.",
    of=(Conv2d, AvgPool2d, MaxPool2d),
)
class StrideIgnored(_Strided):
    def stride(self) -> tuple[int, int]:
        return 1, 1


@mistake(
    "stride-axes-exchanged",
    "The strides of height and width are exchanged.",
    "Los stride de alto y ancho están intercambiados.",
    of=(Conv2d, AvgPool2d, MaxPool2d),
)
class StrideExchanged(_Strided):
    def stride(self) -> tuple[int, int]:
        down, right = self.model.stride
        return right, down


@mistake(
    "stride-on-one-axis",
    "The stride of one axis is used for both.",
    "Se usa el stride de un eje para ambos.",
    of=(Conv2d, AvgPool2d, MaxPool2d),
)
class StrideOfHeight(_Strided):
    def stride(self) -> tuple[int, int]:
        return self.model.stride[0], self.model.stride[0]


@mistake("stride-on-one-axis", of=(Conv2d, AvgPool2d, MaxPool2d))
class StrideOfWidth(_Strided):
    def stride(self) -> tuple[int, int]:
        return self.model.stride[1], self.model.stride[1]


@mistake(
    "stride-is-kernel",
    "The window moves by the stride, not by its own size.",
    "La ventana avanza según el stride, no según su propio tamaño.",
    of=(Conv2d, AvgPool2d, MaxPool2d),
)
class StrideOfKernel(_Strided):
    def stride(self) -> tuple[int, int]:
        height, width = self.model.kernel_size
        return height, width


@mistake(
    "overlaps-assigned",
    "Where windows overlap, their gradients add up; here the last one overwrites the others.",
    "Donde las ventanas se superponen, sus gradientes se suman; aquí el último pisa a los demás.",
    of=(Conv2d, AvgPool2d, MaxPool2d),
)
class Assigned(Formula):
    def overlaid(self, parts: Rounded, shape: tuple[int, ...]) -> Rounded:
        rows, columns = parts.shape[1:3]
        (down, right), (height, width) = self.model.stride, parts.shape[4:]
        value, error = np.zeros(shape), np.zeros(shape)
        for row in range(rows):
            for column in range(columns):
                i, j = row * down, column * right
                place = np.s_[:, :, i : i + height, j : j + width]
                value[place] = parts.value[:, row, column]
                error[place] = parts.error[:, row, column]
        return Rounded(value, error)


@mistake("overlaps-assigned", of=(MaxPool2d,))
class AssignedAtMaximum(Formula):
    """As `δEδx[where the maximum is] = g`, which leaves the other elements as they are."""

    def overlaid(self, parts: Rounded, shape: tuple[int, ...]) -> Rounded:
        rows, columns = parts.shape[1:3]
        (down, right), (height, width) = self.model.stride, parts.shape[4:]
        value, error = np.zeros(shape), np.zeros(shape)
        for row in range(rows):
            for column in range(columns):
                i, j = row * down, column * right
                place = np.s_[:, :, i : i + height, j : j + width]
                chosen = parts.value[:, row, column] != 0
                value[place] = np.where(chosen, parts.value[:, row, column], value[place])
                error[place] = np.where(chosen, parts.error[:, row, column], error[place])
        return Rounded(value, error)


@mistake(
    "pool-window-axes-exchanged",
    "Height and width of the window are exchanged.",
    "El alto y el ancho de la ventana están intercambiados.",
    of=(AvgPool2d, MaxPool2d),
)
class WindowExchanged(Formula):
    def windowed(self, x: Rounded) -> Rounded:
        height, width = self.model.kernel_size
        return windows(x, (width, height), self.model.stride)
