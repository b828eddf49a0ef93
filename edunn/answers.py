"""What a model answers, or a sentence that says what is wrong with it.

The layers here answer as they should. These are for models that somebody writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from edunn.arrays import Array, FloatArray
from edunn.errors import LayerError
from edunn.model import Model, ParameterSet


class Labelled(Protocol):
    """What an error names."""

    @property
    def label(self) -> str: ...


_PAIR = "a pair (δEδx, {parameter: gradient})"


def check_model(label: str, argument: str, model: object) -> None:
    """Refuse what is no model, such as the class of one: it has to have a `forward` to be called.

    Raises
    ------
    LayerError
        If it has none.
    """
    if isinstance(model, type):
        got = f"the class {model.__name__}: is there a `{model.__name__}(...)`?"
    elif not hasattr(model, "forward"):
        got = f"{model!r}"
    else:
        return
    raise LayerError(layer=label, argument=argument, expected="a model", got=got)


def forward_of(model: Model, *inputs: Any) -> Array:
    """Run a forward.

    Raises
    ------
    LayerError
        If it returns no numbers.
    """
    y = model.forward(*inputs)
    return y if isinstance(y, np.ndarray) else output_of(model, y)


def output_of(model: Model, y: object) -> Array:
    """Return what a forward returned as an array.

    Raises
    ------
    LayerError
        If it is no numbers.
    """
    array = None if y is None else np.asarray(y)
    if array is None or array.dtype.kind not in "biuf":
        raise LayerError(
            layer=model.label,
            argument="what its forward returns",
            expected="an array of numbers",
            got=_shown(y),
        )
    return array


def backward_of(
    model: Model, δEδy: Any, shape: tuple[int, ...] | None = None
) -> tuple[FloatArray, ParameterSet]:
    """Run a backward.

    Parameters
    ----------
    model : Model
    δEδy : ndarray
    shape : tuple of int, optional
        That of the input, which the gradient has to have; None where it is not known.

    Raises
    ------
    LayerError
        If it returns no pair of a gradient and a dictionary, or a gradient of another shape.
    """
    answer = model.backward(δEδy)
    if type(answer) is tuple and len(answer) == 2:
        δEδx, δEδp = answer
        as_expected = type(δEδx) is np.ndarray and type(δEδp) is dict
        if as_expected and (shape is None or δEδx.shape == shape):
            return answer
    if not isinstance(answer, tuple) or len(answer) != 2 or answer[0] is None:
        raise LayerError(
            layer=model.label,
            argument="what its backward returns",
            expected=_PAIR,
            got=_shown(answer),
        )
    δEδx, δEδp = answer
    if δEδp is None:
        δEδp = {}
    if not isinstance(δEδp, dict):
        raise LayerError(
            layer=model.label,
            argument="the second that its backward returns",
            expected="a dictionary of gradients by the names of parameters",
            got=_shown(δEδp),
        )
    if shape is not None and _shape(δEδx) not in (shape, ()):
        raise LayerError(
            layer=model.label,
            argument="the δEδx that its backward returns",
            expected=f"of the input's shape {shape}",
            got=f"shape {_shape(δEδx)}",
        )
    return δEδx, δEδp


def check_gradients(
    whose: Labelled, δEδp: Mapping[str, Any], parameters: Mapping[str, Array]
) -> None:
    """Refuse gradients of what is no parameter, or in another shape than their parameter's.

    Parameters
    ----------
    whose : Model or optimizer
        Whose gradients they are, for the error.
    δEδp : mapping of str to ndarray
    parameters : mapping of str to ndarray

    Raises
    ------
    LayerError
        If there is such a one.
    """
    for name, gradient in δEδp.items():
        parameter = parameters.get(name)
        if parameter is None:
            known = ", ".join(parameters) or "none, it has no parameters"
            raise LayerError(
                layer=whose.label,
                argument=name,
                expected=f"the gradient of one of its parameters ({known})",
                got="one of no such parameter",
            )
        if type(gradient) is np.ndarray and gradient.shape == parameter.shape:
            continue
        if _shape(gradient) != _shape(parameter):
            raise LayerError(
                layer=whose.label,
                argument=name,
                expected=f"a gradient of the parameter's shape {_shape(parameter)}",
                got=_shaped(gradient),
            )


def _shape(value: Any) -> tuple[int, ...]:
    return value.shape if isinstance(value, np.ndarray) else np.shape(value)


def _shaped(value: Any) -> str:
    """Call an array by its shape, and what is none by its type."""
    if isinstance(value, np.ndarray) or np.ndim(value):
        return f"shape {_shape(value)}"
    return _shown(value)


def _shown(value: object) -> str:
    if value is None:
        return "None, as without a return"
    if isinstance(value, tuple):
        return f"({', '.join(type(part).__name__ for part in value)})"
    return f"a {type(value).__name__}"
