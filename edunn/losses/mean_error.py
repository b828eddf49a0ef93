"""The mean of the errors of samples."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from edunn.answers import backward_of, forward_of
from edunn.arrays import FLOAT_DTYPES, Array, FloatArray, as_floats, describe, quiet
from edunn.composite import Composite, prefixed
from edunn.estimate import FLOAT64, ArraySpec, Cost, Estimate, shape_spec, work
from edunn.fields import Field, check_arguments
from edunn.losses.loss import Loss
from edunn.model import Model, ParameterSet

# Numbers that NumPy sums one after the other.
_FEW = 8


class MeanError(Composite, Loss):
    """Average a loss over the samples of a batch.

    Parameters
    ----------
    sample_error : Model
        What gives the error of each sample: a loss, or any model with ``forward(y_true, y)``.
    """

    own_cache_entries = frozenset({"shape"})

    def __init__(
        self,
        sample_error: Annotated[Loss, Field("The loss that gives the error of each sample.")],
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        # The catalogue knows losses alone; somebody's own may be any model.
        if not isinstance(sample_error, Model):
            check_arguments(MeanError, self.label, sample_error=sample_error)
        self.sample_error_layer: Model = sample_error
        self._children = {"sample_error": self.sample_error_layer}

    def _own_name(self) -> str:
        return f"Mean{self.sample_error_layer.name}"

    def forward(self, y_true: Array, y: FloatArray) -> FloatArray:
        """Compute the mean error of n samples: E = Σ E_i / n.

        Parameters
        ----------
        y_true, y : ndarray
            As the loss within takes them; at least one sample.

        Returns
        -------
        E : ndarray of rank 0, dtype of y
        """
        errors = forward_of(self.sample_error_layer, y_true, y)
        if errors.size == 0:
            raise self.refusal("y", "at least one sample", describe(np.asarray(y)))
        self._cache = {"shape": errors.shape}
        if errors.dtype not in FLOAT_DTYPES:
            errors = as_floats(self.sample_error_layer.label, "the error", errors)
        return mean(errors)

    def backward(self, δE: FloatArray | float = 1.0) -> tuple[FloatArray, ParameterSet]:
        """Share the gradient among the samples: δEδE_i = δE / n, through the loss within.

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
        shape = self._saved_shape()
        δE = δE if type(δE) is float else float(self._error_gradient(δE, (), FLOAT64))
        share: FloatArray | float = δE / math.prod(shape)
        if not isinstance(self.sample_error_layer, Loss):
            # Losses take one number for all; somebody's own model may need an array.
            share = self._error_gradient(share, shape, FLOAT64)
        return backward_of(self.sample_error_layer, share)

    def estimate(self, y_true: ArraySpec, y: ArraySpec) -> Estimate:
        taken = self.sample_error_layer.estimate(y_true, y)
        errors = taken.output.size
        if errors == 0:
            raise self.refusal("y", "at least one sample", describe(y))
        return taken._replace(
            output=ArraySpec((), y.dtype),
            cache={"shape": shape_spec(taken.output), **prefixed("sample_error", taken.cache)},
            forward=taken.forward.and_also(Cost(work(calls=4, elements=errors), 64)),
            backward=taken.backward.and_also(Cost(work(calls=4), 64)),
        )


@quiet
def mean(errors: FloatArray) -> FloatArray:
    """Return the mean of at least one error, in their dtype; their sum need not fit in it."""
    if errors.size < _FEW:
        # In the order in which NumPy sums so few, in a third of its time.
        summed = sum(errors.ravel().tolist())
    else:
        summed = np.add.reduce(errors, axis=None, dtype=FLOAT64)
    return np.array(summed / errors.size, dtype=errors.dtype)
