"""Mistakes of the softmax."""

from __future__ import annotations

from worker.judging.formulas.activations import (
    Softmax,
)
from worker.judging.formulas.formula import Passed
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


@mistake(
    "softmax-wrong-axis",
    "Each sample's probabilities must sum to one: sum over the classes, not over the batch.",
    "Las probabilidades de cada muestra deben sumar uno: suma sobre las clases, no sobre el lote.",
)
class SoftmaxOverBatch(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        powers = (x - x.max(axis=0, keepdims=True)).exp()
        return powers / powers.sum(axis=0, keepdims=True)


@mistake("softmax-wrong-axis")
class SoftmaxOverAll(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        powers = (x - float(x.value.max())).exp()
        return powers / powers.sum()


@mistake(
    "softmax-not-normalized",
    "The exponentials are not divided by their sum.",
    "Las exponenciales no se dividen por su suma.",
)
class SoftmaxNotNormalized(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        return (x - x.max(axis=-1, keepdims=True)).exp()


@mistake("softmax-not-normalized")
class SoftmaxExponentials(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        return x.exp()


@mistake(
    "softmax-without-exponential",
    "Scores are exponentiated before they are divided by their sum.",
    "Los puntajes se exponencian antes de dividirlos por su suma.",
)
class SoftmaxWithoutExponential(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        return x / x.sum(axis=-1, keepdims=True)


@mistake(
    "softmax-overflow",
    "Large scores overflow the exponential: subtract each sample's largest score first.",
    "Los puntajes grandes desbordan la exponencial: resta antes el mayor de cada muestra.",
)
class SoftmaxOverflow(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        powers = x.exp()
        return powers / powers.sum(axis=-1, keepdims=True)


@mistake("softmax-overflow")
class SoftmaxShiftedByBatch(Softmax):
    """Shifted by the largest score of the whole batch: other samples vanish, and give 0/0."""

    def probabilities(self, x: Rounded) -> Rounded:
        powers = (x - float(x.value.max())).exp()
        return powers / powers.sum(axis=-1, keepdims=True)


@mistake("softmax-overflow")
class SoftmaxShiftAdded(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        powers = (x + x.max(axis=-1, keepdims=True)).exp()
        return powers / powers.sum(axis=-1, keepdims=True)


@mistake(
    "softmax-is-log",
    "This is the logarithm of the softmax.",
    "Este es el logaritmo de la softmax.",
)
class SoftmaxLog(Softmax):
    def probabilities(self, x: Rounded) -> Rounded:
        shifted = x - x.max(axis=-1, keepdims=True)
        return shifted - shifted.exp().sum(axis=-1, keepdims=True).log()


@mistake(
    "softmax-gradient-diagonal",
    "Each probability depends on all scores: p(1-p) is the diagonal of the Jacobian alone.",
    "Cada probabilidad depende de todos los puntajes: p(1-p) es solo la diagonal del jacobiano.",
)
class SoftmaxDiagonal(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return self.p * (1.0 - self.p) * g, {}


@mistake(
    "softmax-gradient-misses-sum",
    "The gradient is p(g - Σ p g); the sum is missing.",
    "El gradiente es p(g - Σ p g); falta la suma.",
)
class SoftmaxWithoutSum(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return self.p * g, {}


@mistake(
    "softmax-gradient-sum-wrong",
    "The gradient is p(g - Σ p g), with the sum over the classes of each sample.",
    "El gradiente es p(g - Σ p g), con la suma sobre las clases de cada muestra.",
)
class SoftmaxSumOverBatch(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return self.p * (g - (self.p * g).sum(axis=0, keepdims=True)), {}


@mistake("softmax-gradient-sum-wrong")
class SoftmaxSumOverAll(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return self.p * (g - (self.p * g).sum()), {}


@mistake("softmax-gradient-sum-wrong")
class SoftmaxSumNotWeighted(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return self.p * (g - g.sum(axis=-1, keepdims=True)), {}


@mistake("softmax-gradient-sum-wrong")
class SoftmaxNotTimesP(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return g - (self.p * g).sum(axis=-1, keepdims=True), {}


@mistake("softmax-gradient-sum-wrong")
class SoftmaxPlus(Softmax):
    def backward(self, g: Rounded) -> Passed:
        return self.p * (g + (self.p * g).sum(axis=-1, keepdims=True)), {}


@mistake(
    "smoothing-ignored",
    "The smoothing is not applied.",
    "No se aplica el suavizado (smoothing).",
)
class SmoothingIgnored(Softmax):
    def smoothed(self, p: Rounded) -> Rounded:
        return p

    def backward(self, g: Rounded) -> Passed:
        return self.p * (g - (self.p * g).sum(axis=-1, keepdims=True)), {}


@mistake(
    "smoothing-not-normalized",
    "After the smoothing is added, the probabilities must be scaled to sum to one again.",
    "Tras sumar el suavizado, las probabilidades deben volver a escalarse para sumar uno.",
)
class SmoothingNotNormalized(Softmax):
    def smoothed(self, p: Rounded) -> Rounded:
        return p + self.setting("smoothing")
