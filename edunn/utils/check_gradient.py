"""Check the backward of a layer or a loss against differences of its forward.

The answer is a `GradientCheck`: true where all is well. Nothing is printed but by `show`, and the
layer is left as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edunn.arrays import Array
from edunn.model import Model
from edunn.utils.gradient_report import ArrayCheck, GradientCheck
from edunn.utils.numerical_gradient import Floats, around
from edunn.utils.preserve import Replay, preserved

# The step of the differences: truncation and rounding are about 1e-10 there.
_H = 1e-5
# An array of which less lies away from kinks has not been checked.
_LEAST_SHARE = 0.5


def common_layer(
    layer: Model,
    x_shape: tuple[int, ...],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a layer of one input on random inputs.

    Parameters
    ----------
    layer : Model
        With parameters in float64; in another dtype the differences are too coarse. Random
        layers are checked with one mask held still.
    x_shape : tuple of int
        Of the input, the number of samples included.
    samples : int
        How many random inputs are tried.
    tolerance : float
        The largest difference allowed, relative to the larger of 1 and the derivative.
    break_on_error : bool
        Whether to stop at the first input that fails.
    rng : numpy.random.Generator, optional
        Where the inputs come from; without it they are the same every time.

    Returns
    -------
    GradientCheck
    """
    rng = np.random.default_rng(0) if rng is None else rng

    def draw() -> tuple[dict[str, Floats], dict[str, Array]]:
        return {"x": rng.standard_normal(x_shape)}, {}

    return _check(layer, draw, samples, tolerance, break_on_error, rng)


def squared_error(
    loss: Model,
    y_shape: tuple[int, ...],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a loss that compares numbers with numbers, as `common_layer` checks layers.

    `y_shape` is the shape of both, such as (samples, features).
    """
    rng = np.random.default_rng(0) if rng is None else rng

    def draw() -> tuple[dict[str, Floats], dict[str, Array]]:
        return {"y": rng.standard_normal(y_shape)}, {"y_true": rng.standard_normal(y_shape)}

    return _check(loss, draw, samples, tolerance, break_on_error, rng)


def cross_entropy_labels(
    loss: Model,
    y_shape: tuple[int, ...],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a loss of probabilities and labels. `y_shape` is (samples, classes)."""
    rng = np.random.default_rng(0) if rng is None else rng

    def draw() -> tuple[dict[str, Floats], dict[str, Array]]:
        # Away from zero, where a logarithm is too steep for differences.
        p = rng.uniform(0.2, 1, y_shape)
        labels = rng.integers(0, y_shape[1], y_shape[0])
        return {"y": p / p.sum(axis=1, keepdims=True)}, {"y_true": labels}

    return _check(loss, draw, samples, tolerance, break_on_error, rng)


def binary_cross_entropy_labels(
    loss: Model,
    y_shape: tuple[int, ...],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a loss of the probability of yes. `y_shape` is (samples, 1)."""
    rng = np.random.default_rng(0) if rng is None else rng

    def draw() -> tuple[dict[str, Floats], dict[str, Array]]:
        return {"y": rng.uniform(0.2, 0.8, y_shape)}, {"y_true": rng.integers(0, 2, y_shape)}

    return _check(loss, draw, samples, tolerance, break_on_error, rng)


def sequence_cross_entropy(
    loss: Model,
    y_shape: tuple[int, ...],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a loss of scores and one-hot classes. `y_shape` is (samples, steps, classes)."""
    rng = np.random.default_rng(0) if rng is None else rng

    def draw() -> tuple[dict[str, Floats], dict[str, Array]]:
        onehot = np.eye(y_shape[2])[rng.integers(0, y_shape[2], y_shape[:2])]
        return {"y": rng.standard_normal(y_shape)}, {"y_true": onehot}

    return _check(loss, draw, samples, tolerance, break_on_error, rng)


def show(check: GradientCheck) -> None:
    """Print what a check found: one line for the input and for each parameter."""
    print(check)


Draw = Callable[[], tuple[dict[str, Floats], dict[str, Array]]]


def _check(
    model: Model,
    draw: Draw,
    samples: int,
    tolerance: float,
    break_on_error: bool,
    rng: np.random.Generator,
) -> GradientCheck:
    arrays: list[ArrayCheck] = []
    with preserved(model) as replay:
        for sample in range(samples):
            inputs, fixed = draw()
            found = _check_once(model, inputs, fixed, tolerance, replay, rng)
            arrays += [check.of_sample(sample) for check in found]
            if break_on_error and not all(check.passed for check in found):
                break
    return GradientCheck(model.label, tolerance, tuple(arrays))


def _check_once(
    model: Model,
    inputs: dict[str, Floats],
    fixed: Mapping[str, Array],
    tolerance: float,
    replay: Replay,
    rng: np.random.Generator,
) -> list[ArrayCheck]:
    """Compare every derivative at one input. The input comes with the name of its argument."""
    ((argument, x),) = inputs.items()

    def run() -> Array:
        # Every forward draws the same random numbers, so that a mask holds still.
        replay.rewind()
        # A copy: what a layer does to its input in place must not move the point.
        return np.asarray(model.forward(*fixed.values(), x.copy()))

    y = run()
    if y.size == 0:
        return [ArrayCheck(argument, problem="the output is empty, there is nothing to check")]
    if not np.array_equal(y, run(), equal_nan=True):
        return [ArrayCheck(argument, problem="two forwards of one input differ")]
    # Different for every output, or a layer that mixes outputs up would pass.
    δEδy = np.asarray(rng.uniform(0.5, 1.5, y.shape))
    # A copy: a backward that scales the error in place would scale the differences too.
    answer = model.backward(δEδy.copy())
    if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], dict)):
        return [ArrayCheck(argument, problem="backward gives no (δEδx, {parameter: gradient})")]
    δEδx, δEδp = answer

    def error(_: Floats) -> float:
        return float(np.sum(run() * δEδy))

    trained = model.trained_parameters()
    checks = [_compare(argument, δEδx, x, error, tolerance)]
    for name, p in trained.items():
        if name not in δEδp:
            checks.append(ArrayCheck(name, problem="the gradient is missing"))
        elif p.dtype != np.float64:
            checks.append(ArrayCheck(name, problem=f"to be checked in float64, it is {p.dtype}"))
        else:
            checks.append(_compare(name, δEδp[name], p, error, tolerance))
    checks += [
        ArrayCheck(name, problem="a gradient of nothing that is trained")
        for name in δEδp
        if name not in trained
    ]
    return checks


def _compare(
    name: str,
    analytic: Array,
    point: Floats,
    error: Callable[[Floats], float],
    tolerance: float,
) -> ArrayCheck:
    """Compare a gradient with differences, element by element; `point` is moved in place."""
    analytic = np.asarray(analytic)
    if analytic.shape != point.shape or analytic.dtype.kind != "f":
        shape = f"{analytic.shape} of {analytic.dtype}"
        return ArrayCheck(name, problem=f"the gradient is {shape}, not floats {point.shape}")
    if point.size == 0:
        return ArrayCheck(name, problem="it is empty, there is nothing to check")
    if not np.all(np.isfinite(analytic)):
        return ArrayCheck(name, problem="the gradient has NaN or infinity")
    worst, kinks = 0.0, 0
    for index in np.ndindex(point.shape):
        below, at, above = around(error, point, index, _H)
        numerical, given = (above - below) / (2 * _H), float(analytic[index])
        scale = max(1.0, abs(numerical), abs(given))
        difference = abs(numerical - given) / scale
        if difference <= tolerance:
            worst = max(worst, difference)
            continue
        bend = abs(above - 2 * at + below) / _H
        if _is_kink(error, point, index, bend, scale * tolerance**0.5):
            kinks += 1
            continue
        # NaN compares as no difference and as no agreement: it ends up here too.
        place = f"at {list(index)} it is {given:.6g}, differences say {numerical:.6g}"
        return ArrayCheck(name, worst=difference, kinks=kinks, problem=place)
    if kinks > (1 - _LEAST_SHARE) * point.size:
        return ArrayCheck(name, worst=worst, kinks=kinks, problem="most of it lies at kinks")
    return ArrayCheck(name, checked=point.size - kinks, worst=worst, kinks=kinks)


def _is_kink(
    error: Callable[[Floats], float],
    point: Floats,
    index: tuple[int, ...],
    bend: float,
    least: float,
) -> bool:
    """Tell whether the slope jumps near a point, as that of ReLU at zero.

    The slopes on either side of a point differ by `bend`. Where a function is smooth, half
    the step halves the bend. Where its slope jumps, the bend stays or vanishes.
    """
    below, at, above = around(error, point, index, _H / 2)
    half = abs(above - 2 * at + below) / (_H / 2)
    return max(bend, half) > least and not 0.3 * bend < half < 0.7 * bend
