"""Mistakes of batch normalisation."""

from __future__ import annotations

from worker.judging.formulas.batchnorm import BatchNorm, axes_of
from worker.judging.formulas.formula import Passed
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded


@mistake(
    "eps-outside-root",
    "eps is added to the variance under the root, not to the standard deviation.",
    "eps se suma a la varianza dentro de la raíz, no a la desviación estándar.",
)
class EpsOutside(BatchNorm):
    def inverted(self, variance: Rounded) -> Rounded:
        return 1.0 / (variance.sqrt() + self.setting("eps"))


@mistake(
    "eps-forgotten",
    "eps is not added to the variance: a feature that is constant divides by zero.",
    "No se suma eps a la varianza: un atributo constante divide por cero.",
)
class EpsForgotten(BatchNorm):
    def inverted(self, variance: Rounded) -> Rounded:
        return 1.0 / variance.sqrt()


@mistake(
    "divided-by-variance",
    "Divide by the standard deviation, the root of the variance plus eps.",
    "Divide por la desviación estándar, la raíz de la varianza más eps.",
)
class DividedByVariance(BatchNorm):
    def inverted(self, variance: Rounded) -> Rounded:
        return 1.0 / (variance + self.setting("eps"))


@mistake(
    "multiplied-by-deviation",
    "The centred input is divided by the standard deviation, not multiplied by it.",
    "La entrada centrada se divide por la desviación estándar, no se multiplica por ella.",
)
class MultipliedByDeviation(BatchNorm):
    def inverted(self, variance: Rounded) -> Rounded:
        return (variance + self.setting("eps")).sqrt()


@mistake(
    "variance-unbiased-in-training",
    "The batch is normalised with the biased variance, divided by m and not by m-1.",
    "El lote se normaliza con la varianza sesgada, dividida por m y no por m-1.",
)
class UnbiasedInTraining(BatchNorm):
    def batch_variance(self, centered: Rounded) -> Rounded:
        count = centered.value.size // int(self.model.num_features)
        variance: Rounded = super().batch_variance(centered)
        return variance * (count / (count - 1))

    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        self.mix("running_mean", mean)
        self.mix("running_var", variance)


@mistake(
    "statistics-wrong-axis",
    "Mean and variance are taken over the batch (and the pixels), one for each feature.",
    "La media y la varianza se toman sobre el lote (y los píxeles), una por atributo.",
)
class PerSample(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        # There is nothing to keep of samples.
        pass

    def axes(self, x: Rounded) -> tuple[int, ...]:
        return tuple(range(1, len(x.shape)))


@mistake("statistics-wrong-axis")
class OverAll(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        everywhere = (1, self.model.num_features)
        super().update(x, mean.broadcast_to(everywhere), variance.broadcast_to(everywhere))

    def axes(self, x: Rounded) -> tuple[int, ...]:
        return tuple(range(len(x.shape)))


@mistake("statistics-wrong-axis")
class PerPixel(PerSample):
    def axes(self, x: Rounded) -> tuple[int, ...]:
        return (0,) if len(x.shape) > 2 else super().axes(x)


@mistake(
    "mean-not-subtracted",
    "The mean is not subtracted.",
    "No se resta la media.",
)
class NotCentered(BatchNorm):
    def normalised(self, x: Rounded, mean: Rounded, variance: Rounded) -> Rounded:
        return super().normalised(x, mean * 0.0, variance)


@mistake(
    "scale-and-shift-forgotten",
    "The normalised input must be multiplied by w, and b must be added.",
    "La entrada normalizada debe multiplicarse por w, y debe sumarse b.",
)
class ScaleForgotten(BatchNorm):
    def scaled(self, normalized: Rounded) -> Rounded:
        return normalized + self.along("b", normalized)


@mistake("scale-and-shift-forgotten")
class ShiftForgotten(BatchNorm):
    def scaled(self, normalized: Rounded) -> Rounded:
        return normalized * self.along("w", normalized)


@mistake("scale-and-shift-forgotten")
class BothForgotten(BatchNorm):
    def scaled(self, normalized: Rounded) -> Rounded:
        return normalized


@mistake(
    "shift-scaled",
    "b is added after the multiplication by w.",
    "b se suma después de multiplicar por w.",
)
class ShiftScaled(BatchNorm):
    def scaled(self, normalized: Rounded) -> Rounded:
        return self.along("w", normalized) * (normalized + self.along("b", normalized))


@mistake(
    "gradient-ignores-statistics",
    "Mean and variance depend on the input too: the gradient must go through both.",
    "La media y la varianza también dependen de la entrada: el gradiente debe pasar por ambas.",
)
class StatisticsIgnored(BatchNorm):
    def through_statistics(self, inner: Rounded) -> Rounded:
        return inner * self.inverse_std


@mistake("gradient-ignores-statistics")
class VarianceIgnored(BatchNorm):
    def through_statistics(self, inner: Rounded) -> Rounded:
        return (inner - inner.mean(axes_of(inner), keepdims=True)) * self.inverse_std


@mistake("gradient-ignores-statistics")
class MeanIgnored(BatchNorm):
    def through_statistics(self, inner: Rounded) -> Rounded:
        along = (inner * self.normalized).mean(axes_of(inner), keepdims=True)
        return (inner - self.normalized * along) * self.inverse_std


@mistake(
    "gradient-sum-for-mean",
    "In the gradient of the statistics, the sums over the batch are divided by its size.",
    "En el gradiente de las estadísticas, las sumas sobre el lote se dividen por su tamaño.",
)
class SumsForMeans(BatchNorm):
    def through_statistics(self, inner: Rounded) -> Rounded:
        axes = axes_of(inner)
        total = inner.sum(axes, keepdims=True)
        along = (inner * self.normalized).sum(axes, keepdims=True)
        return (inner - total - self.normalized * along) * self.inverse_std


@mistake(
    "gradient-not-divided-by-deviation",
    "The gradient of the input must be divided by the standard deviation.",
    "El gradiente de la entrada debe dividirse por la desviación estándar.",
)
class NotDivided(BatchNorm):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        return of_input / self.inverse_std, gradients


@mistake(
    "gradient-not-scaled-by-w",
    "The gradient of the input must be multiplied by w.",
    "El gradiente de la entrada debe multiplicarse por w.",
)
class WeightForgotten(BatchNorm):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        return of_input / self.along("w", g), gradients


@mistake(
    "w-gradient-of-input",
    "The gradient of w is Σ g x̂ with the normalised input x̂.",
    "El gradiente de w es Σ g x̂ con la entrada normalizada x̂.",
)
class WeightGradientOfInput(BatchNorm):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        given = (g * self.x).sum(axes_of(g))
        return of_input, {**gradients, "w": given}


@mistake("w-gradient-of-input")
class WeightGradientOfCentered(BatchNorm):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        return of_input, {**gradients, "w": (g * self.centered).sum(axes_of(g))}


@mistake("w-gradient-of-input")
class WeightGradientOfOutput(BatchNorm):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        output = self.scaled(self.normalized)
        return of_input, {**gradients, "w": (g * output).sum(axes_of(g))}


@mistake(
    "gradient-through-running-statistics",
    "In the test phase mean and variance are constants: the gradient is g w / std alone.",
    "En la fase de prueba la media y la varianza son constantes: el gradiente es solo g w / std.",
)
class ThroughRunning(BatchNorm):
    def backward(self, g: Rounded) -> Passed:
        self.of_batch = True
        return super().backward(g)


@mistake(
    "parameter-gradients-swapped",
    "The gradients of w and b are exchanged.",
    "Los gradientes de w y b están intercambiados.",
)
class Swapped(BatchNorm):
    def backward(self, g: Rounded) -> Passed:
        of_input, gradients = super().backward(g)
        return of_input, {"w": gradients["b"], "b": gradients["w"]}
