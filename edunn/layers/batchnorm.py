"""Batch normalisation."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from edunn.arrays import Array, FloatArray, Shaped, compute_dtype, describe, double, quiet, restore
from edunn.description import ParameterDescription
from edunn.estimate import FLOAT64, NUMBER, ArraySpec, Estimate, Passes, elementwise
from edunn.fields import Field, check_arguments
from edunn.initializers import One, Start, Zero, first_values
from edunn.model import Model, ParameterSet, Phase

# Numbers in a row and in a block: 32 kilobytes and half a megabyte.
_ROW, _BLOCK = 2**12, 2**16


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
        self.eps: float = config["eps"]
        self.momentum: float = config["momentum"]
        shape = (self.num_features,)
        self.register_parameter("w", first_values(config["gamma_initializer"], shape))
        self.register_parameter("b", first_values(config["beta_initializer"], shape))
        self._buffers = {
            "running_mean": Zero().create(shape),
            "running_var": One().create(shape),
        }

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
        # The memory of the last forward serves this one.
        self._cache = None
        training, layout = self._phase is Phase.Training, _layout_of(x.shape)
        wide = layout.of(double(x))
        centered, y = np.empty(wide.shape), np.empty(wide.shape)
        count = x.size // self.num_features
        mean = layout.total(wide) / count if training else self.running_mean
        squares, center = np.zeros(self.num_features), layout.spread(mean)
        for block in layout.blocks():
            part = np.subtract(wide[block], center, out=centered[block])
            if training:
                squares += layout.total_product(part, part)
        var = squares / count if training else self.running_var
        if training:
            self._update("running_mean", mean)
            self._update("running_var", var * (count / (count - 1)))
        inverse_std = 1.0 / np.sqrt(double(var) + self.eps)
        del center
        unit = inverse_std
        if x.dtype != np.float64:
            # In single and half precision the cache is as narrow as x, and only normalised numbers
            # are sure to fit in it.
            centered *= layout.spread(unit)
            unit = np.ones_like(unit)
        scale = layout.spread(unit * self._parameters["w"])
        shift = layout.spread(self._parameters["b"])
        for block in layout.blocks():
            scaled = np.multiply(centered[block], scale, out=y[block])
            scaled += shift
        self._save(
            centered=restore(centered.reshape(x.shape), x.dtype),
            unit=unit,
            inverse_std=inverse_std,
            batch_statistics=training,
        )
        return restore(y.reshape(x.shape), x.dtype)

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
        layout = _layout_of(cached.shape)
        centered, g = layout.of(double(cached)), layout.of(double(δEδy))
        δEδw, δEδb = np.zeros(self.num_features), np.zeros(self.num_features)
        for block in layout.blocks():
            δEδw += layout.total_product(g[block], centered[block])
            δEδb += layout.total(g[block])
        δEδw *= unit
        slope = layout.spread(self._parameters["w"] * cache["inverse_std"])
        if cache["batch_statistics"]:
            count = max(1, g.size // self.num_features)
            δEδx: FloatArray = np.empty(g.shape)
            along, mean = layout.spread(-δEδw * unit / count), layout.spread(δEδb / count)
            for block in layout.blocks():
                part = np.multiply(centered[block], along, out=δEδx[block])
                part += g[block]
                part -= mean
                part *= slope
        else:
            δEδx = g * slope
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
        return taken._replace(output=x, gradients=gradients).with_extra(
            calls=20,
            elements=20 * self.num_features + 8 * sample,
            memory=8 * features.nbytes + 3 * 8 * sample + (x.nbytes if narrow else 0),
        )

    def _check(self, x: Shaped) -> None:
        if x.ndim not in (2, 4) or x.shape[1] != self.num_features:
            shapes = f"(samples, {self.num_features}) or (samples, {self.num_features}, h, w)"
            raise self.refusal("x", f"of shape {shapes}", describe(x))
        if self._phase is Phase.Training and math.prod(x.shape) < 2 * self.num_features:
            raise self.refusal(
                "x", "more than one value per feature in the training phase", describe(x)
            )

    def _update(self, name: str, batch: Array) -> None:
        running = self._buffers[name]
        running *= 1 - self.momentum
        running += self.momentum * batch


@dataclass(frozen=True)
class _Layout:
    """How the values of features lie in a batch, and sums and copies of them.

    NumPy goes through an array row by row, and a short row takes longer to begin than to go
    through. So several samples without pixels count as one row, and values per feature are written
    out for a whole row.
    """

    #: That of the batch.
    shape: tuple[int, ...]

    @functools.cached_property
    def rows(self) -> int:
        """How many samples are one row: as many as divide the batch and fit in a first cache."""
        if len(self.shape) > 2 or 0 in self.shape:
            return 1
        return math.gcd(self.shape[0], 1 << (_ROW // self.shape[1]).bit_length())

    def of(self, x: FloatArray) -> FloatArray:
        """Return a batch by rows: (rows, samples, features) or (samples, channels, pixels)."""
        samples, features, *size = self.shape
        if size:
            return x.reshape(samples, features, math.prod(size))
        return x.reshape(samples // self.rows, self.rows, features)

    def blocks(self) -> Iterator[slice]:
        """Go through the rows by as many as a second cache holds."""
        rows = self.shape[0] // self.rows
        step = max(1, _BLOCK * rows // max(1, math.prod(self.shape)))
        for start in range(0, rows, step):
            yield slice(start, start + step)

    def total(self, values: FloatArray) -> FloatArray:
        """Sum the values of each feature."""
        if len(self.shape) > 2:
            return np.asarray(np.add.reduce(values, axis=(0, 2)))
        return np.asarray(np.add.reduce(values.reshape(-1, self.shape[1]), axis=0))

    def total_product(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """Sum the products of each feature, without an array of them."""
        if len(self.shape) > 2:
            return np.asarray(np.einsum("ncp,ncp->nc", left, right).sum(axis=0))
        features = self.shape[1]
        pairs = left.reshape(-1, features), right.reshape(-1, features)
        summed: FloatArray = np.einsum("nf,nf->f", *pairs)
        return summed

    def spread(self, values: Array) -> Array:
        """Write one value per feature out for a row."""
        if len(self.shape) > 2:
            pixels = math.prod(self.shape[2:])
            return np.repeat(values, pixels).reshape(-1, pixels)
        row = np.empty((self.rows, self.shape[1]))
        row[...] = values
        return row


# Batches are of few shapes, and to find the rows of a small one takes as long as to sum them.
_layout_of = functools.lru_cache(maxsize=64)(_Layout)
