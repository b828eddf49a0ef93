"""Models as functions of their inputs and parameters, which are moved for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from edunn.arrays import Array
from edunn.model import Model, ParameterSet

#: Of the inputs and the parameters by name.
Function = Callable[[ParameterSet], Array]
#: Of the same and the gradient of the output: the gradients by name.
Gradient = Callable[..., ParameterSet]
Shapes = dict[str, tuple[int, ...]]


def set_parameters_inplace(l: Model, parameters: Mapping[str, Array]) -> None:  # noqa: E741
    """Copy values into all parameters of a model; what is named besides is left out."""
    for name, live in l.get_parameters().items():
        live[...] = parameters[name]


def common_layer_to_function(l: Model) -> tuple[Function, Gradient, Shapes]:  # noqa: E741
    """Return a layer as a function, its gradient, and the shapes of its parameters.

    Returns
    -------
    f : callable
        ``f(inputs)`` is the output, with ``x`` and the parameters in `inputs`.
    df : callable
        ``df(inputs, δEδy)`` has the gradients under the same names.
    shapes : dict of str to tuple of int
    """

    def f(inputs: ParameterSet) -> Array:
        with _moved(l, inputs):
            return l.forward(inputs["x"])

    def df(inputs: ParameterSet, δEδy: Array) -> ParameterSet:
        with _moved(l, inputs):
            l.forward(inputs["x"])
            δEδx, δEδp = l.backward(δEδy)
            return {"x": δEδx, **δEδp}

    return f, df, _shapes(l)


def error_layer_to_function(l: Model) -> tuple[Function, Gradient, Shapes]:  # noqa: E741
    """Return a loss as `common_layer_to_function` returns a layer.

    Its inputs are ``y_true`` and ``y``; its gradient ``df(inputs)`` is that of the sum of errors.
    """

    def f(inputs: ParameterSet) -> Array:
        with _moved(l, inputs):
            return l.forward(inputs["y_true"], inputs["y"])

    def df(inputs: ParameterSet) -> ParameterSet:
        with _moved(l, inputs):
            E = l.forward(inputs["y_true"], inputs["y"])
            δEδy, δEδp = l.backward(np.ones_like(E))
            return {"y": δEδy, **(δEδp or {})}

    return f, df, _shapes(l)


@contextmanager
def _moved(model: Model, parameters: Mapping[str, Array]) -> Iterator[None]:
    before = {name: value.copy() for name, value in model.get_parameters().items()}
    set_parameters_inplace(model, parameters)
    try:
        yield
    finally:
        set_parameters_inplace(model, before)


def _shapes(model: Model) -> Shapes:
    return {name: value.shape for name, value in model.get_parameters().items()}
