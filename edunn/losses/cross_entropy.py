"""Cross-entropies of probabilities: of one class of many, and of yes or no."""

from __future__ import annotations

import functools

import numpy as np

from edunn.arrays import (
    Array,
    FloatArray,
    IntArray,
    Shaped,
    as_integers,
    describe,
    largest,
    least,
    own,
    quiet,
    restore,
    widen,
)
from edunn.estimate import NUMBER, ArraySpec, Cost, Estimate, Passes, elementwise, work
from edunn.losses.loss import Loss, check_probabilities
from edunn.model import ParameterSet
from edunn.probabilities import above_zero, bounded, complement

# Samples whose places are kept from batch to batch.
_FEW = 2**10


class CrossEntropyWithLabels(Loss):
    """Take minus the logarithm of the probability given to the true class of each sample.

    Notes
    -----
    A probability below the smallest normal number of its dtype counts as that number, in the
    error and in its gradient: 0 gives 708 in float64 and 87 in float32, never infinity. After a
    Softmax the gradient of the score is right however wrong the sample is: see `probabilities`.
    """

    alone = "samples"
    cache_entries = (frozenset({"labels", "p", "classes"}),)

    @quiet
    def forward(self, y_true: Array, y: FloatArray) -> FloatArray:
        """Compute the error of each sample.

        Parameters
        ----------
        y_true : ndarray of integers, shape (samples,) or (samples, 1)
            The labels, from 0 to classes - 1.
        y : ndarray of floats, shape (samples, classes)
            Probabilities.

        Returns
        -------
        E : ndarray, shape (samples, 1), dtype of y
        """
        y = self._input("y", y)
        self._check(y)
        samples, classes = y.shape
        labels: Array = as_integers(self.label, "y_true", y_true)
        if labels.shape != (samples,):
            labels = self._samples(labels, "y_true", samples)
        # A negative label would count from the last class without a word; without its sign it is
        # larger than all others.
        unsigned = labels.astype(np.intp, copy=False).view(np.uintp)
        if samples and largest(unsigned) >= classes:
            raise self.refusal(
                "y_true",
                f"of labels from 0 to {classes - 1}",
                f"labels from {least(labels)} to {largest(labels)}",
            )
        p = y.ravel()[_places(labels, classes)]
        low = check_probabilities(self, "y", p)
        E = np.log(above_zero(widen(p), p.dtype, low))
        E = restore(np.negative(E, E), y.dtype).reshape(samples, 1)
        self._cache = {"labels": own(labels), "p": p, "classes": classes}
        return E

    @quiet
    def backward(self, δEδyi: FloatArray | float = 1.0) -> tuple[FloatArray, ParameterSet]:
        """Compute -1 / p at each true class, times the gradient of each sample's error.

        Parameters
        ----------
        δEδyi : ndarray, shape (samples, 1), or one number for all
            The gradient of this loss's output.

        Returns
        -------
        gradient : ndarray, shape (samples, classes), dtype of y
        δEδp : dict
            Empty.
        """
        cached = self._saved_array("p")
        labels, samples = self._saved_array("labels"), cached.shape[0]
        p = above_zero(widen(cached), cached.dtype)
        classes = int(self._saved()["classes"])
        gradient = np.zeros(samples * classes, cached.dtype)
        if type(δEδyi) is float and -1 <= δEδyi <= 1:
            # One over the smallest normal number is no number too large.
            gradient[_places(labels, classes)] = -δEδyi / p
        else:
            δE = self._error_gradient(δEδyi, (samples, 1), p.dtype).reshape(samples)
            gradient[_places(labels, classes)] = bounded(-δE / p, cached.dtype)
        return gradient.reshape(samples, classes), {}

    def estimate(self, y_true: ArraySpec, y: ArraySpec) -> Estimate:
        self._check(self._floats("y", y))
        if y_true.dtype.kind not in "iu":
            raise self.refusal("y_true", "of integers", describe(y_true))
        self._check_samples(y_true, "y_true", y.shape[0])
        samples, labels = y._replace(shape=y.shape[:1]), y_true._replace(shape=y.shape[:1])
        per_sample = samples.wide_bytes(4) + 2 * samples.size * 8
        return Estimate(
            y._replace(shape=(samples.size, 1)),
            {"labels": labels, "p": samples, "classes": NUMBER},
            Cost(
                work(calls=22, elements=12 * samples.size, functions=samples.size),
                per_sample + labels.nbytes,
            ),
            Cost(work(calls=16, elements=10 * samples.size + y.size), per_sample + y.nbytes),
        )

    def _check(self, y: Shaped) -> None:
        if y.ndim != 2:
            raise self.refusal("y", "of shape (samples, classes)", describe(y))


def _places(labels: IntArray, classes: int) -> IntArray:
    """Return where the labels' classes are if all numbers lie in a row.

    NumPy finds numbers by one index in a tenth of the time that it takes by two.
    """
    samples = labels.size
    first = (_kept_firsts if samples <= _FEW else _firsts)(samples, classes)
    return np.asarray(first + labels.astype(np.intp, copy=False))


def _firsts(samples: int, classes: int) -> IntArray:
    """Return where the first class of each sample is."""
    return np.arange(0, samples * classes, max(1, classes), dtype=np.intp)


# Batches are of few sizes.
_kept_firsts = functools.lru_cache(maxsize=64)(_firsts)


class BinaryCrossEntropy(Loss):
    """Compare the probability of yes with whether it was yes, for each sample.

    With E = -(y_true log y + (1 - y_true) log(1 - y)).

    Notes
    -----
    As in PyTorch, no logarithm counts as less than -100: a sure and wrong answer costs 100, not
    infinity. The gradient goes on there as that of the logarithm itself. Unlike in PyTorch, where
    it fades from 1e-12 on, the gradient of the score before a Sigmoid is right however wrong the
    sample is: see `probabilities`.
    """

    alone = "samples"
    cache_entries = (frozenset({"y_true", "y"}),)

    @quiet
    def forward(self, y_true: Array, y: FloatArray) -> FloatArray:
        """Compute the error of each sample.

        Parameters
        ----------
        y_true : ndarray of integers, booleans or floats, shape (samples,) or (samples, 1)
            0 or 1, or a probability.
        y : ndarray of floats, shape (samples, 1) or (samples,)
            The probability of 1.

        Returns
        -------
        E : ndarray, shape (samples, 1), dtype of y
        """
        y = self._input("y", y)
        self._check(y)
        given = self._samples(y_true, "y_true", y.shape[0])
        if given.dtype.kind not in "biuf":
            raise self.refusal("y_true", "an array of numbers", describe(given))
        truth = given.astype(y.dtype).reshape(y.shape)
        check_probabilities(self, "y_true", truth)
        check_probabilities(self, "y", y)
        t, p = widen(truth), np.clip(widen(y), 0, 1)
        yes, no = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
        self._save(y_true=truth, y=own(y))
        return restore(-(t * yes + (1 - t) * no).reshape(-1, 1), y.dtype)

    @quiet
    def backward(self, δEδyi: FloatArray | float = 1.0) -> tuple[FloatArray, ParameterSet]:
        """Compute (y - y_true) / (y (1 - y)), times the gradient of each sample's error.

        Parameters
        ----------
        δEδyi : ndarray, shape (samples, 1), or one number for all
            The gradient of this loss's output.

        Returns
        -------
        gradient : ndarray, shape and dtype of y
        δEδp : dict
            Empty.
        """
        cached = self._saved_array("y")
        p, t = np.clip(widen(cached), 0, 1), widen(self._saved_array("y_true"))
        δE = self._error_gradient(δEδyi, (p.shape[0], 1), p.dtype).reshape(p.shape)
        # Divided one after the other: the product of the two may be too small to be told.
        slope = (p - t) / complement(p, cached.dtype) / above_zero(p, cached.dtype)
        return restore(bounded(δE * slope, cached.dtype), cached.dtype), {}

    def estimate(self, y_true: ArraySpec, y: ArraySpec) -> Estimate:
        self._check(self._floats("y", y))
        self._check_samples(y_true, "y_true", y.shape[0])
        taken = elementwise(
            y, {"y_true": y, "y": y}, forward=Passes(20, 8, functions=2), backward=Passes(15, 6)
        )
        return taken._replace(output=y._replace(shape=(y.shape[0], 1)))

    def _check(self, y: Shaped) -> None:
        if y.ndim not in (1, 2) or y.shape[1:] not in ((), (1,)):
            raise self.refusal("y", "of shape (samples, 1) or (samples,)", describe(y))
