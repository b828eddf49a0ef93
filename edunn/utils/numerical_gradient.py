"""Derivatives by differences: slow, simple, and a check on every other way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edunn.arrays import Array

Floats = npt.NDArray[np.float64]


def numerical_gradient(
    f: Callable[[Floats], Array | float],
    x: Array,
    δEδy: Array | None = None,
    h: float = 1e-5,
) -> Floats:
    """Approximate the gradient of a function by central differences, (f(x + h) - f(x - h)) / 2h.

    Parameters
    ----------
    f : callable
        Of an array like `x`, in float64; it may return an array of any shape.
    x : ndarray of numbers, any shape
        Not changed.
    δEδy : ndarray, shape of f(x), optional
        The gradient of an error E with respect to f(x). Without it E is the sum of f(x).
    h : float
        The step. The result is off by about h² times the third derivative.

    Returns
    -------
    δEδx : ndarray of float64, shape of x
    """

    def error(point: Floats) -> float:
        y = np.asarray(f(point), dtype=np.float64)
        return float(np.sum(y if δEδy is None else y * δEδy))

    point = np.array(x, dtype=np.float64)
    gradient = np.zeros(point.shape)
    for index in np.ndindex(point.shape):
        gradient[index] = central_difference(error, point, index, h)
    return gradient


def central_difference(
    error: Callable[[Floats], float], point: Floats, index: tuple[int, ...], h: float
) -> float:
    """Approximate one partial derivative. `point` is moved while it runs, and moved back."""
    below, _, above = around(error, point, index, h)
    return (above - below) / (2 * h)


def around(
    error: Callable[[Floats], float], point: Floats, index: tuple[int, ...], h: float
) -> tuple[float, float, float]:
    """Return the error h below a coordinate of a point, at it and h above it."""
    here = float(point[index])
    try:
        at = error(point)
        point[index] = here - h
        below = error(point)
        point[index] = here + h
        above = error(point)
    finally:
        point[index] = here
    return below, at, above
