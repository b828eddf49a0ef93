"""Losses that are another function than the one asked for."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.activations import softmax
from worker.judging.formulas.formula import Formula, Passed
from worker.judging.formulas.losses import (
    BinaryCrossEntropy,
    CrossEntropyWithLabels,
    SequenceCrossEntropyWithLabels,
)
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact

# Cross-entropies.


@mistake(
    "cross-entropy-softmax-applied",
    "This loss takes probabilities; here a softmax is applied to them once more.",
    "Esta pérdida recibe probabilidades; aquí se les aplica otra vez una softmax.",
)
class SoftmaxApplied(CrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        labels, y = inputs
        self.p = softmax(y)
        return super().forward(labels, self.p)

    def backward(self, g: Rounded) -> Passed:
        truth = np.zeros(self.p.shape)
        truth[self.truth] = 1.0
        return (self.p - exact(truth)) * g.reshape(-1, 1), {}


@mistake(
    "cross-entropy-of-largest",
    "The probability of the true class counts, not the largest one.",
    "Cuenta la probabilidad de la clase verdadera, no la mayor.",
)
class OfLargest(CrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        _, y = inputs
        return super().forward(exact(np.argmax(y.value, axis=1)), y)


@mistake(
    "cross-entropy-times-probability",
    "The error is -log p; here it is multiplied by p, as in an entropy.",
    "El error es -log p; aquí se multiplica por p, como en una entropía.",
)
class TimesProbability(CrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        error = super().forward(*inputs)
        return error * self.y[self.truth].reshape(*error.shape)


@mistake(
    "cross-entropy-of-other-classes-too",
    "Only -log p of the true class counts; here log(1-p) of the others is added.",
    "Solo cuenta -log p de la clase verdadera; aquí se suma log(1-p) de las demás.",
)
class OfOthersToo(CrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        error = super().forward(*inputs)
        others = np.ones(self.y.shape, bool)
        others[self.truth] = False
        return error - (1.0 - self.y).log().where(others).sum(axis=1, keepdims=True)

    def backward(self, g: Rounded) -> Passed:
        of_input, nothing = super().backward(g)
        others = np.ones(self.y.shape, bool)
        others[self.truth] = False
        return of_input + (g.reshape(-1, 1) / (1.0 - self.y)).where(others), nothing


@mistake(
    "cross-entropy-gradient-of-all-classes",
    "Only the probability of the true class has a gradient; that of the others is zero.",
    "Solo la probabilidad de la clase verdadera tiene gradiente; el de las demás es cero.",
)
class GradientOfAll(CrossEntropyWithLabels):
    def backward(self, g: Rounded) -> Passed:
        return -(g.reshape(-1, 1) / self.y), {}


@mistake(
    "probability-clipped",
    "The probability is kept above a tiny number only; here it is bounded where it still counts.",
    "La probabilidad solo se mantiene sobre un número ínfimo; aquí se acota donde aún cuenta.",
    of=(CrossEntropyWithLabels, BinaryCrossEntropy),
)
class Bounded(Formula):
    bound = 0.1

    def forward(self, *inputs: Rounded) -> Rounded:
        truth, y = inputs
        return super().forward(
            truth, Rounded(np.clip(y.value, self.bound, 1 - self.bound), y.error)
        )


@mistake(
    "small-number-too-large",
    "The number added to the probability is so large that it changes the error: 1e-7 is enough.",
    "El número que se suma a la probabilidad es tan grande que cambia el error: basta 1e-7.",
    of=(CrossEntropyWithLabels, BinaryCrossEntropy),
)
class AddedThousandth(Formula):
    added = 1e-3

    def forward(self, *inputs: Rounded) -> Rounded:
        truth, y = inputs
        return super().forward(truth, y + self.added)


@mistake("small-number-too-large", of=(CrossEntropyWithLabels,))
class AddedHundredth(AddedThousandth):
    added = 1e-2


@mistake("small-number-too-large", of=(CrossEntropyWithLabels,))
class AddedHundredThousandth(AddedThousandth):
    added = 1e-5


@mistake(
    "binary-sigmoid-applied",
    "This loss takes a probability; here a sigmoid is applied to it once more.",
    "Esta pérdida recibe una probabilidad; aquí se le aplica otra vez una sigmoide.",
)
class SigmoidApplied(BinaryCrossEntropy):
    def forward(self, *inputs: Rounded) -> Rounded:
        truth, y = inputs
        return super().forward(truth, y.sigmoid())

    def backward(self, g: Rounded) -> Passed:
        return g.reshape(*self.y.shape) * (self.y - self.t), {}


@mistake(
    "binary-is-squared-error",
    "This is the squared difference; the error is made of logarithms.",
    "Esta es la diferencia al cuadrado; el error está hecho de logaritmos.",
)
class IsSquaredError(BinaryCrossEntropy):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        away = self.y - self.t
        return (away * away).reshape(-1, 1)

    def backward(self, g: Rounded) -> Passed:
        return 2.0 * (self.y - self.t) * g.reshape(*self.y.shape), {}


@mistake("binary-one-term")
class NoAlone(BinaryCrossEntropy):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        return -((1.0 - self.t) * (1.0 - self.y).log()).where(self.t.value != 1).reshape(-1, 1)


# Sequences.


@mistake(
    "sequence-mean-of-means",
    "All steps that count weigh alike; here each sequence has a mean of its own first.",
    "Todos los pasos que cuentan pesan igual; aquí cada secuencia tiene antes su propia media.",
)
class MeanOfMeans(SequenceCrossEntropyWithLabels):
    def shares(self) -> Rounded:
        """Return what each sequence's steps are divided by."""
        steps = np.count_nonzero(self.counted, axis=1, keepdims=True)
        return exact(np.maximum(steps, 1) * float(len(steps)))

    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        errors = -(self.truth * self.p.log()).where(self.counted & (self.truth.value > 0))
        return (errors / self.shares()).sum()

    def backward(self, g: Rounded) -> Passed:
        return (self.p - self.truth).where(self.counted) * (g / self.shares()), {}


@mistake(
    "sequence-softmax-wrong-axis",
    "The softmax of a step goes over the classes, not over the steps.",
    "La softmax de un paso abarca las clases, no los pasos.",
)
class SoftmaxOverSteps(SequenceCrossEntropyWithLabels):
    def forward(self, *inputs: Rounded) -> Rounded:
        super().forward(*inputs)
        self.p = softmax(inputs[1].transpose(0, 2, 1)).transpose(0, 2, 1)
        errors = -(self.truth * self.p.log()).where(self.counted & (self.truth.value > 0))
        return errors.sum() / self.divisor()
