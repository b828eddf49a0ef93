"""Where plots are drawn: matplotlib, asked for only when something is plotted."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any


def new_figure(columns: int = 1) -> tuple[Any, Any]:
    """Return a new figure and its axes, several side by side as an array.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ImportError as error:
        raise ImportError("Plots need matplotlib: pip install 'edunn-serving[plot]'") from error
    figure, axes = pyplot.subplots(1, columns, figsize=(6 * columns, 4), squeeze=columns == 1)
    return figure, axes


def finish(figure: Any, filepath: str | Path | None) -> Any:
    """Save a figure where a path is given, and return it."""
    figure.tight_layout()
    if filepath is not None:
        figure.savefig(filepath)
    return figure
