"""Data sets by name.

Each is looked for in the folder that ``EDUNN_DATASETS`` names, then in scikit-learn, among those
made up here, and on openml.org. What has been downloaded is kept in the folder.
"""

from edunn.datasets import classification, regression, sequence_generation
from edunn.datasets.files import folder, paths
from edunn.datasets.loading import (
    Dataset,
    get_classification_names,
    get_regression_names,
    get_sequence_generation_names,
    load,
    load_classification,
    load_regression,
    load_sequence_generation,
)
from edunn.datasets.splitting import Split, shuffle_dataset, split

__getattr__ = paths(__name__, basepath="")

__all__ = [
    "Dataset",
    "Split",
    "classification",
    "folder",
    "get_classification_names",
    "get_regression_names",
    "get_sequence_generation_names",
    "load",
    "load_classification",
    "load_regression",
    "load_sequence_generation",
    "regression",
    "sequence_generation",
    "shuffle_dataset",
    "split",
]
