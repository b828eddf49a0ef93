"""Softmax."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import FloatArray, describe, own, restore, widen
from edunn.fields import Field, check_arguments
from edunn.model import Model, ParameterSet


class Softmax(Model):
    """Turn the scores of each sample into probabilities that sum to one.

    Parameters
    ----------
    smoothing : float
        Added to each probability, after which they are scaled to sum to one again: no class
        is ever impossible. With n classes, y = (p + smoothing) / (1 + n smoothing).

    Notes
    -----
    The largest score is subtracted first: no exponential overflows, and the result is the
    same.
    """

    cache_entries = (frozenset({"y"}),)

    def __init__(
        self,
        smoothing: Annotated[
            float, Field("Added to every probability, then scaled back.", minimum=0)
        ] = 1e-16,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.smoothing: float = check_arguments(Softmax, self.label, smoothing=smoothing)[
            "smoothing"
        ]

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
        if x.ndim != 2 or x.shape[1] == 0:
            raise self.refusal("x", "of shape (samples, classes), classes >= 1", describe(x))
        p = softmax(widen(x))
        p += self.smoothing
        p /= 1 + x.shape[1] * self.smoothing
        y = restore(p, x.dtype)
        self._save(y=own(y))
        return y

    def backward(self, δEδy: FloatArray) -> tuple[FloatArray, ParameterSet]:
        """Compute δEδx = p (δEδy - Σ p δEδy), the Jacobian times the error.

        Parameters
        ----------
        δEδy : ndarray, same shape as the last output

        Returns
        -------
        δEδx : ndarray, same shape and dtype
        δEδp : dict
            Empty.
        """
        y = widen(self._saved_array("y"))
        δEδy = self._gradient(δEδy, y.shape)
        g = δEδy.astype(y.dtype, copy=False)
        scale = 1 + y.shape[1] * self.smoothing
        p = y * scale - self.smoothing
        mean = np.sum(p * g, axis=1, keepdims=True)
        return restore(p * (g - mean) / scale, δEδy.dtype), {}


def softmax(x: FloatArray) -> FloatArray:
    """Compute the softmax of the last axis, which may not be empty, as a new array."""
    # Infinite scores give NaN, as in PyTorch; that needs no warning.
    with np.errstate(invalid="ignore"):
        p: FloatArray = x - np.max(x, axis=-1, keepdims=True)
    np.exp(p, out=p)
    p /= np.sum(p, axis=-1, keepdims=True)
    return p
