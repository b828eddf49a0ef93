"""Gradients of functions checked against differences, in the steps that the course shows.

`edunn.utils.check_gradient` checks layers more closely and says more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edunn.arrays import Array
from edunn.model import Model, ParameterSet
from edunn.utils.comparisons import failure, success
from edunn.utils.model2function import Function, Gradient
from edunn.utils.numerical_gradient import numerical_gradient


def common_layer_random_sample(
    l: Model,  # noqa: E741
    f: Function,
    df: Gradient,
    input_generator: Callable[[], ParameterSet],
    δEδy_generator: Callable[[], Array],
    samples: int = 1,
    tolerance: float = 1e-7,
    break_on_error: bool = True,
) -> None:
    """Check a function on random inputs, and print what came of it.

    Parameters
    ----------
    l : Model
        For its name.
    f, df : callable
        As `common_layer_to_function` gives them.
    input_generator : callable
        Gives the inputs and the parameters by name.
    δEδy_generator : callable
        Gives a gradient of the output.
    samples : int
        How many inputs are tried.
    tolerance : float
        The largest relative error allowed.
    break_on_error : bool
        Whether to stop at the first error, and to print its arrays.
    """
    checks = errors = 0
    for _ in range(samples):
        inputs, δEδy = input_generator(), δEδy_generator()
        analytic = df(inputs, δEδy=δEδy)
        counts = check_gradient_numerical(f, inputs, δEδy, analytic, tolerance, break_on_error)
        checks, errors = checks + counts[0], errors + counts[1]
        if errors and break_on_error:
            break
    found = f"{checks} partial derivatives checked ({samples} random input samples)"
    print(f"{failure if errors else success}: {l.label}: {found}, {errors} failed")


def check_gradient_numerical(
    f: Function,
    inputs: ParameterSet,
    δEδy: Array,
    δEδinputs_analytic: Mapping[str, Array],
    tolerance: float,
    break_on_error: bool,
) -> tuple[int, int]:
    """Compare the gradients of a function with differences.

    Returns
    -------
    checks, errors : int
        How many derivatives were compared, and how many of them differ.
    """
    checks = errors = 0
    for name, analytic in δEδinputs_analytic.items():

        def moved(value: Array, name: str = name) -> Array:
            return f({**inputs, name: value})

        numerical = numerical_gradient(moved, inputs[name], δEδy)
        wrong, count, worst = relative_error_count(analytic, numerical, tolerance)
        checks, errors = checks + count, errors + wrong
        if wrong and break_on_error:
            report_errors(analytic, numerical, name, inputs[name], δEδy, worst, tolerance)
    return checks, errors


def report_errors(
    δEδk_analytical: Array,
    δEδk_numerical: Array,
    label: str,
    x: Array,
    δEδy: Array,
    max_error: float,
    tolerance: float,
) -> None:
    """Print a gradient that differs from its differences, and what it was computed from."""
    print(f"{failure}: δEδ{label}: relative error {max_error:.5f} (tolerance {tolerance})")
    for title, array in (
        (f"{label}", x),
        ("δEδy", δEδy),
        (f"δEδ{label} by differences", δEδk_numerical),
        (f"δEδ{label} by the backward", δEδk_analytical),
    ):
        print(f"{title}:\n{array}")


def relative_error_count(
    δanalytical: Array, δnumerical: Array, tolerance: float = 1e-8
) -> tuple[int, int, float]:
    """Count where two gradients differ, relative to the sum of their magnitudes.

    Returns
    -------
    errors, size : int
    worst : float
        The largest relative error, 0 if none is beyond the tolerance.
    """
    size = np.abs(δanalytical) + np.abs(δnumerical)
    difference = np.abs(δanalytical - δnumerical)
    relative = np.divide(difference, size, out=np.zeros(size.shape), where=size != 0)
    # NaN is within no tolerance.
    errors = int(np.count_nonzero(~(relative <= tolerance)))
    return errors, relative.size, float(np.max(relative)) if errors else 0.0
