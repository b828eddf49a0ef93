"""Softmax."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import FloatArray, Shaped, describe, largest, least, own, quiet, restore, widen
from edunn.estimate import ArraySpec, Estimate, Passes, elementwise
from edunn.fields import Field, check_arguments
from edunn.model import Model, ParameterSet
from edunn.probabilities import above_zero

# With scores no further from zero, exponentials neither overflow nor vanish in any dtype.
_MODERATE = 30.0


class Softmax(Model):
    """Turn the scores of each sample into probabilities that sum to one.

    Parameters
    ----------
    smoothing : float
        Added to each probability, after which they are scaled to sum to one again: no class
        is ever impossible. With n classes, y = (p + smoothing) / (1 + n smoothing). A sample
        whose true class has a probability below it hardly learns.

    Notes
    -----
    The largest score is subtracted first where scores are large: no exponential overflows, and the
    result is the same. Without smoothing the gradient passes also where a probability was rounded
    to 0: see `probabilities`.
    """

    alone = "samples"
    cache_entries = (frozenset({"p"}),)

    def __init__(
        self,
        name: str | None = None,
        smoothing: Annotated[
            float, Field("Added to every probability, then scaled back.", minimum=0)
        ] = 0.0,
    ) -> None:
        super().__init__(name)
        self.smoothing: float = check_arguments(Softmax, self.label, smoothing=smoothing)[
            "smoothing"
        ]

    @quiet
    def forward(self, x: FloatArray) -> FloatArray:
        """Compute exp(x) / Σ exp(x) over the classes.

        Parameters
        ----------
        x : ndarray of floats, shape (samples, classes)

        Returns
        -------
        y : ndarray, same shape and dtype
        """
        x = self._input("x", x)
        self._check(x)
        p = softmax(widen(x))
        # Before the smoothing: it cannot be taken off again where it is larger than p.
        self._save(p=own(p, x.dtype))
        if self.smoothing:
            p += self.smoothing
            p /= 1 + x.shape[1] * self.smoothing
        return restore(p, x.dtype)

    @quiet
    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Compute δEδx = p (δEδy - Σ p δEδy), the Jacobian times the error.

        With a smoothing, over 1 + n smoothing: the gradient of what was computed.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            Empty.
        """
        cached = self._saved_array("p")
        δEδy = self._gradient(δEδy, cached.shape)
        p = widen(cached)
        g = δEδy.astype(p.dtype, copy=False)
        if self.smoothing:
            g = g / (1 + p.shape[1] * self.smoothing)
        else:
            p = above_zero(p, cached.dtype)
        δEδx = g - np.einsum("nc,nc->n", p, g)[:, np.newaxis]
        δEδx *= p
        return restore(δEδx, δEδy.dtype), {}

    def estimate(self, x: ArraySpec) -> Estimate:
        self._check(self._floats("x", x))
        return elementwise(x, {"p": x}, forward=Passes(9, 3, functions=1), backward=Passes(9, 4))

    def _check(self, x: Shaped) -> None:
        if x.ndim != 2 or x.shape[1] == 0:
            raise self.refusal("x", "of shape (samples, classes), classes >= 1", describe(x))

    def backward_sample(self, δEδy: FloatArray, y: FloatArray) -> FloatArray:
        """Compute the gradient of one sample from its probabilities `y`, shape (classes,)."""
        return np.asarray(y * (δEδy - np.dot(y, δEδy)))


def softmax(x: FloatArray) -> FloatArray:
    """Compute the softmax of the last axis, which may not be empty, as a new array."""
    if x.size and least(x) >= -_MODERATE and largest(x) <= _MODERATE:
        # To look takes a third of the time that the largest scores and their subtraction take.
        p: FloatArray = np.exp(x)
    else:
        # Infinite scores give NaN, as in PyTorch.
        p = x - np.max(x, axis=-1, keepdims=True)
        np.exp(p, out=p)
    # A product takes half the time of a division.
    p *= 1 / np.add.reduce(p, axis=-1, keepdims=True)
    return p
