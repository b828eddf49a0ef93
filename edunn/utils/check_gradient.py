"""Check the backward of a layer or a loss against differences of its forward.

Every check prints one line, and its answer is a `GradientCheck`: true where all is well. The layer
is left as it was; for each sample its parameters and buffers are drawn anew, because those that a
layer starts with hide faults. With the first sample a layer of one's own is also watched for what
it may not do, such as writing to its arguments or returning a view of a parameter. Of the layers
here that is known.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from edunn.answers import check_model
from edunn.arrays import Array
from edunn.composite import walk
from edunn.model import Model
from edunn.utils.at_once import answers_alone
from edunn.utils.function_checks import (
    check_gradient_numerical,
    common_layer_random_sample,
    relative_error_count,
    report_errors,
)
from edunn.utils.gradient_at import Runs, check_at, redraw
from edunn.utils.gradient_report import ArrayCheck, GradientCheck
from edunn.utils.model2function import common_layer_to_function, error_layer_to_function
from edunn.utils.preserve import Replay, is_known, preserved

__all__ = [
    "binary_cross_entropy_labels",
    "check_gradient_numerical",
    "common_layer",
    "common_layer_random_sample",
    "common_layer_to_function",
    "cross_entropy_labels",
    "error_layer_to_function",
    "relative_error_count",
    "report_errors",
    "sequence_cross_entropy",
    "show",
    "squared_error",
]


def common_layer(
    l: Model,  # noqa: E741
    x_shape: tuple[int, ...],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a layer of one input on random inputs.

    Parameters
    ----------
    l : Model
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
    rng = _generator(rng)

    def draw() -> dict[str, Array]:
        return {"x": rng.standard_normal(x_shape)}

    return _check(l, draw, samples, tolerance, break_on_error, rng)


def squared_error(
    l: Model,  # noqa: E741
    y_shape: tuple[int, ...],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a loss that compares numbers with numbers, as `common_layer` checks layers.

    `y_shape` is the shape of both, such as (samples, features).
    """
    rng = _generator(rng)

    def draw() -> dict[str, Array]:
        y = rng.standard_normal(y_shape)
        return {"y_true": rng.standard_normal(y_shape), "y": y}

    return _check(l, draw, samples, tolerance, break_on_error, rng)


def cross_entropy_labels(
    l: Model,  # noqa: E741
    y_shape: tuple[int, ...],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a loss of probabilities and labels. `y_shape` is (samples, classes)."""
    rng = _generator(rng)

    def draw() -> dict[str, Array]:
        # Away from zero, where a logarithm is too steep for differences.
        p = rng.uniform(0.2, 1, y_shape)
        labels = rng.integers(0, y_shape[1], y_shape[0])
        return {"y_true": labels, "y": p / p.sum(axis=1, keepdims=True)}

    return _check(l, draw, samples, tolerance, break_on_error, rng)


def binary_cross_entropy_labels(
    l: Model,  # noqa: E741
    batch_size: int,
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a loss of the probability of yes, given for each of `batch_size` samples."""
    rng = _generator(rng)

    def draw() -> dict[str, Array]:
        shape = (batch_size, 1)
        p = rng.uniform(0.2, 0.8, shape)
        return {"y_true": rng.integers(0, 2, shape), "y": p}

    return _check(l, draw, samples, tolerance, break_on_error, rng)


def sequence_cross_entropy(
    l: Model,  # noqa: E741
    y_shape: tuple[int, ...],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check a loss of scores and one-hot classes. `y_shape` is (samples, steps, classes)."""
    rng = _generator(rng)

    def draw() -> dict[str, Array]:
        onehot = np.eye(y_shape[2])[rng.integers(0, y_shape[2], y_shape[:2])]
        return {"y_true": onehot, "y": rng.standard_normal(y_shape)}

    return _check(l, draw, samples, tolerance, break_on_error, rng)


def show(check: GradientCheck) -> None:
    """Print all that a check found: one line for the input and for each parameter."""
    print(check)


def _generator(rng: np.random.Generator | None) -> np.random.Generator:
    """Return the check's own generator, which no layer draws from."""
    if rng is not None:
        return np.random.default_rng(rng.integers(2**62))
    # Put back where it began: to make another takes several times as long.
    if not hasattr(_kept, "rng"):
        _kept.rng = np.random.default_rng(0)
        _kept.start = _kept.rng.bit_generator.state
    _kept.rng.bit_generator.state = _kept.start
    own: np.random.Generator = _kept.rng
    return own


#: The generator of every check that is given none, one a thread.
_kept = threading.local()

Draw = Callable[[], dict[str, Array]]


def _check(
    model: Model,
    draw: Draw,
    samples: int,
    tolerance: float,
    break_on_error: bool,
    rng: np.random.Generator,
) -> GradientCheck:
    check_model("check_gradient", "l", model)
    # Where generators stand takes longer to tell than a small layer's whole check.
    known = is_known(model)
    may_draw = not known or any(part.draws for part in walk(model))
    start = Replay.of(model) if may_draw else None
    drawn = may_draw
    alone = None if may_draw else answers_alone(model)

    def has_drawn_nothing() -> bool:
        return start is None or start.is_where_it_was()

    def samples_checked(replay: Callable[[Model], Replay] | None) -> list[ArrayCheck]:
        still = replay is not None
        arrays: list[ArrayCheck] = []
        for sample in range(samples):
            arguments = draw()
            redraw(model, rng)
            closely = sample == 0 and not known
            begin = None if replay is None else replay(model)
            found = check_at(Runs(model, arguments, begin, closely, alone), tolerance, rng)
            arrays += [check.of_sample(sample) for check in found]
            wrong = not all(check.passed for check in found)
            if wrong and (break_on_error or not (still or has_drawn_nothing())):
                break
        return arrays

    try:
        with preserved(model):
            state = None if start is None else rng.bit_generator.state
            arrays = samples_checked(None)
            drawn = not has_drawn_nothing()
            replay = Replay.of
            if not (known or drawn or all(check.passed for check in arrays)):
                start, replay = Replay.of_all(model), Replay.of_all
                model.forward(*draw().values())
                drawn = not has_drawn_nothing()
            if start is not None and state is not None and drawn:
                # It draws random numbers: once more, with the same ones at every forward.
                start.rewind()
                rng.bit_generator.state = state
                arrays = samples_checked(replay)
    finally:
        if start is not None and drawn:
            start.rewind()
    return GradientCheck(model.label, tolerance, tuple(arrays)).printed()
