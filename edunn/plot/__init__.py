"""Plots, with matplotlib as an optional extra. Importing this does not import it."""

from edunn.plot.figures import spines_origin
from edunn.plot.models import (
    plot_activation_function,
    plot_activation_functions,
    plot_model_dataset_1d,
    plot_model_dataset_1d_classification,
    plot_model_dataset_2d_classification,
)
from edunn.plot.training import plot_confusion, plot_history, regression1d_predictions

__all__ = [
    "plot_activation_function",
    "plot_activation_functions",
    "plot_confusion",
    "plot_history",
    "plot_model_dataset_1d",
    "plot_model_dataset_1d_classification",
    "plot_model_dataset_2d_classification",
    "regression1d_predictions",
    "spines_origin",
]
