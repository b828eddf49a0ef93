"""Cross-entropy of sequences of classes."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from edunn.arrays import Array, FloatArray, Shaped, as_array, describe, quiet, restore, widen
from edunn.estimate import NUMBER, ArraySpec, Cost, Estimate, Passes, elementwise, work
from edunn.fields import Field, check_arguments
from edunn.losses.loss import Loss
from edunn.model import ParameterSet


class SequenceCrossEntropyWithLabels(Loss):
    """Average the cross-entropy of scores with the true classes over what is not padding.

    Parameters
    ----------
    pad_index : int
        The class that stands for padding. Its steps count neither in the error nor in the
        mean. -1 where there is none.

    Notes
    -----
    A step whose truth is zero in every class is padding too. Where all is padding, error and
    gradient are zero. Takes scores, not probabilities: the softmax is within, so that its
    logarithm is precise.
    """

    cache_entries = (frozenset({"slope", "steps"}),)

    def __init__(
        self,
        pad_index: Annotated[
            int, Field("The class that stands for padding, -1 for none.", minimum=-1)
        ] = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        config = check_arguments(SequenceCrossEntropyWithLabels, self.label, pad_index=pad_index)
        self.pad_index: int = config["pad_index"]

    @quiet
    def forward(self, y_true: Array, y: FloatArray) -> FloatArray:
        """Compute the mean error of all steps of all sequences.

        Parameters
        ----------
        y_true : ndarray of numbers, shape (samples, steps, classes)
            One-hot: a one at the true class of each step.
        y : ndarray of floats, shape (samples, steps, classes)
            Scores, not probabilities.

        Returns
        -------
        E : ndarray of rank 0, dtype of y
        """
        y = self._input("y", y)
        self._check(y)
        onehot = self._onehot(y_true, y.shape)
        counted = np.asarray(onehot.any(axis=2))
        if 0 <= self.pad_index < y.shape[2]:
            counted &= ~onehot[:, :, self.pad_index]
        steps = int(np.count_nonzero(counted))
        wide = widen(y)
        log_p = wide - np.max(wide, axis=2, keepdims=True)
        log_p -= np.log(np.sum(np.exp(log_p), axis=2, keepdims=True))
        onehot &= counted[:, :, np.newaxis]
        # Only the true classes are summed: a score of minus infinity elsewhere is no error.
        E = (0 - np.sum(log_p, where=onehot, dtype=np.float64)) / max(1, steps)
        slope = np.exp(log_p)
        slope -= onehot
        slope *= counted[:, :, np.newaxis]
        self._save(slope=restore(slope, y.dtype), steps=steps)
        return restore(E, y.dtype)

    @quiet
    def backward(self, δEδyi: FloatArray | float = 1.0) -> tuple[FloatArray, ParameterSet]:
        """Compute (softmax(y) - y_true) / steps for the steps that are not padding.

        Parameters
        ----------
        δEδyi : ndarray of rank 0, or a number
            The gradient of this loss's output.

        Returns
        -------
        gradient : ndarray, shape and dtype of y
        δEδp : dict
            Empty.
        """
        cached = self._saved_array("slope")
        slope = widen(cached)
        δE = self._error_gradient(δEδyi, (), slope.dtype)
        return restore(slope * (δE / max(1, int(self._saved()["steps"]))), cached.dtype), {}

    def estimate(self, y_true: ArraySpec, y: ArraySpec) -> Estimate:
        self._check(self._floats("y", y))
        self._check_truth(y_true, y.shape)
        taken = elementwise(
            y,
            {"slope": y, "steps": NUMBER},
            forward=Passes(12, 3, functions=2),
            backward=Passes(5, 2),
        )
        # The truth is looked at as booleans, and its steps as integers.
        truth = Cost(work(calls=12, elements=10 * y.size), 3 * y.size + 8 * y.size // y.shape[2])
        return taken._replace(output=ArraySpec((), y.dtype), forward=taken.forward.and_also(truth))

    def _check(self, y: Shaped) -> None:
        if y.ndim != 3 or y.shape[2] == 0:
            raise self.refusal("y", "of shape (samples, steps, classes), classes >= 1", describe(y))

    def _check_truth(self, truth: Shaped, shape: tuple[int, ...]) -> None:
        if truth.shape != shape or truth.dtype.kind not in "biuf":
            raise self.refusal("y_true", f"one-hot, of the shape of y, {shape}", describe(truth))

    def _onehot(self, y_true: object, shape: tuple[int, ...]) -> Array:
        """Return the truth as booleans, or say why it is not one-hot."""
        expected = f"one-hot, of the shape of y, {shape}"
        truth = as_array(self.label, "y_true", y_true, expected)
        self._check_truth(truth, shape)
        onehot = np.asarray(truth == 1)
        zeros = np.count_nonzero(truth) == np.count_nonzero(onehot)
        if not zeros or (truth.size and onehot.sum(axis=2).max() > 1):
            raise self.refusal("y_true", expected, "other values than a single one per step")
        return onehot
