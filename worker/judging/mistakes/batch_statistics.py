"""Mistakes in what BatchNorm takes for mean and variance, and in what it does with them."""

from __future__ import annotations

import math

import numpy as np

from worker.judging.formulas.batchnorm import BatchNorm, spread
from worker.judging.formulas.formula import Passed
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact

# Which statistics.


@mistake(
    "statistics-mixed",
    "Mean and variance come from the same place: the batch in training, the running ones in test.",
    "Media y varianza vienen del mismo lugar: el lote al entrenar, las acumuladas al probar.",
)
class BatchMeanInTest(BatchNorm):
    def running_statistics(self, x: Rounded) -> tuple[Rounded, Rounded]:
        return self.batch_statistics(x)[0], super().running_statistics(x)[1]


@mistake("statistics-mixed")
class BatchVarianceInTest(BatchNorm):
    def running_statistics(self, x: Rounded) -> tuple[Rounded, Rounded]:
        return super().running_statistics(x)[0], self.batch_statistics(x)[1]


@mistake(
    "variance-not-averaged",
    "The variance is the mean of the squares, not their sum.",
    "La varianza es la media de los cuadrados, no su suma.",
)
class VarianceSummed(BatchNorm):
    def batch_variance(self, centered: Rounded) -> Rounded:
        return (centered * centered).sum(self.axes(centered), keepdims=True)


@mistake(
    "variance-of-magnitudes",
    "The variance is the mean of the squares, not that of the magnitudes.",
    "La varianza es la media de los cuadrados, no la de las magnitudes.",
)
class VarianceOfMagnitudes(BatchNorm):
    def batch_variance(self, centered: Rounded) -> Rounded:
        return abs(centered).mean(self.axes(centered), keepdims=True)


@mistake(
    "variance-not-centred",
    "The mean is subtracted before the squares of the variance are taken.",
    "La media se resta antes de tomar los cuadrados de la varianza.",
)
class VarianceNotCentred(BatchNorm):
    def batch_statistics(self, x: Rounded) -> tuple[Rounded, Rounded]:
        mean, _ = super().batch_statistics(x)
        return mean, (x * x).mean(self.axes(x), keepdims=True)


@mistake(
    "median-for-mean",
    "The mean is subtracted, not the median.",
    "Se resta la media, no la mediana.",
)
class MedianForMean(BatchNorm):
    def batch_statistics(self, x: Rounded) -> tuple[Rounded, Rounded]:
        mean, variance = super().batch_statistics(x)
        median = np.median(x.value, axis=self.axes(x), keepdims=True)
        return Rounded(median, mean.error), variance


@mistake(
    "divided-by-range",
    "Divide by the standard deviation, not by the difference of the largest and the smallest.",
    "Divide por la desviación estándar, no por la diferencia entre el mayor y el menor.",
)
class DividedByRange(BatchNorm):
    def batch_variance(self, centered: Rounded) -> Rounded:
        spans = np.ptp(centered.value, axis=self.axes(centered), keepdims=True)
        return exact(np.square(spans))


@mistake(
    "statistics-without-one-axis",
    "Mean and variance of a channel go over the batch, the height and the width.",
    "La media y la varianza de un canal abarcan el lote, el alto y el ancho.",
)
class WithoutWidth(BatchNorm):
    def axes(self, x: Rounded) -> tuple[int, ...]:
        return super().axes(x)[:-1] if len(x.shape) > 2 else super().axes(x)


@mistake("statistics-without-one-axis")
class WithoutHeight(BatchNorm):
    def axes(self, x: Rounded) -> tuple[int, ...]:
        axes = super().axes(x)
        return (*axes[:1], *axes[2:]) if len(x.shape) > 2 else axes


# eps.


class _OtherEps(BatchNorm):
    eps = 0.0

    def inverted(self, variance: Rounded) -> Rounded:
        return 1.0 / (variance + self.eps).sqrt()


@mistake("eps-fixed")
class EpsOfThousandth(_OtherEps):
    eps = 1e-3


@mistake("eps-fixed")
class EpsOfHundredThousandth(_OtherEps):
    eps = 1e-5


@mistake("eps-fixed")
class EpsOfHundredMillionth(_OtherEps):
    eps = 1e-8


@mistake(
    "eps-added-twice",
    "eps is added to the variance once.",
    "eps se suma a la varianza una sola vez.",
)
class EpsOnBothSides(BatchNorm):
    def inverted(self, variance: Rounded) -> Rounded:
        eps = self.setting("eps")
        return 1.0 / ((variance + eps).sqrt() + eps)


@mistake("eps-added-twice")
class EpsTwice(BatchNorm):
    def inverted(self, variance: Rounded) -> Rounded:
        return 1.0 / (variance + 2 * self.setting("eps")).sqrt()


@mistake(
    "eps-squared",
    "eps is added to the variance as it is, not its square.",
    "eps se suma a la varianza tal cual, no su cuadrado.",
)
class EpsSquared(BatchNorm):
    def inverted(self, variance: Rounded) -> Rounded:
        return 1.0 / (variance + self.setting("eps") ** 2).sqrt()


# Scale and shift.


@mistake(
    "scale-and-shift-exchanged",
    "w scales and b shifts; here they are exchanged.",
    "w escala y b desplaza; aquí están intercambiados.",
)
class Exchanged(BatchNorm):
    def scaled(self, normalized: Rounded) -> Rounded:
        return normalized * self.along("b", normalized) + self.along("w", normalized)


@mistake(
    "shift-subtracted",
    "b is added, not subtracted.",
    "b se suma, no se resta.",
)
class ShiftSubtracted(BatchNorm):
    def scaled(self, normalized: Rounded) -> Rounded:
        return normalized * self.along("w", normalized) - self.along("b", normalized)


@mistake(
    "scale-plus-one",
    "The normalised input is multiplied by w itself, not by 1 + w.",
    "La entrada normalizada se multiplica por w misma, no por 1 + w.",
)
class ScalePlusOne(BatchNorm):
    def scaled(self, normalized: Rounded) -> Rounded:
        return normalized * (self.along("w", normalized) + 1.0) + self.along("b", normalized)


# Running statistics.


@mistake(
    "running-statistics-updated-twice",
    "A forward takes its batch into the running statistics once; here it does twice.",
    "Un forward incorpora su lote a las estadísticas acumuladas una vez; aquí lo hace dos veces.",
)
class UpdatedTwice(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        super().update(x, mean, variance)
        super().update(x, mean, variance)


@mistake(
    "running-statistics-updated-in-backward",
    "The running statistics change in the forward, not in the backward.",
    "Las estadísticas acumuladas cambian en el forward, no en el backward.",
)
class UpdatedInBackward(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        self.batch = mean, variance

    def backward(self, g: Rounded) -> Passed:
        if self.of_batch:
            super().update(self.x, *self.batch)
        return super().backward(g)


@mistake(
    "running-mean-sign",
    "The running mean is subtracted in test, as the batch's is in training.",
    "La media acumulada se resta al probar, como la del lote al entrenar.",
)
class RunningMeanAdded(BatchNorm):
    def running_statistics(self, x: Rounded) -> tuple[Rounded, Rounded]:
        mean, variance = super().running_statistics(x)
        return -mean, variance


@mistake("running-deviation-for-variance")
class RunningDeviationAveraged(BatchNorm):
    """The running deviation is squared where it is used: no mean of variances."""

    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        count = x.value.size // self.model.num_features
        self.mix("running_mean", mean)
        past = self.running["running_var"]
        self.running["running_var"] = past.sqrt()
        self.mix("running_var", (variance * (count / (count - 1))).sqrt())
        kept = self.running["running_var"]
        self.running["running_var"] = kept * kept


class _OtherMomentum(BatchNorm):
    fixed = 0.0

    def setting(self, name: str) -> float:
        return self.fixed if name == "momentum" else super().setting(name)


@mistake(
    "running-momentum-fixed",
    "The momentum is the one given; here it is another, fixed number.",
    "El momentum es el dado; aquí es otro número, fijo.",
)
class MomentumOfTenth(_OtherMomentum):
    fixed = 0.1


@mistake("running-momentum-fixed")
class MomentumOfHundredth(_OtherMomentum):
    fixed = 0.01


@mistake(
    "running-variance-around-running-mean",
    "The running variance takes the batch's variance, around the mean of the batch.",
    "La varianza acumulada toma la varianza del lote, alrededor de la media del lote.",
)
class AroundRunningMean(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        count = x.value.size // self.model.num_features
        self.mix("running_mean", mean)
        away = x - spread(self.running["running_mean"], x)
        around = (away * away).mean(self.axes(x), keepdims=True)
        self.mix("running_var", around * (count / (count - 1)))


# Backward.


@mistake(
    "gradient-divided-by-variance",
    "The gradient of the input is divided by the standard deviation, not by the variance.",
    "El gradiente de la entrada se divide por la desviación estándar, no por la varianza.",
)
class GradientDividedByVariance(BatchNorm):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        return of_input * self.inverse_std, gradients


@mistake(
    "gradient-of-unbiased-variance",
    "The forward divides the squares by n, so the backward does too, not by n - 1.",
    "El forward divide los cuadrados por n, así que el backward también, no por n - 1.",
)
class UnbiasedInBackward(BatchNorm):
    def through_statistics(self, inner: Rounded) -> Rounded:
        axes = self.axes(inner)
        count = math.prod(inner.shape[axis] for axis in axes)
        mean = inner.mean(axes, keepdims=True)
        along = (inner * self.normalized).mean(axes, keepdims=True)
        return (
            inner - mean - self.normalized * (along * (count / max(1, count - 1)))
        ) * self.inverse_std


@mistake(
    "gradient-statistics-sign",
    "What goes through mean and variance is subtracted from the gradient, not added.",
    "Lo que pasa por la media y la varianza se resta del gradiente, no se suma.",
)
class StatisticsAdded(BatchNorm):
    def through_statistics(self, inner: Rounded) -> Rounded:
        axes = self.axes(inner)
        mean = inner.mean(axes, keepdims=True)
        along = (inner * self.normalized).mean(axes, keepdims=True)
        return (inner + mean + self.normalized * along) * self.inverse_std


@mistake("gradient-statistics-sign")
class VarianceTermAdded(BatchNorm):
    def through_statistics(self, inner: Rounded) -> Rounded:
        axes = self.axes(inner)
        mean = inner.mean(axes, keepdims=True)
        along = (inner * self.normalized).mean(axes, keepdims=True)
        return (inner - mean + self.normalized * along) * self.inverse_std


@mistake(
    "gradient-through-centred-input",
    "The term of the variance takes the normalised input; here the division is missing in it.",
    "El término de la varianza usa la entrada normalizada; aquí le falta la división.",
)
class CentredForNormalized(BatchNorm):
    def through_statistics(self, inner: Rounded) -> Rounded:
        axes = self.axes(inner)
        mean = inner.mean(axes, keepdims=True)
        along = (inner * self.centered).mean(axes, keepdims=True)
        return (inner - mean - self.centered * along) * self.inverse_std


@mistake(
    "gradient-shared-over-batch-alone",
    "The sums of the gradient go over the batch, the height and the width.",
    "Las sumas del gradiente abarcan el lote, el alto y el ancho.",
)
class SummedOverBatchAlone(BatchNorm):
    def through_statistics(self, inner: Rounded) -> Rounded:
        mean = inner.mean(0, keepdims=True)
        along = (inner * self.normalized).mean(0, keepdims=True)
        return (inner - mean - self.normalized * along) * self.inverse_std


@mistake(
    "gradient-variance-factor",
    "The derivative of the variance is half or twice as large as it should be.",
    "La derivada de la varianza es la mitad o el doble de lo que debería ser.",
)
class VarianceTermHalved(BatchNorm):
    factor = 0.5

    def through_statistics(self, inner: Rounded) -> Rounded:
        axes = self.axes(inner)
        mean = inner.mean(axes, keepdims=True)
        along = (inner * self.normalized).mean(axes, keepdims=True) * self.factor
        return (inner - mean - self.normalized * along) * self.inverse_std


@mistake("gradient-variance-factor")
class VarianceTermDoubled(VarianceTermHalved):
    factor = 2.0
