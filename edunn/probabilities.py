"""Probabilities that were rounded to 0 or to 1, and why a gradient still passes there.

A score of 40 makes a probability of 1 - 4e-18, which is stored as 1; a score of -800 makes one
that is stored as 0. The derivative of the rounded number is zero, that of its logarithm is
infinite, and their product, which is what a sure and wrong sample learns from, is lost. So the
layers that make probabilities and the losses that take them agree on what 0 and 1 stand for in a
backward: the nearest number of the dtype that is neither. Their product is then the right one.
"""

from __future__ import annotations

import numpy as np

from edunn.arrays import ONE, FloatArray, compute_dtype, least

# Looked up once: `finfo` takes longer than a small layer does.
_INFO = {np.dtype(kind): np.finfo(kind) for kind in (np.float16, np.float32, np.float64)}
_TINY = {dtype: float(info.tiny) for dtype, info in _INFO.items()}
# As arrays of the dtype in which is computed, which NumPy takes sooner than numbers of Python's.
_BELOW_ONE = {dtype: np.array(info.epsneg, compute_dtype(dtype)) for dtype, info in _INFO.items()}
_LARGEST = {dtype: np.array(info.max, compute_dtype(dtype)) for dtype, info in _INFO.items()}
_SMALLEST = {dtype: -largest for dtype, largest in _LARGEST.items()}


def smallest_normal(dtype: np.dtype[np.floating]) -> float:
    """Return the smallest positive number that a dtype stores with all its digits."""
    return _TINY[dtype]


def above_zero(p: FloatArray, dtype: np.dtype[np.floating], low: float | None = None) -> FloatArray:
    """Return probabilities that are stored in a dtype, each at least its smallest normal number.

    `low` is the smallest of them, where it is known.
    """
    tiny = _TINY[dtype]
    # To look takes less time than to write, and there is seldom anything to lift.
    if p.size and (least(p) if low is None else low) >= tiny:
        return p
    lifted: FloatArray = np.maximum(p, tiny)
    return lifted


def complement(p: FloatArray, dtype: np.dtype[np.floating]) -> FloatArray:
    """Return 1 - p of probabilities that are stored in a dtype; of 1, that of the next below."""
    rest: FloatArray = np.asarray(ONE[p.dtype] - p)
    return np.maximum(rest, _BELOW_ONE[dtype], out=rest)


def bounded(gradient: FloatArray, dtype: np.dtype[np.floating]) -> FloatArray:
    """Return a gradient that a dtype can tell: a number too large for it is its largest one.

    Infinity times the tiny probability that it belongs to would be infinity or NaN.
    """
    # `np.clip` takes three times as long where numbers are few.
    within: FloatArray = np.asarray(np.maximum(gradient, _SMALLEST[dtype]))
    np.minimum(within, _LARGEST[dtype], out=within)
    return within
