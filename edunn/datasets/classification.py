"""The classifications by function: `classification.iris()` is `load_classification("iris")`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edunn.datasets import files
from edunn.datasets.loading import load_classification
from edunn.datasets.sources import CLASSIFICATION

Classification = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], list[str]]

#: The function of each data set, by its name.
loaders: dict[str, Callable[[], Classification]] = {
    name: partial(load_classification, name) for name in CLASSIFICATION
}
mnist, iris = loaders["mnist"], loaders["iris"]
study1d, study2d, study2d_easy = (loaders[name] for name in ("study1d", "study2d", "study2d_easy"))


__getattr__ = files.paths(__name__, basepath="", classification_basepath="classification_data")


def load_classification_dataset(filename: str | Path, classes: Sequence[str]) -> Classification:
    """Read a table from the folder of data sets, labels in its last column.

    Parameters
    ----------
    filename : str or Path
        From the folder of data sets, or a whole path.
    classes : sequence of str
        What the labels mean.
    """
    rows, _ = files.read(files.folder() / filename)
    return rows[:, :-1], files.labels_of(filename, rows[:, -1]), list(classes)
