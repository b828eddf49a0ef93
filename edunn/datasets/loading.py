"""Small real data sets by name, from the copies that scikit-learn ships."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edunn.arrays import Array
from edunn.errors import LayerError
from edunn.fields import near, shown
from edunn.utils.batches import check_arrays
from edunn.utils.labels import labels2onehot

Kind = Literal["classification", "regression"]

#: Every data set by name: what it is for, and scikit-learn's function that reads it.
_LOADERS: dict[str, tuple[Kind, str]] = {
    "iris": ("classification", "load_iris"),
    "wine": ("classification", "load_wine"),
    "digits": ("classification", "load_digits"),
    "breast_cancer": ("classification", "load_breast_cancer"),
    "diabetes": ("regression", "load_diabetes"),
}


@dataclass(frozen=True)
class Dataset:
    """A data set in memory.

    Attributes
    ----------
    x : ndarray of float64, shape (samples, features)
    y : ndarray
        Labels of int64, shape (samples,), or numbers of float64, shape (samples, 1).
    classes : tuple of str
        What the labels mean; empty for a regression.
    features : tuple of str
    """

    name: str
    kind: Kind
    x: npt.NDArray[np.float64]
    y: Array
    classes: tuple[str, ...]
    features: tuple[str, ...]


@dataclass(frozen=True)
class Split:
    """Samples for training and for the test afterwards."""

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array


def get_classification_names() -> list[str]:
    """Return the names that `load_classification` knows."""
    return _names("classification")


def get_regression_names() -> list[str]:
    """Return the names that `load_regression` knows."""
    return _names("regression")


def load(name: str) -> Dataset:
    """Read a data set.

    Raises
    ------
    LayerError
        If there is none of that name.
    ImportError
        If scikit-learn is not installed.
    """
    if name not in _LOADERS:
        hint = near(name, _LOADERS) if isinstance(name, str) else ""
        raise LayerError(
            layer="datasets",
            argument="name",
            expected=f"one of {', '.join(_LOADERS)}",
            got=shown(name) + hint,
        )
    kind, function = _LOADERS[name]
    bunch: Any = getattr(_sklearn_datasets(), function)()
    x = np.array(bunch.data, dtype=np.float64)
    if kind == "regression":
        y: Array = np.array(bunch.target, dtype=np.float64).reshape(-1, 1)
        classes: tuple[str, ...] = ()
    else:
        y = np.array(bunch.target, dtype=np.int64)
        classes = tuple(str(target) for target in bunch.target_names)
    features = tuple(str(feature) for feature in bunch.feature_names)
    return Dataset(name, kind, x, y, classes, features)


def load_classification(
    name: str, onehot: bool = False
) -> tuple[npt.NDArray[np.float64], Array, tuple[str, ...]]:
    """Return the inputs, the labels and the names of the classes of a data set.

    With `onehot`, a row per sample instead of a label.
    """
    data = _of_kind(name, "classification")
    y = labels2onehot(data.y, len(data.classes)) if onehot else data.y
    return data.x, y, data.classes


def load_regression(name: str) -> tuple[npt.NDArray[np.float64], Array]:
    """Return the inputs, and the numbers to predict, shape (samples, 1), of a data set."""
    data = _of_kind(name, "regression")
    return data.x, data.y


def split(
    x: Array, y: Array, test_share: float = 0.2, rng: np.random.Generator | None = None
) -> Split:
    """Divide samples at random into training and test.

    Parameters
    ----------
    x, y : ndarray, with as many samples each, at least two
    test_share : float
        The share for the test, between 0 and 1. Each part gets at least one sample.
    rng : numpy.random.Generator, optional
        Where the order comes from. None is NumPy's global generator.

    Returns
    -------
    Split
        Copies.
    """
    samples = check_arrays("split", x, y)
    if not 0 < test_share < 1:
        raise LayerError(
            layer="split",
            argument="test_share",
            expected="a number with 0 < test_share < 1",
            got=shown(test_share),
        )
    if samples < 2:
        raise LayerError(
            layer="split", argument="x", expected="at least two samples", got=str(samples)
        )
    x, y = np.asarray(x), np.asarray(y)
    order = (np.random if rng is None else rng).permutation(samples)
    tests = min(max(1, round(samples * test_share)), samples - 1)
    test, train = order[:tests], order[tests:]
    return Split(x[train], y[train], x[test], y[test])


def shuffle_dataset(
    x: Array, y: Array, rng: np.random.Generator | None = None
) -> tuple[Array, Array]:
    """Return the samples in a new order, the same for both."""
    samples = check_arrays("shuffle_dataset", x, y)
    x, y = np.asarray(x), np.asarray(y)
    order = (np.random if rng is None else rng).permutation(samples)
    return x[order], y[order]


def _names(kind: Kind) -> list[str]:
    return [name for name, (its_kind, _) in _LOADERS.items() if its_kind == kind]


def _of_kind(name: str, kind: Kind) -> Dataset:
    data = load(name)
    if data.kind != kind:
        raise LayerError(
            layer="datasets",
            argument="name",
            expected=f"a {kind}: {', '.join(_names(kind))}",
            got=f"{name}, a {data.kind}",
        )
    return data


def _sklearn_datasets() -> Any:
    # Imported here: the library itself needs NumPy alone.
    try:
        return importlib.import_module("sklearn.datasets")
    except ImportError as error:
        raise ImportError(
            "The data sets come with scikit-learn: pip install 'edunn-serving[datasets]'"
        ) from error
