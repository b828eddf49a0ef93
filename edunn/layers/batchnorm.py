"""Batch normalisation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

import numpy as np

from edunn.arrays import Array, FloatArray, Shaped, compute_dtype, describe, double, quiet, restore
from edunn.description import ParameterDescription
from edunn.estimate import FLOAT64, NUMBER, ArraySpec, Estimate, Passes, elementwise
from edunn.fields import Field, check_arguments
from edunn.initializers import One, Start, Zero, first_values
from edunn.model import Model, ParameterSet, Phase

# Numbers in a block: half a megabyte, of which a processor's second cache holds a few.
_BLOCK = 2**16


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
    cache_entries = (frozenset({"normalized", "inverse_std", "batch_statistics"}),)

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
        training, wide = self._phase is Phase.Training, double(x)
        normalized, y = np.empty(x.shape), np.empty(x.shape)
        count = x.size // self.num_features
        mean = _total(wide) / count if training else self.running_mean
        squares, center = np.zeros(self.num_features), _spread(mean, x)
        for block in _blocks(x):
            centered = np.subtract(wide[block], center, out=normalized[block])
            if training:
                squares += _total_product(centered, centered)
        var = squares / count if training else self.running_var
        if training:
            self._update("running_mean", mean)
            self._update("running_var", var * (count / (count - 1)))
        inverse_std = 1 / np.sqrt(double(var) + self.eps)
        del center
        unit = _spread(inverse_std, x)
        scale, shift = (_spread(self._parameters[name], x) for name in ("w", "b"))
        for block in _blocks(x):
            scaled = normalized[block]
            scaled *= unit
            shifted = np.multiply(scaled, scale, out=y[block])
            shifted += shift
        self._save(
            # In single and half precision the cache is as narrow as x.
            normalized=restore(normalized, x.dtype),
            inverse_std=inverse_std,
            batch_statistics=training,
        )
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
        With m values per feature and x̂ the normalised input,
        δEδx = w / (m std) (m δEδy - Σ δEδy - x̂ Σ δEδy x̂).
        """
        cache = self._saved()
        cached = self._saved_array("normalized")
        δEδy = self._gradient(δEδy, cached.shape)
        normalized, g = double(cached), double(δEδy)
        δEδw, δEδb = _total_product(g, normalized), _total(g)
        slope = _spread(self._parameters["w"] * cache["inverse_std"], g)
        if cache["batch_statistics"]:
            count = max(1, g.size // self.num_features)
            δEδx: FloatArray = np.empty(g.shape)
            along, mean = _spread(-δEδw / count, g), _spread(δEδb / count, g)
            for block in _blocks(g):
                part = np.multiply(normalized[block], along, out=δEδx[block])
                part += g[block]
                part -= mean
                part *= slope
        else:
            δEδx = g * slope
        if self.frozen:
            return restore(δEδx, δEδy.dtype), {}
        dtype = compute_dtype(cached.dtype)
        return restore(δEδx, δEδy.dtype), {"w": restore(δEδw, dtype), "b": restore(δEδb, dtype)}

    def estimate(self, x: ArraySpec) -> Estimate:
        self._check(self._floats("x", x))
        features = ArraySpec((self.num_features,), FLOAT64)
        cache = {"normalized": x, "inverse_std": features, "batch_statistics": NUMBER}
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


def _blocks(x: FloatArray) -> Iterator[slice]:
    """Go through the samples by as many as a processor's cache holds."""
    samples = x.shape[0]
    step = max(1, _BLOCK * samples // max(1, x.size))
    for start in range(0, samples, step):
        yield slice(start, start + step)


def _total(values: FloatArray) -> FloatArray:
    """Sum the values of each feature."""
    summed: FloatArray = np.sum(values, axis=0 if values.ndim == 2 else (0, 2, 3))
    return summed


def _total_product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Sum the products of each feature, without an array of them."""
    if left.ndim == 2:
        summed: FloatArray = np.einsum("nf,nf->f", left, right)
        return summed
    samples, channels = left.shape[:2]
    rows = left.reshape(samples, channels, -1), right.reshape(samples, channels, -1)
    per_sample: FloatArray = np.einsum("ncp,ncp->nc", *rows)
    return np.asarray(np.sum(per_sample, axis=0))


def _spread(values: Array, x: FloatArray) -> Array:
    """Shape one value per feature like a sample of `x`."""
    if x.ndim == 2:
        return values
    # Written out: NumPy takes three times as long for one value along the last axis.
    return np.repeat(values, math.prod(x.shape[2:])).reshape(x.shape[1:])
