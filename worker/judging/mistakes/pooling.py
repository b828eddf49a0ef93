"""Mistakes of pooling."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.images import AvgPool2d, MaxPool2d
from worker.judging.lessons import teach
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact


@mistake(
    "pool-takes-maximum",
    "The window's mean is taken, not its maximum.",
    "Se toma el promedio de la ventana, no su máximo.",
)
class AverageIsMaximum(AvgPool2d):
    def reduced(self) -> Rounded:
        flat = self.windows.reshape(*self.windows.shape[:4], -1)
        return flat.max(axis=-1)


@mistake(
    "pool-sums",
    "The window's mean is its sum divided by the number of its elements.",
    "El promedio de la ventana es su suma dividida por la cantidad de elementos.",
)
class AverageSums(AvgPool2d):
    def reduced(self) -> Rounded:
        return self.windows.sum(axis=(4, 5))


@mistake(
    "pool-gradient-not-shared",
    "Each element of a window has its share of the gradient: divide it by their number.",
    "Cada elemento de la ventana recibe su parte del gradiente: divídelo por su cantidad.",
)
class NotShared(AvgPool2d):
    def shared(self, g: Rounded) -> Rounded:
        return g.reshape(*g.shape, 1, 1).broadcast_to(self.windows.shape)


@mistake(
    "pool-divisor",
    "The mean divides by height times width of the window.",
    "El promedio divide por el alto por el ancho de la ventana.",
)
class DividedByHeight(AvgPool2d):
    def reduced(self) -> Rounded:
        return self.windows.sum(axis=(4, 5)) / float(self.model.kernel_size[0])

    def shared(self, g: Rounded) -> Rounded:
        share = g / float(self.model.kernel_size[0])
        return share.reshape(*share.shape, 1, 1).broadcast_to(self.windows.shape)


@mistake(
    "pool-takes-mean",
    "The window's maximum is taken, not its mean.",
    "Se toma el máximo de la ventana, no su promedio.",
)
class MaximumIsMean(MaxPool2d):
    def reduced(self) -> Rounded:
        super().reduced()
        return self.windows.mean(axis=(4, 5))


@mistake(
    "pool-takes-minimum",
    "The window's maximum is taken, not its minimum.",
    "Se toma el máximo de la ventana, no su mínimo.",
)
class MaximumIsMinimum(MaxPool2d):
    def reduced(self) -> Rounded:
        super().reduced()
        return -(-self.windows).reshape(*self.windows.shape[:4], -1).max(axis=-1)


@mistake(
    "pool-maximum-of-magnitude",
    "The largest element is taken, not the one of largest magnitude.",
    "Se toma el elemento mayor, no el de mayor magnitud.",
)
class MaximumOfMagnitude(MaxPool2d):
    def reduced(self) -> Rounded:
        y = super().reduced()
        flat = self.windows.reshape(*self.windows.shape[:4], -1)
        largest = np.argmax(np.abs(flat.value), axis=-1)
        return flat[(*np.indices(y.shape), largest)]


@mistake(
    "pool-starts-at-zero",
    "The maximum of negative numbers is negative: start the search at -∞, not at zero.",
    "El máximo de números negativos es negativo: comienza la búsqueda en -∞, no en cero.",
)
class StartsAtZero(MaxPool2d):
    def reduced(self) -> Rounded:
        y = super().reduced()
        return y.where(y.value > 0)


@mistake(
    "pool-gradient-to-all",
    "Only the largest element of a window gets its gradient.",
    "Solo el elemento mayor de la ventana recibe su gradiente.",
)
class GradientToAll(MaxPool2d):
    def shared(self, g: Rounded) -> Rounded:
        return g.reshape(*g.shape, 1, 1).broadcast_to(self.windows.shape)


# Found by `MaxPool2d.rejects`, because only ties show it.
teach(
    "pool-gradient-to-ties",
    "Where several elements of a window are equally large, its gradient must not be given to "
    "each of them.",
    "Donde varios elementos de una ventana son igual de grandes, su gradiente no debe darse a cada "
    "uno.",
)


@mistake("pool-gradient-to-all")
class GradientShared(GradientToAll):
    def shared(self, g: Rounded) -> Rounded:
        height, width = self.model.kernel_size
        return super().shared(g / float(height * width))


@mistake(
    "pool-gradient-at-corner",
    "The gradient goes to the place of the largest element, not to the window's corner.",
    "El gradiente va al lugar del elemento mayor, no a la esquina de la ventana.",
)
class GradientAtCorner(MaxPool2d):
    def shared(self, g: Rounded) -> Rounded:
        value = np.zeros(self.windows.shape)
        value[..., 0, 0] = g.value
        return exact(value)


@mistake(
    "pool-gradient-times-maximum",
    "The largest element gets the gradient itself, not multiplied by its value.",
    "El elemento mayor recibe el gradiente tal cual, no multiplicado por su valor.",
)
class GradientTimesMaximum(MaxPool2d):
    def shared(self, g: Rounded) -> Rounded:
        return super().shared(g) * self.windows
