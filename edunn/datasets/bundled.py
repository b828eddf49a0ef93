"""Data sets that scikit-learn brings with it."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from edunn.datasets.sources import Table


def scikit_learn_datasets() -> Any:
    """Return scikit-learn's module of data sets.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """
    # Imported here: the library itself needs NumPy alone.
    try:
        return importlib.import_module("sklearn.datasets")
    except ImportError as error:
        raise ImportError(
            "The data sets come with scikit-learn: pip install 'edunn-serving[datasets]'"
        ) from error


def read(function: str) -> Table:
    """Return the table that a function of scikit-learn reads."""
    bunch: Any = getattr(scikit_learn_datasets(), function)()
    rows = np.column_stack([bunch.data, bunch.target]).astype(np.float64)
    return rows, (*map(str, bunch.feature_names), "target")
