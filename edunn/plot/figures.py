"""Where plots are drawn: matplotlib, asked for only when something is plotted."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import Any

from edunn.notebook import running_cell


def new_figure() -> tuple[Any, Any]:
    """Return a new figure and its axes.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    figure, axes = _pyplot().subplots(figsize=(6, 4))
    return figure, axes


def finish(figure: Any, filepath: str | Path | None) -> Any:
    """Show a figure, or save and close it where a path is given.

    Returns
    -------
    matplotlib.figure.Figure or None
        None in a notebook: what a cell returns is shown, and this has been shown already.
    """
    pyplot = _pyplot()
    figure.tight_layout()
    if filepath is not None:
        figure.savefig(filepath)
        pyplot.close(figure)
    else:
        with warnings.catch_warnings():
            # Without a screen there is nothing to show, and nothing to warn of.
            warnings.filterwarnings("ignore", ".*non-interactive.*")
            pyplot.show()
    return figure if running_cell() is None else None


def spines_origin(ax: Any) -> None:
    """Draw a grid, and the axes through the origin instead of around the plot."""
    ax.grid(True)
    for side, other in (("left", "right"), ("bottom", "top")):
        ax.spines[side].set_position("zero")
        ax.spines[other].set_color("none")


def _pyplot() -> Any:
    try:
        return importlib.import_module("matplotlib.pyplot")
    except ImportError as error:
        raise ImportError("Plots need matplotlib: pip install 'edunn-serving[plot]'") from error
