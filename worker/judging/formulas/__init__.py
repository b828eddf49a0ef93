"""The formula of every type of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edunn.layers.dense import Dense as DenseModel
from edunn.losses.mean_error import MeanError as MeanErrorModel
from edunn.sequential import Sequential
from worker.judging.formulas import (
    activations,
    batchnorm,
    images,
    linear,
    losses,
    optimizers,
    rnn,
)
from worker.judging.formulas.formula import Formula, Gradients, Passed

__all__ = [
    "COMPOSITES",
    "FORMULAS",
    "Formula",
    "Gradients",
    "Passed",
    "Path",
    "formula_of",
    "parts_of",
]

#: The types that are made of no others.
FORMULAS: dict[str, type[Formula]] = {
    kind.__name__: kind
    for kind in (
        activations.AddConstant,
        activations.Dropout,
        activations.Flatten,
        activations.GELU,
        activations.Identity,
        activations.MultiplyConstant,
        activations.ReLU,
        activations.Sigmoid,
        activations.Softmax,
        activations.TanH,
        batchnorm.BatchNorm,
        images.AvgPool2d,
        images.Conv2d,
        images.MaxPool2d,
        linear.Bias,
        linear.Linear,
        losses.BinaryCrossEntropy,
        losses.CrossEntropyWithLabels,
        losses.SequenceCrossEntropyWithLabels,
        losses.SquaredError,
        optimizers.Adam,
        optimizers.GradientDescent,
        optimizers.MomentumGD,
        optimizers.NesterovMomentumGD,
        optimizers.RMSprop,
        optimizers.SignGD,
        rnn.RNN,
    )
}

#: The types that are made of others.
COMPOSITES: tuple[type[Formula], ...] = (linear.Chain, linear.Dense, losses.MeanError)

#: Where a formula stands in a model: the names of the parts from the outermost in.
Path = tuple[str, ...]


def formula_of(model: Any, instead: dict[Path, type[Formula]] | None = None) -> Formula:
    """Return the formula of a model of the catalogue, or of an optimizer.

    Parameters
    ----------
    model : Model or BatchedGradientOptimizer
    instead : dict, optional
        Other formulas for some of its parts.

    Raises
    ------
    KeyError
        If there is no formula of the type.
    """
    return _formula(model, (), instead or {})


def parts_of(model: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Go through a model and its parts, each with its path."""
    yield path, model
    for name, part in _parts(model).items():
        yield from parts_of(part, (*path, name))


def _formula(model: Any, path: Path, instead: dict[Path, type[Formula]]) -> Formula:
    parts = {name: _formula(part, (*path, name), instead) for name, part in _parts(model).items()}
    kind: Any = instead.get(path)
    if isinstance(model, MeanErrorModel):
        return (kind or losses.MeanError)(model, parts["sample_error"])
    if isinstance(model, DenseModel):
        return (kind or linear.Dense)(model, parts)
    if isinstance(model, Sequential):
        return (kind or linear.Chain)(model, parts)
    return (kind or FORMULAS[type(model).__name__])(model)


def _parts(model: Any) -> dict[str, Any]:
    if isinstance(model, DenseModel):
        return {"linear": model.linear, "bias": model.bias, "activation": model.activation}
    if isinstance(model, MeanErrorModel | Sequential):
        return dict(model.children)
    return {}
