"""The mean of the errors of samples."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import Array, FloatArray, describe, quiet, restore
from edunn.composite import Composite, prefixed
from edunn.estimate import NUMBER, ArraySpec, Cost, Estimate, work
from edunn.fields import Field, check_arguments
from edunn.losses.loss import Loss
from edunn.model import ParameterSet


class MeanError(Composite, Loss):
    """Average a loss over the samples of a batch.

    Parameters
    ----------
    sample_error : Loss
        What gives the error of each sample.
    """

    own_cache_entries = frozenset({"samples"})

    def __init__(
        self,
        sample_error: Annotated[Loss, Field("The loss that gives the error of each sample.")],
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        config = check_arguments(MeanError, self.label, sample_error=sample_error)
        self.sample_error_layer: Loss = config["sample_error"]
        self._children = {"sample_error": self.sample_error_layer}

    def forward(self, y_true: Array, y: FloatArray) -> FloatArray:
        """Compute the mean error.

        Parameters
        ----------
        y_true, y : ndarray
            As the loss within takes them; at least one sample.

        Returns
        -------
        E : ndarray of rank 0, dtype of y
        """
        errors = self.sample_error_layer.forward(y_true, y)
        if errors.size == 0:
            raise self.refusal("y", "at least one sample", describe(np.asarray(y)))
        self._save(samples=errors.size)
        return mean(errors)

    def backward(self, δE: FloatArray | float = 1.0) -> tuple[FloatArray, ParameterSet]:
        """Share the gradient among the samples.

        Parameters
        ----------
        δE : ndarray of rank 0, or a number
            The gradient of this loss's output.

        Returns
        -------
        gradient : ndarray, shape and dtype of y
        δEδp : dict
            Empty.
        """
        samples = int(self._saved()["samples"])
        share = self._error_gradient(δE, (), np.dtype(np.float64)) / samples
        return self.sample_error_layer.backward(share)

    def estimate(self, y_true: ArraySpec, y: ArraySpec) -> Estimate:
        taken = self.sample_error_layer.estimate(y_true, y)
        errors = taken.output.size
        if errors == 0:
            raise self.refusal("y", "at least one sample", describe(y))
        return taken._replace(
            output=ArraySpec((), y.dtype),
            cache={"samples": NUMBER, **prefixed("sample_error", taken.cache)},
            forward=taken.forward.and_also(Cost(work(calls=4, elements=errors), 64)),
            backward=taken.backward.and_also(Cost(work(calls=4), 64)),
        )


@quiet
def mean(errors: FloatArray) -> FloatArray:
    """Return the mean of at least one error, in their dtype; their sum need not fit in it."""
    return restore(np.asarray(np.mean(errors, dtype=np.float64)), errors.dtype)
