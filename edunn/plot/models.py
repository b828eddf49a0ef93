"""Plots of what models compute: their curves, and where they draw the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from edunn.arrays import Array
from edunn.errors import LayerError
from edunn.model import Model, Phase
from edunn.plot.figures import finish, new_figure

_POINTS = 200


def plot_model_dataset_1d(
    x: Array, y: Array, model: Model, filepath: str | Path | None = None
) -> Any:
    """Plot the output of a model of one feature over the samples, and return the figure.

    Parameters
    ----------
    x : ndarray of floats, shape (samples, 1)
    y : ndarray of numbers, shape (samples,) or (samples, 1)
    """
    _check_features(x, 1)
    grid = np.linspace(x.min(), x.max(), _POINTS).reshape(-1, 1)
    figure, axes = new_figure()
    axes.scatter(x[:, 0], np.ravel(y), s=8, label="data")
    axes.plot(grid[:, 0], _outputs(model, grid), color="tab:red", label="model")
    axes.legend()
    return finish(figure, filepath)


def plot_model_dataset_1d_classification(
    x: Array, y: Array, model: Model, filepath: str | Path | None = None
) -> Any:
    """Plot the probability of each class over one feature, and return the figure.

    Parameters
    ----------
    x : ndarray of floats, shape (samples, 1)
    y : ndarray of integers, shape (samples,) or (samples, 1)
        Labels; the samples are drawn at the bottom in the color of their class.
    """
    _check_features(x, 1)
    grid = np.linspace(x.min(), x.max(), _POINTS).reshape(-1, 1)
    outputs, labels = _probabilities(model, grid), np.ravel(y)
    figure, axes = new_figure()
    for label in range(outputs.shape[1]):
        (line,) = axes.plot(grid[:, 0], outputs[:, label], label=f"class {label}")
        own = x[labels == label, 0]
        axes.scatter(own, np.zeros(own.shape), s=8, color=line.get_color())
    axes.set_ylabel("Probability")
    axes.legend()
    return finish(figure, filepath)


def plot_model_dataset_2d_classification(
    x: Array, y: Array, model: Model, filepath: str | Path | None = None
) -> Any:
    """Plot which class a model of two features chooses where, and return the figure.

    Parameters
    ----------
    x : ndarray of floats, shape (samples, 2)
    y : ndarray of integers, shape (samples,) or (samples, 1)
        Labels; the samples are drawn over the regions.
    """
    _check_features(x, 2)
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.05 * (high - low)
    first, second = (
        np.linspace(a - m, b + m, _POINTS) for a, b, m in zip(low, high, margin, strict=True)
    )
    grid = np.stack(np.meshgrid(first, second), axis=-1)
    outputs = _probabilities(model, grid.reshape(-1, 2))
    regions = np.argmax(outputs, axis=1).reshape(_POINTS, _POINTS)
    labels = np.ravel(y)
    colors = {"cmap": "tab10", "vmin": 0, "vmax": 9}
    figure, axes = new_figure()
    axes.pcolormesh(first, second, regions, alpha=0.3, shading="auto", **colors)
    axes.scatter(x[:, 0], x[:, 1], c=labels, s=12, edgecolors="black", linewidths=0.3, **colors)
    return finish(figure, filepath)


def plot_activation_functions(
    models: Sequence[Model],
    range: tuple[float, float] = (-10, 10),
    backward: bool = False,
    filepath: str | Path | None = None,
) -> Any:
    """Plot activations side by side, with their derivatives if asked, and return the figure."""
    grid = np.linspace(*range, _POINTS).reshape(-1, 1)
    figure, axes = new_figure(len(models))
    for model, own_axes in zip(models, np.ravel(axes), strict=True):
        with _test_phase(model):
            own_axes.plot(grid[:, 0], model.forward(grid)[:, 0], label="y")
            if backward:
                slope, _ = model.backward(np.ones_like(grid))
                own_axes.plot(grid[:, 0], slope[:, 0], linestyle="--", label="δy/δx")
        own_axes.set_title(model.label)
        own_axes.legend()
    return finish(figure, filepath)


def plot_activation_function(
    m: Model,
    range: tuple[float, float] = (-10, 10),
    backward: bool = False,
    filepath: str | Path | None = None,
) -> Any:
    """Plot one activation, with its derivative if asked, and return the figure."""
    return plot_activation_functions([m], range, backward, filepath)


def _outputs(model: Model, x: Array) -> Array:
    with _test_phase(model):
        return model.forward(x)


def _probabilities(model: Model, x: Array) -> Array:
    """Return one column per class, also where the model gives the probability of yes alone."""
    outputs = _outputs(model, x)
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


@contextmanager
def _test_phase(model: Model) -> Iterator[None]:
    """Run a model as it is used, not as it is trained, and put its phase back."""
    phase = model.phase
    model.set_phase(Phase.Test)
    try:
        yield
    finally:
        model.set_phase(phase)


def _check_features(x: Array, features: int) -> None:
    if np.ndim(x) != 2 or x.shape[1] != features or x.shape[0] == 0:
        raise LayerError(
            layer="plot",
            argument="x",
            expected=f"of shape (samples, {features}), at least one sample",
            got=f"shape {np.shape(x)}",
        )
