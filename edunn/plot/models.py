"""Plots of what models compute: their curves, and where they draw the line."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edunn.arrays import Array
from edunn.errors import LayerError
from edunn.model import Model, Phase
from edunn.plot.figures import finish, new_figure

_POINTS = 200
# Of a plane, along each side: enough to see a line, and few enough to compute.
_FEWEST, _MOST = 50, 500


def plot_model_dataset_1d(
    x: Array, y: Array, model: Model, filepath: str | Path | None = None
) -> Any:
    """Plot the output of a model of one feature over the samples.

    Parameters
    ----------
    x : ndarray of floats, shape (samples, 1)
    y : ndarray of numbers, shape (samples,) or (samples, 1)
    filepath : str or Path, optional
        Where to save the figure instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure, or None in a notebook
    """
    _check_features(x, 1)
    grid = np.linspace(x.min(), x.max(), _POINTS).reshape(-1, 1)
    figure, axes = new_figure()
    axes.scatter(x[:, 0], np.ravel(y), s=8, label="data")
    axes.plot(grid[:, 0], _outputs(model, grid), color="tab:red", label="model")
    axes.set(xlabel="x", ylabel="y", title="Model and data")
    axes.legend()
    return finish(figure, filepath)


def plot_model_dataset_1d_classification(
    x: Array, y: Array, model: Model, filepath: str | Path | None = None
) -> Any:
    """Plot the probability of each class over one feature.

    Parameters
    ----------
    x : ndarray of floats, shape (samples, 1)
    y : ndarray of integers, shape (samples,) or (samples, 1)
        Labels; the samples are drawn at the bottom in the color of their class.
    filepath : str or Path, optional
        Where to save the figure instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure, or None in a notebook
    """
    _check_features(x, 1)
    grid = np.linspace(x.min(), x.max(), _POINTS).reshape(-1, 1)
    outputs, labels = _probabilities(model, grid), np.ravel(y)
    figure, axes = new_figure()
    for label in range(outputs.shape[1]):
        (line,) = axes.plot(grid[:, 0], outputs[:, label], label=f"class {label}")
        own = x[labels == label, 0]
        axes.scatter(own, np.zeros(own.shape), s=8, color=line.get_color())
    axes.set(xlabel="x", ylabel="Probability", title="Probability of each class")
    axes.legend()
    return finish(figure, filepath)


def plot_model_dataset_2d_classification(
    x: Array,
    y: Array,
    model: Model,
    filepath: str | Path | None = None,
    detail: float = 0.1,
    title: str = "",
) -> Any:
    """Plot which class a model of two features chooses where.

    Parameters
    ----------
    x : ndarray of floats, shape (samples, 2)
    y : ndarray of integers, shape (samples,) or (samples, 1)
        Labels; the samples are drawn over the regions.
    filepath : str or Path, optional
        Where to save the figure instead of showing it.
    detail : float
        How far apart the points are at which the model is asked, in the units of `x`. There
        are 50 along a side at least, and 500 at most.
    title : str
        What stands above the plot, before what the plot shows.

    Returns
    -------
    matplotlib.figure.Figure, or None in a notebook
    """
    _check_features(x, 2)
    if not detail > 0:
        raise LayerError(
            layer="plot", argument="detail", expected="a number above 0", got=repr(detail)
        )
    first, second = (_side(values, detail) for values in np.transpose(x))
    grid = np.stack(np.meshgrid(first, second), axis=-1)
    outputs = _probabilities(model, grid.reshape(-1, 2))
    regions = np.argmax(outputs, axis=1).reshape(second.size, first.size)
    labels = np.ravel(y)
    colors = {"cmap": "tab10", "vmin": 0, "vmax": 9}
    figure, axes = new_figure()
    axes.pcolormesh(first, second, regions, alpha=0.3, shading="auto", **colors)
    axes.scatter(x[:, 0], x[:, 1], c=labels, s=12, edgecolors="black", linewidths=0.3, **colors)
    shown = "Regions of the classes"
    axes.set(xlabel="x₀", ylabel="x₁", title=f"{title}: {shown.lower()}" if title else shown)
    return finish(figure, filepath)


def plot_activation_functions(
    models: Sequence[Model],
    range: tuple[float, float] = (-10, 10),
    backward: bool = False,
    filepath: str | Path | None = None,
) -> Any:
    """Plot activations, or their derivatives, in one figure.

    Parameters
    ----------
    models : sequence of Model
        They are left as they were, their last forwards included.
    range : pair of float
        The smallest and the largest input.
    backward : bool
        Whether the derivatives are plotted instead of the values.
    filepath : str or Path, optional
        Where to save the figure instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure, or None in a notebook
    """
    grid = np.linspace(*range, _POINTS).reshape(-1, 1)
    figure, axes = new_figure()
    names = [type(model).__name__ for model in models]
    for model, name in zip(models, names, strict=True):
        tried = _copy_in_use(model)
        y = tried.forward(grid)
        if backward:
            y, _ = tried.backward(np.ones_like(grid))
        axes.plot(grid[:, 0], y[:, 0], label=f"{name} derivative" if backward else name)
    what = "Derivatives" if backward else "Values"
    axes.set(xlabel="x", ylabel="δy/δx" if backward else "y", title=f"{what} of {', '.join(names)}")
    axes.legend()
    return finish(figure, filepath)


def plot_activation_function(
    m: Model,
    range: tuple[float, float] = (-10, 10),
    backward: bool = False,
    filepath: str | Path | None = None,
) -> Any:
    """Plot one activation, or its derivative, as `plot_activation_functions` plots several."""
    return plot_activation_functions([m], range, backward, filepath)


def _side(values: Array, detail: float) -> Array:
    """Return the coordinates along one side of a plane around samples."""
    low, high = float(np.min(values)), float(np.max(values))
    margin = 0.05 * (high - low) or 1.0
    low, high = low - margin, high + margin
    points = int(np.clip((high - low) / detail, _FEWEST, _MOST))
    return np.linspace(low, high, points)


def _outputs(model: Model, x: Array) -> Array:
    return _copy_in_use(model).forward(x)


def _probabilities(model: Model, x: Array) -> Array:
    """Return one column per class, also where the model gives the probability of yes alone."""
    outputs = _outputs(model, x)
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def _copy_in_use(model: Model) -> Model:
    """Return a copy of a model in the test phase: a plot leaves the model and its forward alone."""
    used = copy.deepcopy(model)
    used.set_phase(Phase.Test)
    return used


def _check_features(x: Array, features: int) -> None:
    if np.ndim(x) != 2 or x.shape[1] != features or x.shape[0] == 0:
        raise LayerError(
            layer="plot",
            argument="x",
            expected=f"of shape (samples, {features}), at least one sample",
            got=f"shape {np.shape(x)}",
        )
