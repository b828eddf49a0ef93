"""Derivatives by differences: slow, simple, and a check on every other way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edunn.arrays import Array, describe
from edunn.errors import LayerError

Floats = npt.NDArray[np.float64]
Index = tuple[int, ...]


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
        An array of floats is moved while `f` runs, and put back: `f` may use it by another name
        and pay no heed to its argument, as where it is a parameter of a layer. Of any other, such
        as one of integers or a read-only one, a copy is moved, and `f` has to use its argument.
    δEδy : ndarray, shape of f(x), or a number, optional
        The gradient of an error E with respect to f(x). Without it E is the sum of f(x).
    h : float
        The step, longer where the dtype of `x` cannot tell it. The result is off by about h²
        times the third derivative.

    Returns
    -------
    δEδx : ndarray of float64, shape of x

    Raises
    ------
    LayerError
        If `δEδy` has another shape than f(x), or f(x) never changes and `x` is no array that can
        be moved: whether `f` uses it by another name cannot be told then.
    """
    moved = x if _can_be_moved(x) else np.array(x, dtype=np.float64)
    # In float64 it is the very array; a narrower one is moved beside its copy.
    point = moved.astype(np.float64, copy=False)

    def at(index: Index, value: float) -> Floats:
        moved[index] = value
        point[index] = moved[index]
        # A copy: `f` may return one array at every call.
        return np.array(f(point), dtype=np.float64)

    gradient, changes = np.zeros(point.shape), False
    for index in np.ndindex(point.shape):
        here = float(point[index])
        # In single precision two numbers near 300 are further apart than the step.
        step = max(h, 8 * abs(float(np.spacing(moved[index]))))
        try:
            above, end = at(index, here + step), point[index]
            below, start = at(index, here - step), point[index]
        finally:
            moved[index] = point[index] = here
        if index == (0,) * point.ndim:
            _check_shape(δEδy, above)
        change = above - below
        changes = changes or bool(np.any(change))
        gradient[index] = np.sum(change if δEδy is None else change * δEδy) / (end - start)
    if point.size and not changes and moved is not x:
        raise LayerError(
            layer="numerical_gradient",
            argument="x",
            expected="an array of floats that can be written to, where f does not change with its "
            "argument",
            got=_shown(x),
        )
    return gradient


def _shown(x: object) -> str:
    if not isinstance(x, np.ndarray):
        return f"a {type(x).__name__}"
    return describe(x) if x.flags.writeable else f"{describe(x)}, read-only"


def _can_be_moved(x: object) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.flags.writeable


def _check_shape(δEδy: Array | None, y: Floats) -> None:
    if δEδy is not None and np.shape(δEδy) not in ((), y.shape):
        raise LayerError(
            layer="numerical_gradient",
            argument="δEδy",
            expected=f"of the shape of f(x), {y.shape}",
            got=describe(np.asarray(δEδy)),
        )
