"""Functions that a student may have applied where another or none belongs."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator

import numpy as np

from edunn.layers.gelu import normal_cdf
from worker.judging.challenges import Array, Floats
from worker.judging.rounding import Rounded

Function = Callable[[Floats], Floats]

# So many numbers rule out most of what others are not.
_PROBES = 3
# A change of an argument that shows the slope.
_TINY = 1e-7


def _sigmoid(v: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-v)))


def _softmax(v: Floats) -> Floats:
    if not v.ndim:
        return v
    powers = np.exp(v - v.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _softplus(v: Floats) -> Floats:
    return np.asarray(np.logaddexp(0.0, v))


def _normalized(v: Floats, axis: int | None) -> Floats:
    if not v.ndim:
        return v
    centred = v - v.mean(axis=axis, keepdims=True)
    return np.asarray(centred / np.sqrt(np.square(centred).mean(axis=axis, keepdims=True)))


def _over_norm(v: Floats, axis: int | None) -> Floats:
    if not v.ndim:
        return v
    return np.asarray(v / np.sqrt(np.square(v).sum(axis=axis, keepdims=True)))


# How a derivative d can meet the output gradient g.
_FORMS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "g {}": lambda g, d: g * d,
    "{}": lambda g, d: d + 0 * g,
    "g + {}": lambda g, d: g + d,
    "g - {}": lambda g, d: g - d,
    "g² {}": lambda g, d: g * g * d,
}

#: Functions of a value v that is right, by what they are called.
FUNCTIONS: dict[str, Function] = {
    "ReLU": lambda v: np.maximum(v, 0.0),
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "softmax": _softmax,
    "the softmax over the batch": lambda v: _softmax(v.T).T,
    "the logarithm of the softmax": lambda v: np.log(_softmax(v)),
    "leaky ReLU": lambda v: np.where(v > 0, v, 0.01 * v),
    "leaky ReLU (0.1)": lambda v: np.where(v > 0, v, 0.1 * v),
    "leaky ReLU (0.2)": lambda v: np.where(v > 0, v, 0.2 * v),
    "ELU": lambda v: np.where(v > 0, v, np.expm1(v)),
    "softplus": _softplus,
    "SiLU": lambda v: v * _sigmoid(v),
    "GELU": lambda v: np.asarray(v * normal_cdf(v), np.float64),
    "sign(v)": np.sign,
    "1 - v": lambda v: 1 - v,
    "v (1 - v)": lambda v: v * (1 - v),
    "1 - v²": lambda v: 1 - v * v,
    "v³": lambda v: v**3,
    "1 / (1 + |v|)": lambda v: 1 / (1 + np.abs(v)),
    "v / (1 + |v|)": lambda v: v / (1 + np.abs(v)),
    "√|v|": lambda v: np.sqrt(np.abs(v)),
    "log(1 + |v|)": lambda v: np.log1p(np.abs(v)),
    "log |v|": lambda v: np.log(np.abs(v)),
    "exp(-v)": lambda v: np.exp(-v),
    "sin": np.sin,
    "cos": np.cos,
    "arctan": np.arctan,
    "v over its norm": lambda v: _over_norm(v, None),
    "each sample over its norm": lambda v: _over_norm(v, -1),
    "each feature over its norm": lambda v: _over_norm(v, 0),
    "v, centred and divided by its deviation,": lambda v: _normalized(v, None),
    "each sample, centred and divided by its deviation,": lambda v: _normalized(v, -1),
    "each feature, centred and divided by its deviation,": lambda v: _normalized(v, 0),
    "each sample over its sum": lambda v: v / v.sum(axis=-1, keepdims=True) if v.ndim else v,
    "v over its largest magnitude": lambda v: v / np.abs(v).max(),
    "the sum so far, along the samples,": lambda v: np.cumsum(v, axis=0) if v.ndim else v,
    "the sum so far, along the features,": lambda v: np.cumsum(v, axis=-1) if v.ndim else v,
}

#: Functions of an input x that are no layer's of the catalogue, or another's.
OTHER_FUNCTIONS: dict[str, Function] = {
    **{name: each for name, each in FUNCTIONS.items() if "v" not in name.split()},
    "the identity": lambda x: x,
    "2 sigmoid(x) - 1": lambda x: 2 * _sigmoid(x) - 1,
    "(1 + tanh(x)) / 2": lambda x: (1 + np.tanh(x)) / 2,
    "1 - tanh²(x)": lambda x: 1 - np.tanh(x) ** 2,
    "√(1 - tanh²(x))": lambda x: np.sqrt(1 - np.tanh(x) ** 2),
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tan": np.tan,
    "1.7159 tanh(2x/3)": lambda x: 1.7159 * np.tanh(2 * x / 3),
    "x - x³/3": lambda x: x - x**3 / 3,
    "exp(x) - exp(-x) / (exp(x) + exp(-x))": lambda x: (
        np.exp(x) - np.exp(-x) / (np.exp(x) + np.exp(-x))
    ),
    "sigmoid (1 - sigmoid)": lambda x: _sigmoid(x) * (1 - _sigmoid(x)),
    "exp(x) / (1 + exp(-x))": lambda x: np.exp(x) / (1 + np.exp(-x)),
    "1 / (1 - exp(-x))": lambda x: 1 / (1 - np.exp(-x)),
    "1 + exp(-x)": lambda x: 1 + np.exp(-x),
    "x sigmoid(1.702 x)": lambda x: x * _sigmoid(1.702 * x),
    "x tanh(softplus(x))": lambda x: x * np.tanh(_softplus(x)),
    "x times the normal density": lambda x: x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
    "the normal distribution function": lambda x: np.asarray(normal_cdf(x), np.float64),
    "the normal density": lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
    "x (1 + tanh(x)) / 2": lambda x: x * (1 + np.tanh(x)) / 2,
    "x + the normal distribution function": lambda x: x + np.asarray(normal_cdf(x), np.float64),
    "x (1 - the normal distribution function)": lambda x: (
        x * (1 - np.asarray(normal_cdf(x), np.float64))
    ),
    "a softmax of |x|": lambda x: _softmax(np.abs(x)),
    "|x| over the sum of |x|": lambda x: np.abs(x) / np.abs(x).sum(axis=-1, keepdims=True),
    "x² over the sum of x²": lambda x: np.square(x) / np.square(x).sum(axis=-1, keepdims=True),
}

# What derivatives are made of.
_FACTORS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "(1 - x)": lambda x, y: 1 - x,
    "(1 - y)": lambda x, y: 1 - y,
    "(1 + y)": lambda x, y: 1 + y,
    "(1 - |y|)": lambda x, y: 1 - np.abs(y),
    "(1 - 2y)": lambda x, y: 1 - 2 * y,
    "(1 - y²)": lambda x, y: 1 - y * y,
    "(1 - x²)": lambda x, y: 1 - x * x,
    "(1 - xy)": lambda x, y: 1 - x * y,
    "(1 - y³)": lambda x, y: 1 - y**3,
    "(1 - 2y²)": lambda x, y: 1 - 2 * y * y,
    "(1 + y²)": lambda x, y: 1 + y * y,
    "exp(x)": lambda x, y: np.exp(x),
    "exp(-x)": lambda x, y: np.exp(-x),
    "√(1 - y²)": lambda x, y: np.sqrt(1 - y * y),
    "/ y": lambda x, y: 1 / y,
    "/ x": lambda x, y: 1 / x,
    "/ cosh(x)": lambda x, y: 1 / np.cosh(x),
    "[x > 0]": lambda x, y: (x > 0).astype(np.float64),
    "sigmoid(x)": lambda x, y: _sigmoid(x),
    "tanh(x)": lambda x, y: np.tanh(x),
    "Φ(x)": lambda x, y: np.asarray(normal_cdf(x), np.float64),
    "φ(x)": lambda x, y: np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
    "softmax(x)": lambda x, y: _softmax(x),
}

_FACTOR_NAMES, _FORM_ITEMS = list(_FACTORS), list(_FORMS.items())
# One factor, whose partner has no number and stands for 1, and then two.
_PAIRS = np.array(
    [
        *((each, len(_FACTORS)) for each in range(len(_FACTORS))),
        *itertools.combinations_with_replacement(range(len(_FACTORS)), 2),
    ]
)


def derivatives(given: Floats, g: Floats, x: Floats, y: Floats) -> Iterator[tuple[str, Floats]]:
    """Yield what a gradient may have been taken for, of g, x and y of the gradient's shape.

    Only those are yielded that a few of its numbers do not rule out.
    """
    factors = [np.broadcast_to(each(x, y), x.shape) for each in _FACTORS.values()]
    probed = [each.reshape(-1)[:_PROBES] for each in factors]
    few = np.stack([*probed, np.ones_like(probed[0])])
    few = few[_PAIRS[:, 0]] * few[_PAIRS[:, 1]]
    some, some_given = g.reshape(-1)[:_PROBES], given.reshape(-1)[:_PROBES]
    near = np.stack([_are_near(some_given, form(some, few)) for form in _FORMS.values()], axis=1)
    for pair, form in np.argwhere(near.all(axis=-1)):
        chosen = [each for each in _PAIRS[pair] if each < len(factors)]
        slope = functools.reduce(np.multiply, [factors[each] for each in chosen])
        called, combined = _FORM_ITEMS[form]
        yield called.format(" ".join(_FACTOR_NAMES[each] for each in chosen)), combined(g, slope)
    yield "g / samples", g / g.shape[0]


def is_near(given: Floats, value: Floats) -> bool:
    """Tell whether numbers can be the same, which a look at a few of them may rule out."""
    return bool(_are_near(given.reshape(-1)[:_PROBES], value.reshape(-1)[:_PROBES]).all())


def _are_near(given: Floats, value: Floats) -> Array:
    return np.asarray(np.abs(given - value) <= 0.01 * (np.abs(value) + np.abs(given)) + 1e-6)


def applied(function: Function, right: Rounded) -> Rounded:
    """Return a function of values, whose errors it carries by its slope."""
    value = np.asarray(function(right.value), np.float64)
    signs = np.where(np.arange(right.value.size).reshape(right.shape) % 2, 1.0, -1.0)
    moved = function(right.value + signs * _TINY * right.error)
    carried = np.abs(moved - value) / _TINY
    return Rounded(value, carried + 4 * np.abs(value) + 1.0)
