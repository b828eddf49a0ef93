"""Small real data sets, with scikit-learn as an optional extra."""

from edunn.datasets.loading import (
    Dataset,
    Split,
    get_classification_names,
    get_regression_names,
    load,
    load_classification,
    load_regression,
    shuffle_dataset,
    split,
)

__all__ = [
    "Dataset",
    "Split",
    "get_classification_names",
    "get_regression_names",
    "load",
    "load_classification",
    "load_regression",
    "shuffle_dataset",
    "split",
]
