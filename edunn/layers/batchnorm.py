"""Batch normalisation."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import (
    ONE,
    Array,
    FloatArray,
    Shaped,
    compute_dtype,
    describe,
    double,
    quiet,
    restore,
)
from edunn.description import ParameterDescription
from edunn.estimate import FLOAT64, NUMBER, ArraySpec, Estimate, Passes, elementwise
from edunn.fields import Field, check_arguments
from edunn.initializers import One, Start, Zero, first_values
from edunn.layers.feature_layout import BLOCK, FEW, FeatureLayout, layout_of
from edunn.memory import empty, unbuffered
from edunn.model import Model, ParameterSet, Phase

_ONE = ONE[FLOAT64]


class BatchNorm(Model):
    """Give each feature, or each channel, mean zero and variance one, then scale and shift it.

    In the training phase with the statistics of the batch, in the test phase with running
    ones: y = w (x - mean) / sqrt(variance + eps) + b.

    Parameters
    ----------
    num_features : int
        Features of a (samples, features) input, channels of a (samples, channels, height,
        width) one.
    eps : float
        Added to the variance.
    gamma_initializer, beta_initializer : Initializer or str
        How `w` and `b` start: at one and at zero.
    momentum : float
        The weight of the new batch in the running statistics.

    Attributes
    ----------
    running_mean, running_var : ndarray, shape (num_features,)
        Updated by every forward in the training phase. The variance is the unbiased one.

    Notes
    -----
    Ioffe and Szegedy, Batch normalization: accelerating deep network training by reducing
    internal covariate shift, ICML 2015. Conventions are PyTorch's.
    """

    parameter_descriptions = (
        ParameterDescription("w", "(num_features,)", "The scale, 1 at first."),
        ParameterDescription("b", "(num_features,)", "The shift, 0 at first."),
    )
    buffer_descriptions = (
        ParameterDescription("running_mean", "(num_features,)", "The mean, 0 at first."),
        ParameterDescription(
            "running_var", "(num_features,)", "The unbiased variance, 1 at first."
        ),
    )
    alone = "features"
    # The centered input times `unit` is the normalised one.
    cache_entries = (frozenset({"centered", "unit", "inverse_std", "batch_statistics"}),)

    def __init__(
        self,
        num_features: Annotated[int, Field("Features, or channels of an image.", minimum=1)],
        eps: Annotated[float, Field("Added to the variance.", above=0)] = 1e-5,
        gamma_initializer: Annotated[Start, Field("How w starts.")] = "One",
        beta_initializer: Annotated[Start, Field("How b starts.")] = "Zero",
        name: str | None = None,
        *,
        momentum: Annotated[
            float,
            Field("Weight of the new batch in the running statistics.", minimum=0, maximum=1),
        ] = 0.1,
    ) -> None:
        super().__init__(name)
        config = check_arguments(
            BatchNorm,
            self.label,
            num_features=num_features,
            eps=eps,
            gamma_initializer=gamma_initializer,
            beta_initializer=beta_initializer,
            momentum=momentum,
        )
        self.num_features: int = config["num_features"]
        self.eps = config["eps"]
        self.momentum = config["momentum"]
        shape = (self.num_features,)
        self.register_parameter("w", first_values(config["gamma_initializer"], shape))
        self.register_parameter("b", first_values(config["beta_initializer"], shape))
        self._buffers = {
            "running_mean": Zero().create(shape),
            "running_var": One().create(shape),
        }

    @property
    def eps(self) -> float:
        """What is added to the variance."""
        return self._eps

    @eps.setter
    def eps(self, eps: float) -> None:
        self._eps: float = check_arguments(BatchNorm, self.label, eps=eps)["eps"]
        # Arrays, which NumPy takes sooner than numbers of Python's.
        self._added = np.array(self._eps)

    @property
    def momentum(self) -> float:
        """The weight of the new batch in the running statistics."""
        return self._momentum

    @momentum.setter
    def momentum(self, momentum: float) -> None:
        checked = check_arguments(BatchNorm, self.label, momentum=momentum)
        self._momentum: float = checked["momentum"]
        self._weights = np.array(1 - self._momentum), np.array(self._momentum)

    @property
    def running_mean(self) -> Array:
        """The mean that the test phase uses, shape (num_features,)."""
        return self._buffers["running_mean"]

    @running_mean.setter
    def running_mean(self, value: Array) -> None:
        self.set_buffers({"running_mean": value})

    @property
    def running_var(self) -> Array:
        """The unbiased variance that the test phase uses, shape (num_features,)."""
        return self._buffers["running_var"]

    @running_var.setter
    def running_var(self, value: Array) -> None:
        self.set_buffers({"running_var": value})

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Normalise; in the training phase, update the running statistics too.

        Parameters
        ----------
        x : ndarray of floats, shape (samples, features) or (samples, channels, height, width)
            More than one value per feature in the training phase: one has no variance.

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        x = self._input("x", x)
        self._check(x)
        training, layout = self._phase is Phase.Training, layout_of(x.shape)
        # In single and half precision the cache is as narrow as x, and only normalised numbers are
        # sure to fit in it.
        narrow, wide = x.dtype is not FLOAT64, layout.of(double(x))
        # In this order, and with the last forward's cache still there, the memory of an output that
        # was given up serves the next one. The other way round the system takes it back each time.
        y, centered = empty(wide.shape, FLOAT64), empty(wide.shape, FLOAT64)
        features = (*self._parameters.values(), *self._buffers.values())
        if x.size < FEW:
            mean, var, inverse_std = self._normalise(layout, narrow, wide, centered, y, *features)
        else:
            with unbuffered(x.size):
                groups = layout.groups((wide, centered, y), features)
                mean, var, inverse_std = _joined(
                    [self._normalise(layout, narrow, *group) for group in groups]
                )
        unit = np.ones(self.num_features) if narrow else inverse_std
        if training:
            self._update("running_mean", mean)
            self._update("running_var", var * layout.unbiased)
        if y.shape != x.shape:
            y, centered = y.reshape(x.shape), centered.reshape(x.shape)
        self._cache = {
            "centered": restore(centered, x.dtype),
            "unit": unit,
            "inverse_std": inverse_std,
            "batch_statistics": training,
        }
        return restore(y, x.dtype)

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Compute the gradients, through the statistics too where they were the batch's.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            ``w`` and ``b``, shape (num_features,).

        Notes
        -----
        With m values per feature and x̂ the normalised input, which is centered * unit,
        δEδx = w / (m std) (m δEδy - Σ δEδy - x̂ Σ δEδy x̂).
        """
        cache = self._saved()
        cached, unit = self._saved_array("centered"), self._saved_array("unit")
        δEδy = self._gradient(δEδy, cached.shape)
        layout = layout_of(cached.shape)
        centered, g = layout.of(double(cached)), layout.of(double(δEδy))
        δEδx = empty(g.shape, FLOAT64)
        features = (self._parameters["w"], unit, cache["inverse_std"])
        batch_statistics = bool(cache["batch_statistics"])
        if g.size < FEW:
            δEδw, δEδb = _go_back(layout, batch_statistics, g, centered, δEδx, *features)
        else:
            with unbuffered(g.size):
                groups = layout.groups((g, centered, δEδx), features)
                δEδw, δEδb = _joined(
                    [_go_back(layout, batch_statistics, *group) for group in groups]
                )
        δEδx = δEδx.reshape(cached.shape)
        if self.frozen:
            return restore(δEδx, δEδy.dtype), {}
        dtype = compute_dtype(cached.dtype)
        return restore(δEδx, δEδy.dtype), {"w": restore(δEδw, dtype), "b": restore(δEδb, dtype)}

    def estimate(self, x: ArraySpec) -> Estimate:
        self._check(self._floats("x", x))
        features = ArraySpec((self.num_features,), FLOAT64)
        cache = {
            "centered": x,
            "unit": features,
            "inverse_std": features,
            "batch_statistics": NUMBER,
        }
        wide = ArraySpec(x.shape, FLOAT64)
        narrow = x.dtype != FLOAT64
        taken = elementwise(
            wide,
            cache,
            forward=Passes(13, 2 if narrow else 1),
            backward=Passes(12, 2 if narrow else 0),
        )
        gradients = 0 if self.frozen else 2 * features._replace(dtype=x.dtype).wide_bytes()
        sample = x.size // max(1, x.shape[0])
        # Not counted one by one: channels may be more than there is memory for.
        parts = 1 + 4 * x.size // BLOCK
        return taken._replace(output=x, gradients=gradients).with_extra(
            calls=24 * parts,
            elements=20 * self.num_features + 8 * sample,
            memory=8 * features.nbytes + 3 * 8 * sample + (x.nbytes if narrow else 0),
        )

    def _check(self, x: Shaped) -> None:
        if x.ndim not in (2, 4) or x.shape[1] != self.num_features:
            shapes = f"(samples, {self.num_features}) or (samples, {self.num_features}, h, w)"
            raise self.refusal("x", f"of shape {shapes}", describe(x))
        if self._phase is Phase.Training and x.size < 2 * self.num_features:
            raise self.refusal(
                "x", "more than one value per feature in the training phase", describe(x)
            )

    def _normalise(
        self,
        layout: FeatureLayout,
        narrow: bool,
        x: FloatArray,
        centered: FloatArray,
        y: FloatArray,
        w: FloatArray,
        b: FloatArray,
        mean: FloatArray,
        var: FloatArray,
    ) -> tuple[FloatArray, ...]:
        """Write the output of some features and what is cached of it, and return statistics."""
        training = self._phase is Phase.Training
        if training:
            mean = layout.total(x) / layout.count
        middle, squares = layout.spread(mean), []
        for given, apart in layout.blocks(x, centered):
            np.subtract(given, middle, out=apart)
            if training:
                squares.append(layout.total_product(apart, apart))
        if training:
            var = _sum(squares) / layout.count
        inverse_std = _ONE / np.sqrt(var + self._added)
        unit = layout.spread(inverse_std) if narrow else None
        scale, shift = layout.spread(w if narrow else w * inverse_std), layout.spread(b)
        for apart, answer in layout.blocks(centered, y):
            if unit is not None:
                apart *= unit
            np.multiply(apart, scale, out=answer)
            answer += shift
        return mean, var, inverse_std

    def _update(self, name: str, batch: Array) -> None:
        running = self._buffers[name]
        stays, comes = self._weights
        running *= stays
        running += comes * batch


def _go_back(
    layout: FeatureLayout,
    batch_statistics: bool,
    g: FloatArray,
    centered: FloatArray,
    δEδx: FloatArray,
    w: FloatArray,
    unit: FloatArray,
    inverse_std: FloatArray,
) -> tuple[FloatArray, ...]:
    """Write the gradient of the input of some features, and return those of their parameters."""
    products, sums = [], []
    for error, apart in layout.blocks(g, centered):
        products.append(layout.total_product(error, apart))
        sums.append(layout.total(error))
    δEδw, δEδb = _sum(products) * unit, _sum(sums)
    slope = layout.spread(w * inverse_std)
    if not batch_statistics:
        np.multiply(g, slope, out=δEδx)
        return δEδw, δEδb
    along = layout.spread(δEδw * unit / layout.minus_count)
    middle = layout.spread(δEδb / layout.count)
    for error, apart, answer in layout.blocks(g, centered, δEδx):
        np.multiply(apart, along, out=answer)
        answer += error
        answer -= middle
        answer *= slope
    return δEδw, δEδb


def _sum(parts: list[FloatArray]) -> FloatArray:
    """Return the sum of what blocks gave."""
    return parts[0] if len(parts) == 1 else np.asarray(np.add.reduce(parts, axis=0))


def _joined(groups: list[tuple[FloatArray, ...]]) -> tuple[FloatArray, ...]:
    """Return what all groups of features gave, each in one array."""
    if len(groups) == 1:
        return groups[0]
    return tuple(np.concatenate(parts) for parts in zip(*groups, strict=True))
