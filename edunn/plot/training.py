"""Plots of training and of its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edunn.arrays import Array
from edunn.metrics import confusion
from edunn.plot.figures import finish, new_figure
from edunn.utils.batches import check_arrays


def plot_history(
    history: Sequence[float], error_name: str = "Error", filepath: str | Path | None = None
) -> Any:
    """Plot the error of each epoch, as `optimize` returns it.

    Parameters
    ----------
    history : sequence of float
    error_name : str
        What the errors are called.
    filepath : str or Path, optional
        Where to save the figure instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure, or None in a notebook
    """
    figure, axes = new_figure()
    axes.plot(range(1, len(history) + 1), history, marker="." if len(history) < 50 else None)
    axes.set(xlabel="Epoch", ylabel=error_name, title="Training history")
    return finish(figure, filepath)


def plot_confusion(
    y_true: Array,
    y_pred: Array,
    classes: Sequence[str] | None = None,
    filepath: str | Path | None = None,
) -> Any:
    """Plot how many samples of each class were given each label.

    Parameters
    ----------
    y_true, y_pred : ndarray of integers, shape (samples,) or (samples, 1)
    classes : sequence of str, optional
        What the labels mean.
    filepath : str or Path, optional
        Where to save the figure instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure, or None in a notebook
    """
    counts = confusion(y_true, y_pred, None if classes is None else len(classes))
    names = [str(label) for label in range(len(counts))] if classes is None else list(classes)
    figure, axes = new_figure()
    figure.colorbar(axes.imshow(counts, cmap="Blues"), ax=axes)
    axes.set_xticks(range(len(names)), names, rotation=45)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="Predicted", ylabel="True", title="Confusion")
    half = counts.max() / 2
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if count > half else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=color)
    return finish(figure, filepath)


def regression1d_predictions(
    y_true: Array, y_pred: Array, filepath: str | Path | None = None
) -> Any:
    """Plot true and predicted numbers, sample by sample.

    Parameters
    ----------
    y_true, y_pred : ndarray of numbers, as many samples each
    filepath : str or Path, optional
        Where to save the figure instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure, or None in a notebook
    """
    samples = check_arrays("regression1d_predictions", y_true, y_pred)
    figure, axes = new_figure()
    axes.plot(range(samples), y_true, label="true value")
    axes.plot(range(samples), y_pred, label="prediction")
    axes.set(xlabel="Sample ID", ylabel="Prediction", title="True values and predictions")
    axes.legend()
    return finish(figure, filepath)
