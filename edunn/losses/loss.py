"""What all losses share."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from edunn.arrays import FloatArray, Shaped, as_array, describe, largest, least
from edunn.model import Model


class Loss(Model):
    """Something that compares an output with the truth: ``forward(y_true, y)``.

    `backward` takes the gradient of the loss's own output, by default 1 everywhere, and
    returns the gradient with respect to `y`, in the dtype of `y`, and no parameter gradients.
    """

    input_names: ClassVar[tuple[str, ...]] = ("y_true", "y")

    def _error_gradient(
        self, δE: object, shape: tuple[int, ...], dtype: np.dtype[np.floating]
    ) -> FloatArray:
        """Return the gradient of the errors in a dtype: of their shape, or one number for all."""
        if type(δE) is float or type(δE) is int:
            # `np.full` takes several times as long.
            filled = np.empty(shape, dtype)
            filled.fill(δE)
            return filled
        gradient = self._input("δEδy", δE)
        if gradient.shape == shape:
            return gradient.astype(dtype, copy=False)
        if gradient.shape != ():
            raise self.refusal("δEδy", f"of the output's shape {shape}", describe(gradient))
        return np.broadcast_to(gradient, shape).astype(dtype)

    def _samples(self, values: object, argument: str, samples: int) -> FloatArray:
        """Return one number per sample, given as (samples,), (samples, 1), ..., as (samples,)."""
        array = as_array(self.label, argument, values, "an array of numbers")
        self._check_samples(array, argument, samples)
        return array.reshape(samples)

    def _check_samples(self, array: Shaped, argument: str, samples: int) -> None:
        if array.shape[:1] != (samples,) or math.prod(array.shape[1:]) != 1:
            raise self.refusal(
                argument, f"of shape ({samples},) or ({samples}, 1)", describe(array)
            )


def check_probabilities(loss: Loss, argument: str, p: FloatArray) -> float:
    """Refuse what is clearly no probability, and return the smallest of them, 0 if there is none.

    NaN passes, to be seen in the error.

    Raises
    ------
    LayerError
        If a value is below 0 or above 1 by more than rounding, or a step of a numerical
        gradient, explains.
    """
    slack = 1e-3
    if not p.size:
        return 0.0
    low: float = least(p)
    if low < -slack or largest(p) > 1 + slack:
        raise loss.refusal(
            argument, "of probabilities between 0 and 1", f"{low:g} to {largest(p):g}"
        )
    return low
