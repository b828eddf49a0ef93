"""The formula of batch normalisation."""

from __future__ import annotations

import numpy as np

from edunn.layers.batchnorm import BatchNorm as Layer
from worker.judging.formulas.formula import Formula, Passed
from worker.judging.rounding import Rounded, exact


class BatchNorm(Formula):
    """y = w (x - mean) / sqrt(variance + eps) + b, with its parts as methods."""

    parameter_names = ("w", "b")
    # Of the last forward.
    x: Rounded
    centered: Rounded
    inverse_std: Rounded
    normalized: Rounded
    of_batch: bool

    def __init__(self, model: Layer) -> None:
        super().__init__(model)
        self.running = {name: exact(value.copy()) for name, value in model.get_buffers().items()}

    def compute_in(self, unit: float) -> None:
        # Errors are counted in units, and what earlier steps left was computed in theirs.
        change = self.unit / unit
        if change != 1:
            self.running = {
                name: Rounded(each.value, each.error * change)
                for name, each in self.running.items()
            }
        super().compute_in(unit)

    def forward(self, *inputs: Rounded) -> Rounded:
        (self.x,) = inputs
        self.of_batch = self.uses_batch()
        if not self.of_batch:
            return self.normalised(self.x, *self.running_statistics(self.x))
        mean, variance = self.batch_statistics(self.x)
        self.update(self.x, mean, variance)
        return self.normalised(self.x, mean, variance)

    def backward(self, g: Rounded) -> Passed:
        axes = axes_of(g)
        gradients = {"w": (g * self.normalized).sum(axes), "b": g.sum(axes)}
        # The gradient of the normalised input.
        inner = g * self.along("w", g)
        if self.of_batch:
            return self.through_statistics(inner), gradients
        return inner * self.inverse_std, gradients

    def through_statistics(self, inner: Rounded) -> Rounded:
        axes = axes_of(inner)
        mean = inner.mean(axes, keepdims=True)
        along = (inner * self.normalized).mean(axes, keepdims=True)
        return (inner - mean - self.normalized * along) * self.inverse_std

    # What mistakes are about.

    def uses_batch(self) -> bool:
        """Tell whether this forward takes the statistics of the batch."""
        return self.phase == "training"

    def axes(self, x: Rounded) -> tuple[int, ...]:
        """Return the axes over which the statistics are taken."""
        return axes_of(x)

    def batch_statistics(self, x: Rounded) -> tuple[Rounded, Rounded]:
        mean = x.mean(self.axes(x), keepdims=True)
        variance = self.batch_variance(x - mean)
        # A program may as well take the mean of the squares less the square of the mean.
        squares = (x * x).mean(self.axes(x), keepdims=True)
        return mean, Rounded(variance.value, np.maximum(variance.error, squares.error))

    def batch_variance(self, centered: Rounded) -> Rounded:
        return (centered * centered).mean(self.axes(centered), keepdims=True)

    def running_statistics(self, x: Rounded) -> tuple[Rounded, Rounded]:
        return spread(self.running["running_mean"], x), spread(self.running["running_var"], x)

    def normalised(self, x: Rounded, mean: Rounded, variance: Rounded) -> Rounded:
        self.centered = x - mean
        self.inverse_std = self.inverted(variance)
        self.normalized = self.centered * self.inverse_std
        return self.scaled(self.normalized)

    def inverted(self, variance: Rounded) -> Rounded:
        return 1.0 / (variance + self.setting("eps")).sqrt()

    def scaled(self, normalized: Rounded) -> Rounded:
        return normalized * self.along("w", normalized) + self.along("b", normalized)

    def update(self, x: Rounded, mean: Rounded, variance: Rounded) -> None:
        """Take a batch into the running statistics."""
        count = x.value.size // self.model.num_features
        self.mix("running_mean", mean)
        self.mix("running_var", variance * (count / (count - 1)))

    def mix(self, name: str, new: Rounded) -> None:
        momentum = self.setting("momentum")
        self.running[name] = self.running[name] * (1 - momentum) + flat(new) * momentum

    def along(self, name: str, x: Rounded) -> Rounded:
        """Return a parameter in the shape in which it is multiplied with an input."""
        return spread(self.parameters[name], x)


def axes_of(x: Rounded) -> tuple[int, ...]:
    """Return all axes but that of the features."""
    return (0, *range(2, len(x.shape)))


def spread(values: Rounded, x: Rounded) -> Rounded:
    """Return one number a feature in the shape in which it meets an input."""
    return values.reshape(1, -1, *[1] * (len(x.shape) - 2))


def flat(values: Rounded) -> Rounded:
    return values.reshape(-1)
