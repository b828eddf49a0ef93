"""Mistakes of layers with a fixed formula: constants and Flatten."""

from __future__ import annotations

from worker.judging.formulas.activations import (
    AddConstant,
    Flatten,
    MultiplyConstant,
)
from worker.judging.formulas.formula import Passed
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


@mistake(
    "constant-subtracted",
    "The constant is added, not subtracted.",
    "La constante se suma, no se resta.",
)
class ConstantSubtracted(AddConstant):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] - self.constant()


@mistake(
    "constant-multiplied",
    "The constant is added to the input; here the input is multiplied or divided by it.",
    "La constante se suma a la entrada; aquí la entrada se multiplica o se divide por ella.",
)
class ConstantMultiplied(AddConstant):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] * self.constant()


@mistake("constant-multiplied")
class ConstantDividing(AddConstant):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] / self.constant()


@mistake(
    "constant-in-gradient",
    "A constant that is added has no part in the gradient: it passes as it is.",
    "Una constante que se suma no participa del gradiente: pasa tal cual.",
)
class ConstantAddedToGradient(AddConstant):
    def backward(self, g: Rounded) -> Passed:
        return g + self.constant(), {}


@mistake("constant-in-gradient")
class ConstantTimesGradient(AddConstant):
    def backward(self, g: Rounded) -> Passed:
        return g * self.constant(), {}


@mistake(
    "constant-not-in-gradient",
    "The derivative of x times a constant is the constant: the gradient is multiplied by it.",
    "La derivada de x por una constante es la constante: el gradiente se multiplica por ella.",
)
class ConstantForgotten(MultiplyConstant):
    def backward(self, g: Rounded) -> Passed:
        return g, {}


@mistake("constant-not-in-gradient")
class ConstantDivides(MultiplyConstant):
    def backward(self, g: Rounded) -> Passed:
        return g / self.constant(), {}


@mistake(
    "constant-divides",
    "The input is multiplied by the constant, not divided by it.",
    "La entrada se multiplica por la constante, no se divide por ella.",
)
class InputDivided(MultiplyConstant):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] / self.constant()


@mistake(
    "constant-added",
    "The input is multiplied by the constant; here the constant is added or subtracted.",
    "La entrada se multiplica por la constante; aquí la constante se suma o se resta.",
)
class ConstantAdded(MultiplyConstant):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] + self.constant()


@mistake("constant-added")
class InputMinusConstant(MultiplyConstant):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] - self.constant()


@mistake(
    "flatten-fortran-order",
    "The features are laid out in another order: the last axis must run fastest (C order).",
    "Los atributos quedan en otro orden: el último eje debe variar más rápido (orden C).",
)
class FlattenFortran(Flatten):
    def forward(self, *inputs: Rounded) -> Rounded:
        x = inputs[0]
        super().forward(x)
        axes = (0, *range(len(x.shape) - 1, 0, -1))
        return x.transpose(*axes).reshape(x.shape[0], -1)

    def backward(self, g: Rounded) -> Passed:
        shape = self.input_shape
        turned = g.reshape(shape[0], *reversed(shape[1:]))
        return turned.transpose(0, *range(len(shape) - 1, 0, -1)), {}


@mistake("flatten-fortran-order")
class FlattenAllFortran(Flatten):
    """As `x.reshape(n, -1, order="F")` lays it out, and the way back."""

    def backward(self, g: Rounded) -> Passed:
        shape = self.input_shape
        value = g.value.reshape(shape, order="F")
        return Rounded(value), {}


@mistake(
    "flatten-batch-lost",
    "The samples must stay apart: flatten each one, not the whole batch.",
    "Las muestras deben quedar separadas: aplana cada una, no todo el lote.",
)
class FlattenBatch(Flatten):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return inputs[0].reshape(-1)


@mistake(
    "flatten-gradient-not-reshaped",
    "The backward must give the gradient the shape of the input.",
    "El backward debe dar al gradiente la forma de la entrada.",
)
class FlattenNotReshaped(Flatten):
    def backward(self, g: Rounded) -> Passed:
        return g, {}
