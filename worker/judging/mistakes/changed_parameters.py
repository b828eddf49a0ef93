"""Layers that change a parameter before they use it, or after they have its gradient."""

from __future__ import annotations

import numpy as np

from edunn.model import Model
from worker.judging.formulas.batchnorm import BatchNorm
from worker.judging.formulas.formula import Formula, Passed
from worker.judging.formulas.images import Conv2d
from worker.judging.formulas.linear import Bias, Linear
from worker.judging.formulas.rnn import RNN
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded

_WITH_PARAMETERS = (Linear, Bias, BatchNorm, Conv2d, RNN)


class _Changed(Formula):
    """Uses a function of each parameter for it, in both passes."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.parameters = {name: self.changed(each) for name, each in self.parameters.items()}

    def changed(self, parameter: Rounded) -> Rounded:
        raise NotImplementedError


@mistake(
    "parameter-sign-lost",
    "A parameter is used without its sign, or where it is positive alone: take it as it is.",
    "Un parámetro se usa sin su signo, o solo donde es positivo: tómalo tal cual.",
    of=_WITH_PARAMETERS,
)
class Magnitude(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return abs(parameter)


@mistake("parameter-sign-lost", of=_WITH_PARAMETERS)
class PositivePart(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter.where(parameter.value > 0)


@mistake(
    "parameter-squared",
    "A parameter is squared before it is used: take it as it is.",
    "Un parámetro se eleva al cuadrado antes de usarlo: tómalo tal cual.",
    of=_WITH_PARAMETERS,
)
class Squared(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter * parameter


@mistake(
    "parameter-scaled",
    "A parameter is multiplied or divided by a number before it is used: take it as it is.",
    "Un parámetro se multiplica o divide por un número antes de usarlo: tómalo tal cual.",
    of=_WITH_PARAMETERS,
)
class Halved(_Changed):
    factor = 0.5

    def changed(self, parameter: Rounded) -> Rounded:
        return parameter * self.factor


@mistake("parameter-scaled", of=_WITH_PARAMETERS)
class Doubled(Halved):
    factor = 2.0


@mistake("parameter-scaled", of=_WITH_PARAMETERS)
class DividedByLength(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter / float(parameter.shape[0])


@mistake("parameter-scaled", of=_WITH_PARAMETERS)
class DividedByRootOfLength(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter / float(np.sqrt(parameter.shape[0]))


@mistake("parameter-scaled", of=(Bias,))
class DividedByBatch(Bias):
    def forward(self, *inputs: Rounded) -> Rounded:
        return inputs[0] + self.parameters["b"] / float(inputs[0].shape[0])


@mistake(
    "parameter-normalized",
    "A parameter is normalised before it is used: take it as it is.",
    "Un parámetro se normaliza antes de usarlo: tómalo tal cual.",
    of=_WITH_PARAMETERS,
)
class DividedByNorm(_Changed):
    axis: int | None = None

    def changed(self, parameter: Rounded) -> Rounded:
        axis = None if self.axis is None else self.axis % len(parameter.shape)
        squares = (parameter * parameter).sum(axis=axis, keepdims=True)
        return parameter / squares.sqrt()


@mistake("parameter-normalized", of=(Linear,))
class ColumnsDividedByNorm(DividedByNorm):
    axis = 0


@mistake("parameter-normalized", of=(Linear,))
class RowsDividedByNorm(DividedByNorm):
    axis = -1


@mistake("parameter-normalized", of=_WITH_PARAMETERS)
class Squashed(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter.tanh()


@mistake("parameter-normalized", of=_WITH_PARAMETERS)
class DividedBySum(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter / parameter.sum()


@mistake("parameter-normalized", of=_WITH_PARAMETERS)
class Centred(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter - parameter.mean()


@mistake(
    "parameter-order-changed",
    "The numbers of a parameter are put in another order: take it as it is.",
    "Los números de un parámetro se ponen en otro orden: tómalo tal cual.",
    of=_WITH_PARAMETERS,
)
class Reversed(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter[::-1]


@mistake("parameter-order-changed", of=_WITH_PARAMETERS)
class LastAxisReversed(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter[..., ::-1]


class _Rolled(_Changed):
    way, axis = 1, 0

    def changed(self, parameter: Rounded) -> Rounded:
        value = np.roll(parameter.value, self.way, self.axis)
        return Rounded(value, np.roll(parameter.error, self.way, self.axis))


@mistake("parameter-order-changed", of=_WITH_PARAMETERS)
class RolledForth(_Rolled):
    way = 1


@mistake("parameter-order-changed", of=_WITH_PARAMETERS)
class RolledBack(_Rolled):
    way = -1


@mistake("parameter-order-changed", of=(Linear,))
class ColumnsRolled(_Rolled):
    axis = 1


@mistake("parameter-order-changed", of=_WITH_PARAMETERS)
class Sorted(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return Rounded(np.sort(parameter.value, axis=0))


@mistake(
    "parameter-is-one-number",
    "One number stands for all of a parameter: each of its elements counts by itself.",
    "Un solo número reemplaza a todo un parámetro: cada elemento cuenta por sí mismo.",
    of=_WITH_PARAMETERS,
)
class Summed(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter.sum().broadcast_to(parameter.shape)


@mistake("parameter-is-one-number", of=_WITH_PARAMETERS)
class Averaged(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return parameter.mean().broadcast_to(parameter.shape)


class _OneOf(_Changed):
    place = 0

    def changed(self, parameter: Rounded) -> Rounded:
        return parameter.reshape(-1)[self.place].broadcast_to(parameter.shape)


@mistake("parameter-is-one-number", of=_WITH_PARAMETERS)
class First(_OneOf):
    place = 0


@mistake("parameter-is-one-number", of=_WITH_PARAMETERS)
class Last(_OneOf):
    place = -1


@mistake("parameter-is-one-number", of=_WITH_PARAMETERS)
class Largest(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return Rounded(np.full(parameter.shape, parameter.value.max()))


@mistake("parameter-is-one-number", of=_WITH_PARAMETERS)
class Smallest(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return Rounded(np.full(parameter.shape, parameter.value.min()))


@mistake(
    "parameter-ignored",
    "A number that is not the parameter's is used in its place.",
    "Se usa un número que no es el del parámetro en su lugar.",
    of=_WITH_PARAMETERS,
)
class Ones(_Changed):
    def changed(self, parameter: Rounded) -> Rounded:
        return Rounded(np.ones(parameter.shape))


class _Stepped(Formula):
    """The backward makes a step of gradient descent with the gradients that it returns."""

    lr = 1.0

    def backward(self, g: Rounded) -> Passed:
        of_input, of_parameters = super().backward(g)
        for name, gradient in of_parameters.items():
            if gradient.shape == self.parameters[name].shape:
                self.parameters[name] = self.parameters[name] - gradient * self.lr
        return of_input, of_parameters


@mistake(
    "parameters-changed-by-backward",
    "The backward returns the gradients and leaves the parameters: the optimizer changes them.",
    "El backward devuelve los gradientes y deja los parámetros: el optimizador los cambia.",
    of=_WITH_PARAMETERS,
)
class SteppedByOne(_Stepped):
    lr = 1.0


@mistake("parameters-changed-by-backward", of=_WITH_PARAMETERS)
class SteppedByTenth(_Stepped):
    lr = 0.1


@mistake("parameters-changed-by-backward", of=_WITH_PARAMETERS)
class SteppedByHundredth(_Stepped):
    lr = 0.01


@mistake("parameters-changed-by-backward", of=_WITH_PARAMETERS)
class SteppedByThousandth(_Stepped):
    lr = 0.001
