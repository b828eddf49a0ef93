"""One step of each optimizer as a pure function of arrays.

Every function takes a parameter, its gradient and the state that its last step left, and
returns the new parameter and the new state. Nothing is changed in place, unless `in_place` is
true: then all arrays are of double precision, and the new numbers, bit for bit the same, are
written over the parameter and the state. The state before the first step is empty. States are
arrays by name, so they can be stored. What is too large or too small warns as NumPy is told to: a
loop is made `quiet` once for all its parameters.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from edunn.arrays import Array, FloatArray, double, restore
from edunn.errors import LayerError

_F64 = np.dtype(np.float64)

#: What one parameter's last step left for its next.
State = dict[str, Array]
PastState = Mapping[str, Array]
#: A parameter after a step, and what is left for the next.
Taken = tuple[FloatArray, State]

# NumPy takes arrays sooner than numbers of Python's, of which an optimizer has few.
_array_of = functools.lru_cache(maxsize=256)(np.array)


def gradient_descent(
    p: FloatArray, g: FloatArray, state: PastState, *, lr: float, in_place: bool = False
) -> Taken:
    """Step against the gradient: p - lr g.

    Parameters
    ----------
    p, g : ndarray of floats, the same shape
        The parameter and its gradient.
    state : mapping
        Empty, there is none.
    lr : float
        The length of a step per unit of gradient.

    Returns
    -------
    p : ndarray, same shape and dtype
    state : dict
    """
    wide, g = (p, g) if in_place else _wide(p, g)
    return _moved(p, wide, np.multiply(g, _number(lr)), in_place), {}


def momentum(
    p: FloatArray,
    g: FloatArray,
    state: PastState,
    *,
    lr: float,
    gamma: float,
    in_place: bool = False,
) -> Taken:
    """Step along a velocity that gradients add to: v = gamma v + g, p - lr v.

    Parameters
    ----------
    p, g : ndarray of floats, the same shape
    state : mapping
        ``v``, the velocity.
    lr : float
    gamma : float
        How much of the velocity stays.

    Returns
    -------
    p : ndarray, same shape and dtype
    state : dict

    Notes
    -----
    Polyak, Some methods of speeding up the convergence of iteration methods, 1964, with the
    learning rate outside the velocity, as in PyTorch.
    """
    wide, g = (p, g) if in_place else _wide(p, g)
    v = _kept(state, "v", gamma, wide, in_place)
    v += g
    return _moved(p, wide, np.multiply(v, _number(lr)), in_place), {"v": v}


def nesterov_momentum(
    p: FloatArray,
    g: FloatArray,
    state: PastState,
    *,
    lr: float,
    gamma: float,
    in_place: bool = False,
) -> Taken:
    """Step along the gradient and the velocity after it: v = gamma v + g, p - lr (g + gamma v).

    Parameters
    ----------
    p, g : ndarray of floats, the same shape
    state : mapping
        ``v``, the velocity.
    lr : float
    gamma : float
        How much of the velocity stays.

    Returns
    -------
    p : ndarray, same shape and dtype
    state : dict

    Notes
    -----
    Sutskever, Martens, Dahl and Hinton, On the importance of initialization and momentum in
    deep learning, ICML 2013, written in the point looked ahead to, as in PyTorch.
    """
    wide, g = (p, g) if in_place else _wide(p, g)
    v = _kept(state, "v", gamma, wide, in_place)
    v += g
    step = np.multiply(v, _number(gamma))
    step += g
    step *= _number(lr)
    return _moved(p, wide, step, in_place), {"v": v}


def rmsprop(
    p: FloatArray,
    g: FloatArray,
    state: PastState,
    *,
    lr: float,
    beta: float,
    eps: float,
    in_place: bool = False,
) -> Taken:
    """Divide the gradient by its running size: s = beta s + (1 - beta) g².

    With p - lr g / (sqrt(s) + eps).

    Parameters
    ----------
    p, g : ndarray of floats, the same shape
    state : mapping
        ``s``, the running mean of squares.
    lr, eps : float
    beta : float
        How much of the running mean stays.

    Returns
    -------
    p : ndarray, same shape and dtype
    state : dict

    Notes
    -----
    Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning, 2012.
    """
    wide, g = (p, g) if in_place else _wide(p, g)
    s = _mean_of_squares(g, state, beta, wide, in_place)
    size = np.sqrt(s)
    size += _number(eps)
    step = np.multiply(g, _number(lr))
    step /= size
    return _moved(p, wide, step, in_place), {"s": s}


def adam(
    p: FloatArray,
    g: FloatArray,
    state: PastState,
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    in_place: bool = False,
) -> Taken:
    """Divide the running gradient by its running size, both corrected for their start at zero.

    With m = beta1 m + (1 - beta1) g and s = beta2 s + (1 - beta2) g², in step t:
    p - lr (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + eps).

    Parameters
    ----------
    p, g : ndarray of floats, the same shape
    state : mapping
        ``m`` and ``s``, the running means of gradient and square; ``t``, the steps done, one
        integer of shape ().
    lr, eps : float
    betas : pair of float
        How much of each running mean stays.

    Returns
    -------
    p : ndarray, same shape and dtype
    state : dict

    Notes
    -----
    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.
    """
    wide, g = (p, g) if in_place else _wide(p, g)
    t = int(state["t"]) + 1 if "t" in state else 1
    m = _kept(state, "m", betas[0], wide, in_place)
    m += np.multiply(g, _number(1 - betas[0]))
    s = _mean_of_squares(g, state, betas[1], wide, in_place)
    size = np.divide(s, 1 - betas[1] ** t)
    size = np.sqrt(size)
    size += _number(eps)
    step = np.multiply(m, lr / (1 - betas[0] ** t))
    step /= size
    moved = _moved(p, wide, step, in_place)
    return moved, {"m": m, "s": s, "t": np.array(t, dtype=np.int64)}


def sign_descent(
    p: FloatArray,
    g: FloatArray,
    state: PastState,
    *,
    lr: float,
    eps: float,
    in_place: bool = False,
) -> Taken:
    """Step by the sign of the gradient alone: p - lr g / sqrt(g² + eps).

    Parameters
    ----------
    p, g : ndarray of floats, the same shape
    state : mapping
        Empty, there is none.
    lr : float
        The length of a step.
    eps : float
        Smooths the sign around zero.

    Returns
    -------
    p : ndarray, same shape and dtype
    state : dict
    """
    wide, g = (p, g) if in_place else _wide(p, g)
    size = np.multiply(g, g)
    size += _number(eps)
    size = np.sqrt(size)
    step = np.multiply(g, _number(lr))
    step /= size
    return _moved(p, wide, step, in_place), {}


def _wide(p: FloatArray, g: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return parameter and gradient in double precision, in which the squares of both fit."""
    if type(p) is np.ndarray and type(g) is np.ndarray:
        return (p, g) if p.dtype is g.dtype is _F64 else (double(p), double(g))
    return double(np.asarray(p)), double(np.asarray(g))


def _number(value: float) -> Array:
    """Return a number as an array. What somebody has set as one may be an array already."""
    return _array_of(value) if type(value) is float else np.asarray(value)


def _moved(p: FloatArray, wide: FloatArray, step: FloatArray, in_place: bool) -> FloatArray:
    """Return the parameter after a step, which may be written over."""
    if in_place:
        return np.subtract(p, step, p)
    step = np.asarray(step)
    return restore(np.subtract(wide, step, step), p.dtype)


def _kept(state: PastState, key: str, share: float, like: FloatArray, in_place: bool) -> FloatArray:
    """Return the share that stays of what the last step left; zeros before the first."""
    past = _past(state, key, like)
    return np.multiply(past, _number(share), past if in_place else None)


def _mean_of_squares(
    g: FloatArray, state: PastState, beta: float, like: FloatArray, in_place: bool
) -> FloatArray:
    s = _kept(state, "s", beta, like, in_place)
    square = np.multiply(g, _number(1 - beta))
    square *= g
    s += square
    return s


def _past(state: PastState, key: str, like: FloatArray) -> FloatArray:
    past = state.get(key)
    if past is None:
        return np.zeros(like.shape, like.dtype)
    if type(past) is np.ndarray and past.dtype is like.dtype and past.shape == like.shape:
        return past
    if np.shape(past) != like.shape:
        raise LayerError(
            layer="optimizer",
            argument=f"state {key!r}",
            expected=f"of the parameter's shape {like.shape}",
            got=f"shape {np.shape(past)}",
        )
    return np.asarray(past, dtype=like.dtype)
