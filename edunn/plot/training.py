"""Plots of training and of its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edunn.arrays import Array
from edunn.metrics import confusion
from edunn.plot.figures import finish, new_figure


def plot_history(
    history: Sequence[float], error_name: str = "Error", filepath: str | Path | None = None
) -> Any:
    """Plot the error of each epoch, as `optimize` returns it, and return the figure."""
    figure, axes = new_figure()
    axes.plot(range(1, len(history) + 1), history, marker="." if len(history) < 50 else None)
    axes.set_xlabel("Epoch")
    axes.set_ylabel(error_name)
    return finish(figure, filepath)


def plot_confusion(
    y_true: Array,
    y_pred: Array,
    classes: Sequence[str] | None = None,
    filepath: str | Path | None = None,
) -> Any:
    """Plot how many samples of each class were given each label, and return the figure.

    Parameters
    ----------
    y_true, y_pred : ndarray of integers, shape (samples,) or (samples, 1)
    classes : sequence of str, optional
        What the labels mean.
    """
    counts = confusion(y_true, y_pred, None if classes is None else len(classes))
    names = [str(label) for label in range(len(counts))] if classes is None else list(classes)
    figure, axes = new_figure()
    figure.colorbar(axes.imshow(counts, cmap="Blues"), ax=axes)
    axes.set_xticks(range(len(names)), names, rotation=45)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("Predicted")
    axes.set_ylabel("True")
    half = counts.max() / 2
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if count > half else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=color)
    return finish(figure, filepath)


def regression1d_predictions(
    y_true: Array, y_pred: Array, filepath: str | Path | None = None
) -> Any:
    """Plot predicted numbers against true ones, and return the figure."""
    true, predicted = np.ravel(y_true), np.ravel(y_pred)
    figure, axes = new_figure()
    axes.scatter(true, predicted, s=8)
    ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
    axes.plot(ends, ends, color="gray", linestyle="--")
    axes.set_xlabel("True")
    axes.set_ylabel("Predicted")
    return finish(figure, filepath)
