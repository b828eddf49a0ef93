"""Backwards that change the output gradient first, or put the samples together wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from worker.judging.challenges import Floats
from worker.judging.formulas.batchnorm import BatchNorm
from worker.judging.formulas.formula import Formula, Gradients, Passed
from worker.judging.formulas.images import Conv2d
from worker.judging.formulas.linear import Bias, Linear
from worker.judging.formulas.rnn import RNN
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact

_WITH_PARAMETERS = (Linear, Bias, BatchNorm, Conv2d, RNN)
# A backward for each sample of a larger batch would take long.
_MOST_SAMPLES = 32


class _Changed(Formula):
    """Takes a function of the output gradient for it."""

    seen: Rounded
    gave: Rounded

    def forward(self, *inputs: Rounded) -> Rounded:
        self.seen = inputs[-1]
        self.gave = super().forward(*inputs)
        return self.gave

    def backward(self, g: Rounded) -> Passed:
        return super().backward(self.changed(g))

    def changed(self, g: Rounded) -> Rounded:
        raise NotImplementedError


@mistake(
    "output-gradient-clipped",
    "The gradient of the output is cut off before it is used: take it as it is.",
    "El gradiente de la salida se recorta antes de usarlo: tómalo tal cual.",
    of=None,
)
class Clipped(_Changed):
    bound = 1.0

    def changed(self, g: Rounded) -> Rounded:
        return Rounded(np.clip(g.value, -self.bound, self.bound), g.error)


@mistake(
    "output-gradient-sign-lost",
    "Of the gradient of the output the sign or the size is lost: take it as it is.",
    "Del gradiente de la salida se pierde el signo o el tamaño: tómalo tal cual.",
    of=None,
)
class Magnitude(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return abs(g)


@mistake("output-gradient-sign-lost", of=None)
class Sign(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return exact(np.sign(g.value))


@mistake("output-gradient-sign-lost", of=None)
class Square(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g * g


@mistake(
    "output-gradient-masked",
    "The gradient of the output is used only where something is positive, as behind a ReLU.",
    "El gradiente de la salida se usa solo donde algo es positivo, como detrás de una ReLU.",
    of=None,
)
class WherePositive(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g.where(g.value > 0)


@mistake("output-gradient-masked", of=None)
class WhereOutputPositive(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g.where(self.gave.value > 0)


@mistake("output-gradient-masked", of=_WITH_PARAMETERS)
class WhereInputPositive(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g.where(self.seen.value > 0)


@mistake(
    "output-gradient-averaged",
    "Each sample has an output gradient of its own: put them together for no more than parameters.",
    "Cada muestra tiene su propio gradiente de salida: júntalos solo para los parámetros.",
    of=None,
)
class OverBatch(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g.mean(axis=0, keepdims=True).broadcast_to(g.shape) if g.shape else g


@mistake("output-gradient-averaged", of=None)
class SummedOverBatch(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g.sum(axis=0, keepdims=True).broadcast_to(g.shape) if g.shape else g


@mistake("output-gradient-averaged", of=(Linear, Bias))
class OverFeatures(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g.sum(axis=1, keepdims=True).broadcast_to(g.shape)


@mistake(
    "output-gradient-multiplied",
    "The gradient of the output is multiplied by the input or the output before it is used.",
    "El gradiente de la salida se multiplica por la entrada o la salida antes de usarlo.",
    of=_WITH_PARAMETERS,
)
class TimesInput(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g * self.seen


@mistake("output-gradient-multiplied", of=_WITH_PARAMETERS)
class TimesOutput(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g * self.gave


@mistake(
    "activation-derivative-too-many",
    "The backward goes through the derivative of an activation, which this layer does not have.",
    "El backward pasa por la derivada de una activación, que esta capa no tiene.",
    of=_WITH_PARAMETERS,
)
class ThroughTanh(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g * (1.0 - self.gave * self.gave)


@mistake("activation-derivative-too-many", of=_WITH_PARAMETERS)
class ThroughSigmoid(_Changed):
    def changed(self, g: Rounded) -> Rounded:
        return g * (self.gave * (1.0 - self.gave))


# What each sample gave to the last output gradient.
_last: dict[str, Any] = {}


class _Reduced(Formula):
    """Puts together what the samples give to a parameter in another way than by their sum."""

    def backward(self, g: Rounded) -> Passed:
        of_input, of_parameters = super().backward(g)
        if not g.shape or not 1 < g.shape[0] <= _MOST_SAMPLES:
            return of_input, {name: self._of_one(each) for name, each in of_parameters.items()}
        samples = self._of_each_sample(g)
        return of_input, {
            name: Rounded(
                self.reduced(np.stack([each[name].value for each in samples])),
                np.stack([each[name].error for each in samples]).max(axis=0) + whole.error,
            )
            for name, whole in of_parameters.items()
        }

    def _of_each_sample(self, g: Rounded) -> list[Gradients]:
        """Return the gradients of the parameters that each sample alone gives.

        They are kept for the next formula of this kind that is tried: all ask for the same.
        """
        key = (id(self.model), type(g), g.value.tobytes())
        if _last.get("key") != key:
            samples = []
            for sample in range(g.shape[0]):
                alone = np.zeros(g.shape)
                alone[sample] = g.value[sample]
                samples.append(super().backward(g.made(alone, 0.0))[1])
            # The model as well, so that no other one has its id meanwhile.
            _last.update(key=key, model=self.model, samples=samples)
        kept: list[Gradients] = _last["samples"]
        return kept

    def _of_one(self, gradient: Rounded) -> Rounded:
        return Rounded(self.reduced(gradient.value[np.newaxis]), gradient.error)

    def reduced(self, samples: Floats) -> Floats:
        raise NotImplementedError


def _reducing(function: Callable[..., Any]) -> type[_Reduced]:
    """Return what reduces over the first axis by a function of NumPy's."""

    def reduced(self: _Reduced, samples: Floats) -> Floats:
        return np.asarray(function(samples, axis=0), np.float64)

    return type(f"ReducedBy{function.__name__.title()}", (_Reduced,), {"reduced": reduced})


mistake(
    "samples-not-added",
    "The gradient of a parameter adds up what all samples give; here one of them is picked.",
    "El gradiente de un parámetro suma lo que dan todas las muestras; aquí se elige una.",
    of=_WITH_PARAMETERS,
)(_reducing(np.max))
mistake("samples-not-added", of=_WITH_PARAMETERS)(_reducing(np.min))
mistake("samples-not-added", of=_WITH_PARAMETERS)(_reducing(np.median))
mistake(
    "samples-multiplied",
    "The gradient of a parameter adds up what all samples give; here they are multiplied.",
    "El gradiente de un parámetro suma lo que dan todas las muestras; aquí se multiplican.",
    of=_WITH_PARAMETERS,
)(_reducing(np.prod))
mistake(
    "samples-spread",
    "The gradient of a parameter is the sum over the samples, not their deviation or variance.",
    "El gradiente de un parámetro es la suma sobre las muestras, no su desviación ni su varianza.",
    of=_WITH_PARAMETERS,
)(_reducing(np.std))
mistake("samples-spread", of=_WITH_PARAMETERS)(_reducing(np.var))


@mistake(
    "samples-without-sign",
    "What the samples give to a parameter is added up with its sign, not as magnitudes or squares.",
    "Lo que dan las muestras a un parámetro se suma con su signo, no como magnitudes o cuadrados.",
    of=_WITH_PARAMETERS,
)
class MagnitudesAdded(_Reduced):
    def reduced(self, samples: Floats) -> Floats:
        return np.asarray(np.abs(samples).sum(axis=0))


@mistake("samples-without-sign", of=_WITH_PARAMETERS)
class SquaresAdded(_Reduced):
    def reduced(self, samples: Floats) -> Floats:
        return np.asarray(np.square(samples).sum(axis=0))


@mistake("samples-without-sign", of=_WITH_PARAMETERS)
class RootOfSquares(_Reduced):
    def reduced(self, samples: Floats) -> Floats:
        return np.asarray(np.sqrt(np.square(samples).sum(axis=0)))
