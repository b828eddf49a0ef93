"""Mistakes that any layer can have: most are in its backward."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from worker.judging.formulas.formula import Formula, Gradients, Passed
from worker.judging.lessons import teach
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, zeros

# Found by `diagnosis`, because the later steps of the script tell it.
teach(
    "output-overwritten",
    "{part} was written over by a later step: return a new array each time, not one that is kept.",
    "{part} fue sobrescrita por un paso posterior: devuelve un arreglo nuevo cada vez, no uno que "
    "se guarda.",
)


@mistake(
    "gradient-negated",
    "{part} has the wrong sign everywhere.",
    "{part} tiene el signo contrario en todas partes.",
    of=None,
)
class Negated(Formula):
    def backward(self, g: Rounded) -> Passed:
        of_input, of_parameters = super().backward(g)
        return -of_input, {name: -each for name, each in of_parameters.items()}


@mistake(
    "gradient-is-zero",
    "{part} is zero everywhere.",
    "{part} es cero en todas partes.",
    of=None,
)
class Zero(Formula):
    def backward(self, g: Rounded) -> Passed:
        of_input, of_parameters = super().backward(g)
        nothing = {name: zeros(each.shape) for name, each in of_parameters.items()}
        return zeros(of_input.shape), nothing


@mistake(
    "gradient-without-output-gradient",
    "The backward must multiply by the gradient of the output that it is given: the chain rule.",
    "El backward debe multiplicar por el gradiente de la salida que recibe: la regla de la cadena.",
    of=None,
)
class WithoutOutputGradient(Formula):
    def backward(self, g: Rounded) -> Passed:
        return super().backward(Rounded(np.ones(g.shape)))


@mistake(
    "gradient-passed-unchanged",
    "The backward returns the gradient of the output itself, without the layer's derivative.",
    "El backward devuelve el gradiente de la salida tal cual, sin la derivada de la capa.",
    of=None,
)
class PassedUnchanged(Formula):
    def backward(self, g: Rounded) -> Passed:
        return g, super().backward(g)[1]


@mistake(
    "gradient-averaged",
    "{part} is divided by the size of the batch: a layer adds up, only a mean loss divides.",
    "{part} está dividido por el tamaño del lote: una capa suma, solo el error medio divide.",
    of=None,
)
class Averaged(Formula):
    def backward(self, g: Rounded) -> Passed:
        return _times(super().backward(g), 1 / max(1, g.shape[0]) if g.shape else 1.0)


@mistake(
    "gradient-times-batch-size",
    "{part} is multiplied by the size of the batch.",
    "{part} está multiplicado por el tamaño del lote.",
    of=None,
)
class TimesBatchSize(Formula):
    def backward(self, g: Rounded) -> Passed:
        return _times(super().backward(g), float(g.shape[0]) if g.shape else 1.0)


@mistake(
    "gradient-doubled",
    "{part} is twice what it should be.",
    "{part} es el doble de lo que debería ser.",
    of=None,
)
class Doubled(Formula):
    def backward(self, g: Rounded) -> Passed:
        return _times(super().backward(g), 2.0)


@mistake(
    "gradient-halved",
    "{part} is half of what it should be.",
    "{part} es la mitad de lo que debería ser.",
    of=None,
)
class Halved(Formula):
    def backward(self, g: Rounded) -> Passed:
        return _times(super().backward(g), 0.5)


@mistake(
    "parameter-gradient-transposed",
    "{part} is transposed.",
    "{part} está traspuesto.",
    of=None,
)
class Transposed(Formula):
    def backward(self, g: Rounded) -> Passed:
        of_input, of_parameters = super().backward(g)
        return of_input, {name: each.T for name, each in of_parameters.items()}


class _OneSample(Formula):
    sample = 0

    def backward(self, g: Rounded) -> Passed:
        if not g.shape:
            return super().backward(g)
        one = np.zeros(g.shape)
        one[self.sample] = 1.0
        return super().backward(Rounded(g.value * one))


@mistake(
    "gradient-of-one-sample",
    "{part} is that of a single sample: add up all samples of the batch.",
    "{part} es el de una sola muestra: suma todas las muestras del lote.",
    of=None,
)
class OfFirstSample(_OneSample):
    sample = 0


@mistake("gradient-of-one-sample", of=None)
class OfLastSample(_OneSample):
    sample = -1


class _WithoutSample(Formula):
    """One sample has no part in the gradients of the parameters."""

    sample = 0

    def backward(self, g: Rounded) -> Passed:
        of_input, _ = super().backward(g)
        if not g.shape:
            return super().backward(g)
        others = np.ones(g.shape)
        others[self.sample] = 0.0
        return of_input, super().backward(Rounded(g.value * others))[1]


@mistake(
    "gradient-without-one-sample",
    "{part} is without the first or the last sample: add up all samples of the batch.",
    "{part} no incluye la primera o la última muestra: suma todas las muestras del lote.",
    of=None,
)
class WithoutFirstSample(_WithoutSample):
    sample = 0


@mistake("gradient-without-one-sample", of=None)
class WithoutLastSample(_WithoutSample):
    sample = -1


@mistake(
    "gradient-accumulated",
    "{part} still has what earlier backwards left: start at zero in each.",
    "{part} conserva lo que dejaron los backward anteriores: comienza desde cero en cada uno.",
    of=None,
)
class Accumulated(Formula):
    def backward(self, g: Rounded) -> Passed:
        of_input, of_parameters = super().backward(g)
        past: Gradients = self.__dict__.setdefault("past", {})
        for name, each in of_parameters.items():
            past[name] = past[name] + each if name in past else each
        return of_input, dict(past)


@mistake(
    "gradient-of-earlier-forward",
    "The backward uses what an earlier forward kept: it belongs to the last one.",
    "El backward usa lo que guardó un forward anterior: le corresponde el último.",
    of=None,
)
class OfEarlierForward(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        skipped = ("model", "earlier", "parameters")
        kept = {name: each for name, each in self.__dict__.items() if name not in skipped}
        self.earlier: dict[str, Any] = copy.deepcopy(kept)
        return super().forward(*inputs)

    def backward(self, g: Rounded) -> Passed:
        now = dict(self.__dict__)
        self.__dict__.update(self.earlier)
        try:
            return super().backward(g)
        finally:
            self.__dict__.clear()
            self.__dict__.update(now)


@mistake(
    "forward-does-nothing",
    "The forward returns its input as it is.",
    "El forward devuelve su entrada tal cual.",
    of=None,
)
class DoesNothing(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return inputs[-1]


@mistake(
    "output-negated",
    "{part} has the wrong sign everywhere.",
    "{part} tiene el signo contrario en todas partes.",
    of=None,
)
class OutputNegated(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        return -super().forward(*inputs)


@mistake(
    "output-is-zero",
    "{part} is zero everywhere: was it ever filled?",
    "{part} es cero en todas partes: ¿se llenó alguna vez?",
    of=None,
)
class OutputZero(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        return zeros(super().forward(*inputs).shape)


@mistake(
    "output-of-first-sample",
    "Every sample has the output of the first one.",
    "Todas las muestras tienen la salida de la primera.",
    of=None,
)
class OutputOfFirstSample(Formula):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        return y[:1].broadcast_to(y.shape) if y.shape else y


def _times(passed: Passed, factor: float) -> Passed:
    of_input, of_parameters = passed
    scaled = {name: each * factor for name, each in of_parameters.items()}
    return of_input * factor, scaled
