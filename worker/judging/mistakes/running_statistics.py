"""Mistakes of batch normalisation in its running statistics and its phases."""

from __future__ import annotations

import numpy as np

from worker.judging.formulas.batchnorm import BatchNorm, flat
from worker.judging.mistakes.registry import mistake
from worker.judging.rounding import Rounded, exact


@mistake(
    "running-variance-biased",
    "The running variance takes the unbiased variance of the batch, divided by m-1.",
    "La varianza móvil toma la varianza insesgada del lote, dividida por m-1.",
)
class RunningBiased(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        self.mix("running_mean", mean)
        self.mix("running_var", variance)


@mistake(
    "momentum-reversed",
    "momentum is the weight of the new batch; here it is that of the old statistics.",
    "momentum es el peso del lote nuevo; aquí es el de las estadísticas anteriores.",
)
class MomentumReversed(BatchNorm):
    def mix(self, name: str, new: Rounded) -> None:
        momentum = self.setting("momentum")
        self.running[name] = self.running[name] * momentum + flat(new) * (1 - momentum)


@mistake("momentum-reversed")
class MomentumReversedAndBiased(MomentumReversed):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        self.mix("running_mean", mean)
        self.mix("running_var", variance)


@mistake(
    "running-statistics-not-updated",
    "Every forward in the training phase must update the running mean and variance.",
    "Cada forward en la fase de entrenamiento debe actualizar la media y la varianza móviles.",
)
class NotUpdated(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        pass


@mistake("running-statistics-not-updated")
class OnlyMeanUpdated(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        self.mix("running_mean", mean)


@mistake("running-statistics-not-updated")
class OnlyVarianceUpdated(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        super().update(x, mean, variance)
        self.running["running_mean"] = exact(np.zeros(self.model.num_features))


@mistake(
    "running-statistics-of-last-batch",
    "The running statistics are those of the last batch: mix them with the older ones.",
    "Las estadísticas móviles son las del último lote: mézclalas con las anteriores.",
)
class OfLastBatch(BatchNorm):
    def mix(self, name: str, new: Rounded) -> None:
        self.running[name] = flat(new)


@mistake(
    "running-statistics-averaged",
    "The running statistics are averaged over all batches; each new batch has weight momentum.",
    "Las estadísticas móviles promedian todos los lotes; cada lote nuevo pesa momentum.",
)
class PlainAverage(BatchNorm):
    def mix(self, name: str, new: Rounded) -> None:
        counts: dict[str, int] = self.__dict__.setdefault("counts", {})
        counts[name] = counts.get(name, 0) + 1
        weight = 1 / counts[name]
        self.running[name] = self.running[name] * (1 - weight) + flat(new) * weight


@mistake(
    "running-statistics-summed",
    "The old statistics must be weighted by 1 - momentum before the new ones are added.",
    "Las estadísticas anteriores deben pesarse por 1 - momentum antes de sumar las nuevas.",
)
class OldNotWeighted(BatchNorm):
    def mix(self, name: str, new: Rounded) -> None:
        self.running[name] = self.running[name] + flat(new) * self.setting("momentum")


@mistake("running-statistics-summed")
class NewNotWeighted(BatchNorm):
    def mix(self, name: str, new: Rounded) -> None:
        self.running[name] = self.running[name] * (1 - self.setting("momentum")) + flat(new)


@mistake(
    "running-statistics-start",
    "The running mean starts at 0 and the running variance at 1.",
    "La media móvil comienza en 0 y la varianza móvil en 1.",
)
class VarianceStartsAtZero(BatchNorm):
    def mix(self, name: str, new: Rounded) -> None:
        if not self.__dict__.setdefault("begun", False):
            self.running["running_var"] = exact(np.zeros(self.model.num_features))
            self.__dict__["begun"] = True
        super().mix(name, new)


@mistake("running-statistics-start")
class StartsWithFirstBatch(BatchNorm):
    def mix(self, name: str, new: Rounded) -> None:
        seen: set[str] = self.__dict__.setdefault("seen", set())
        if name in seen:
            super().mix(name, new)
        else:
            self.running[name] = flat(new)
            seen.add(name)


@mistake(
    "running-deviation-for-variance",
    "The running variance takes the variance of the batch, not its standard deviation.",
    "La varianza móvil toma la varianza del lote, no su desviación estándar.",
)
class RunningDeviation(BatchNorm):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        super().update(x, mean, variance.sqrt())


@mistake(
    "phase-ignored",
    "The test phase must use the running statistics, not those of the batch: look at the phase.",
    "La fase de prueba debe usar las estadísticas móviles, no las del lote: mira la fase.",
)
class PhaseIgnored(BatchNorm):
    def uses_batch(self) -> bool:
        return True


@mistake("phase-ignored")
class PhaseIgnoredWithoutUpdate(PhaseIgnored):
    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        if self.phase == "training":
            super().update(x, mean, variance)


@mistake(
    "running-statistics-in-training",
    "The training phase must use the statistics of the batch, not the running ones.",
    "La fase de entrenamiento debe usar las estadísticas del lote, no las móviles.",
)
class RunningInTraining(BatchNorm):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        if self.phase == "test":
            return y
        self.of_batch = False
        return self.normalised(inputs[0], *self.running_statistics(inputs[0]))


@mistake("running-statistics-in-training")
class RunningInTrainingBeforeUpdate(BatchNorm):
    def forward(self, *inputs: Rounded) -> Rounded:
        (x,) = inputs
        before = self.running_statistics(x)
        y = super().forward(x)
        if self.phase == "test":
            return y
        self.of_batch = False
        return self.normalised(x, *before)


@mistake(
    "running-statistics-updated-in-test",
    "A forward in the test phase must leave the running statistics as they are.",
    "Un forward en la fase de prueba debe dejar las estadísticas móviles como están.",
)
class UpdatedInTest(BatchNorm):
    def forward(self, *inputs: Rounded) -> Rounded:
        y = super().forward(*inputs)
        if self.phase == "test":
            self.update(inputs[0], *self.batch_statistics(inputs[0])[:2])
        return y


@mistake("running-statistics-updated-in-test")
class UpdatedBeforeTest(BatchNorm):
    def forward(self, *inputs: Rounded) -> Rounded:
        if self.phase == "test":
            self.update(inputs[0], *self.batch_statistics(inputs[0])[:2])
        return super().forward(*inputs)
