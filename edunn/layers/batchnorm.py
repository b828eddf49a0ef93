"""Batch normalisation."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from edunn.arrays import Array, FloatArray, Shaped, compute_dtype, describe, double, quiet, restore
from edunn.description import ParameterDescription
from edunn.estimate import FLOAT64, NUMBER, ArraySpec, Estimate, Passes, elementwise
from edunn.fields import Field, check_arguments
from edunn.initializers import One, Start, Zero, first_values
from edunn.memory import empty, unbuffered
from edunn.model import Model, ParameterSet, Phase

# Numbers in a row and in a block: 16 kilobytes and a megabyte.
_ROW, _BLOCK = 2**11, 2**17
# From where on a row is long enough by itself.
_LONG = 2**8
_FEW = 2**14
_NOTHING = np.zeros(())


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
        wide, count = layout.of(double(x)), x.size // self.num_features
        centered, y = empty(wide.shape, FLOAT64), empty(wide.shape, FLOAT64)
        w, b = self._parameters["w"], self._parameters["b"]
        mean: FloatArray = np.empty(self.num_features) if training else self.running_mean
        var: FloatArray = np.empty(self.num_features) if training else double(self.running_var)
        # In single and half precision the cache is as narrow as x, and only normalised numbers are
        # sure to fit in it.
        narrow = x.dtype != FLOAT64
        inverse_std = np.empty(self.num_features)
        unit = np.ones(self.num_features) if narrow else inverse_std
        with unbuffered(x.size):
            for features, parts in layout.groups:
                if training:
                    mean[features] = sum(layout.total(wide[part]) for part in parts) / count
                center, squares = layout.spread(mean[features]), _NOTHING
                for part in parts:
                    middle = np.subtract(wide[part], center, out=centered[part])
                    if training:
                        squares = squares + layout.total_product(middle, middle)
                if training:
                    var[features] = squares / count
                inverse_std[features] = 1.0 / np.sqrt(var[features] + self.eps)
                if narrow:
                    inverse = layout.spread(inverse_std[features])
                    for part in parts:
                        centered[part] *= inverse
                scale = layout.spread(unit[features] * w[features])
                shift = layout.spread(b[features])
                for part in parts:
                    scaled = np.multiply(centered[part], scale, out=y[part])
                    scaled += shift
        if training:
            self._update("running_mean", mean)
            self._update("running_var", var * (count / (count - 1)))
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
        layout, batch_statistics = _layout_of(cached.shape), cache["batch_statistics"]
        centered, g = layout.of(double(cached)), layout.of(double(δEδy))
        count = max(1, g.size // self.num_features)
        w, inverse_std = self._parameters["w"], cache["inverse_std"]
        δEδx = empty(g.shape, FLOAT64)
        δEδw, δEδb = np.empty(self.num_features), np.empty(self.num_features)
        with unbuffered(g.size):
            for features, parts in layout.groups:
                along_w, along_b = np.zeros((2, w[features].size))
                for part in parts:
                    along_w += layout.total_product(g[part], centered[part])
                    along_b += layout.total(g[part])
                along_w *= unit[features]
                δEδw[features], δEδb[features] = along_w, along_b
                slope = layout.spread(w[features] * inverse_std[features])
                if not batch_statistics:
                    for part in parts:
                        np.multiply(g[part], slope, out=δEδx[part])
                    continue
                bend = layout.spread(along_w * unit[features] / -count)
                mean = layout.spread(along_b / count)
                for part in parts:
                    sloped = np.multiply(centered[part], bend, out=δEδx[part])
                    sloped += g[part]
                    sloped -= mean
                    sloped *= slope
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
        # Not counted one by one: they may be more than there is memory for.
        parts = 1 + 4 * x.size // _BLOCK
        return taken._replace(output=x, gradients=gradients).with_extra(
            calls=24 * parts,
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


#: Where the values of some features are: the features, and their values by parts of the samples.
_Part = tuple[slice, ...]
_Group = tuple[slice, tuple[_Part, ...]]


@dataclass(frozen=True)
class _Layout:
    """How the values of features lie in a batch, and sums and copies of them.

    NumPy goes through an array row by row, and a short row takes longer to begin than to go
    through. So several samples of few features count as one row, and values per feature are written
    out for a whole row. Channels of images are gone through in groups that stay in a second cache
    from their mean to their output.
    """

    #: That of the batch.
    shape: tuple[int, ...]

    @functools.cached_property
    def pixels(self) -> int:
        """How many values of a feature a sample has."""
        return math.prod(self.shape[2:])

    @functools.cached_property
    def rows(self) -> int:
        """How many samples are one row: as many as divide the batch and make it long enough."""
        samples, features = self.shape[:2]
        if len(self.shape) > 2 or features >= _LONG or samples * features < _FEW:
            return 1
        return math.gcd(samples, 1 << (_ROW // features).bit_length())

    @functools.cached_property
    def groups(self) -> tuple[_Group, ...]:
        """The features by groups, each with the parts of a batch that a cache holds."""
        samples, features = self.shape[0] // self.rows, self.shape[1]
        width = features
        if len(self.shape) > 2:
            width = min(features, max(1, _BLOCK // max(1, samples * self.pixels)))
        row = self.rows * width * self.pixels
        step = max(1, _BLOCK // max(1, row))
        blocks = [slice(start, start + step) for start in range(0, samples, step)]
        if width == features:
            return ((slice(None), tuple((block,) for block in blocks)),)
        groups = [slice(start, start + width) for start in range(0, features, width)]
        return tuple((group, tuple((block, group) for block in blocks)) for group in groups)

    def of(self, x: FloatArray) -> FloatArray:
        """Return a batch by rows: (rows, samples, features) or (samples, channels, pixels)."""
        samples, features = self.shape[:2]
        if len(self.shape) > 2:
            return x.reshape(samples, features, self.pixels)
        return x if self.rows == 1 else x.reshape(samples // self.rows, self.rows, features)

    def total(self, values: FloatArray) -> FloatArray:
        """Sum the values of each feature."""
        if len(self.shape) > 2:
            # Sums pixels in half the time of `np.add.reduce`.
            values = np.einsum("ncp->nc", values)
        return np.asarray(np.add.reduce(values.reshape(-1, values.shape[-1]), axis=0))

    def total_product(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """Sum the products of each feature, without an array of them."""
        if len(self.shape) > 2:
            return np.asarray(np.add.reduce(np.einsum("ncp,ncp->nc", left, right), axis=0))
        features = self.shape[1]
        pairs = left.reshape(-1, features), right.reshape(-1, features)
        return np.asarray(np.einsum("nf,nf->f", *pairs))

    def spread(self, values: Array) -> Array:
        """Write one value per feature out for a row, unless rows are long or few."""
        if len(self.shape) > 2:
            short = self.pixels < _LONG and math.prod(self.shape) >= _FEW
            column = values[:, None]
            return column.repeat(self.pixels, axis=1) if short else column
        if self.rows == 1:
            return values
        row = np.empty((self.rows, self.shape[1]))
        row[...] = values
        return row


# Batches are of few shapes, and to find the groups of a small one takes as long as to sum them.
_layout_of = functools.lru_cache(maxsize=64)(_Layout)
