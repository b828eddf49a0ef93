"""The regressions by function: `regression.boston()` is `load_regression("boston")`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edunn.datasets import files
from edunn.datasets.loading import load_regression
from edunn.datasets.sources import REGRESSION

Regression = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

#: The function of each data set, by its name.
loaders: dict[str, Callable[[], Regression]] = {
    name: partial(load_regression, name) for name in REGRESSION
}
study1d, study2d, boston = (loaders[name] for name in ("study1d", "study2d", "boston"))
wine_red, wine_white = loaders["wine_red"], loaders["wine_white"]
insurance, real_state = loaders["insurance"], loaders["real_state"]


__getattr__ = files.paths(__name__, basepath="", regression_basepath="regression_data")


def houses() -> Regression:
    """Read ``houses.csv`` from the folder of data sets; nobody brings it or offers it."""
    return load_regression_dataset("houses.csv")


def load_regression_dataset(filename: str | Path, output_values: int = 1) -> Regression:
    """Read a table from the folder of data sets, the numbers to predict in its last columns.

    Parameters
    ----------
    filename : str or Path
        From the folder of data sets, or a whole path.
    output_values : int
        How many numbers are to be predicted.
    """
    rows, _ = files.read(files.folder() / filename)
    return rows[:, :-output_values], rows[:, -output_values:]
