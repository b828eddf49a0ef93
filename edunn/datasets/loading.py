"""Data sets by name, from the first place that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edunn.arrays import Array
from edunn.datasets import bundled, download, files, text
from edunn.datasets.sources import CLASSIFICATION, REGRESSION, Kind, Source, Table
from edunn.errors import LayerError
from edunn.fields import near, shown
from edunn.utils.labels import labels2onehot

#: How many words the texts keep.
TEXTS = {"reddit_comments": 8000}


@dataclass(frozen=True)
class Dataset:
    """A data set in memory.

    Attributes
    ----------
    x : ndarray of float64, shape (samples, features)
    y : ndarray
        Labels of int64, shape (samples,), or numbers of float64, shape (samples, targets).
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


def get_classification_names() -> list[str]:
    """Return the names that `load_classification` knows."""
    return list(CLASSIFICATION)


def get_regression_names() -> list[str]:
    """Return the names that `load_regression` knows."""
    return list(REGRESSION)


def get_sequence_generation_names() -> list[str]:
    """Return the names that `load_sequence_generation` knows."""
    return list(TEXTS)


def load(
    dataset_name: str, loaders: Mapping[str, Callable[[], Any]] | None = None, title: str = ""
) -> Any:
    """Read a data set of any kind as a `Dataset`, or by one of the functions given.

    Parameters
    ----------
    dataset_name : str
        A name that is both a classification and a regression is read as the former.
    loaders : mapping of str to function, optional
        Functions that read data sets, such as `classification.loaders`.
    title : str
        What the functions are for, for the error.

    Raises
    ------
    LayerError
        If there is none of that name.
    FileNotFoundError
        If it is not on this machine and cannot be downloaded. The message says where to put it.
    ImportError
        If scikit-learn is needed and not installed.
    """
    if loaders is not None:
        return loaders[
            _known(dataset_name, loaders, f"a data set for {title}: " if title else "")
        ]()
    return _read(
        {**REGRESSION, **CLASSIFICATION}[_known(dataset_name, [*CLASSIFICATION, *REGRESSION])]
    )


def load_classification(
    dataset_name: str, onehot: bool = False
) -> tuple[npt.NDArray[np.float64], Array, list[str]]:
    """Return the inputs, the labels and the names of the classes of a data set.

    With `onehot`, a row per sample instead of a label. Errors are those of `load`.
    """
    data = _read(_of_kind(dataset_name, CLASSIFICATION, REGRESSION, "classification"))
    y = labels2onehot(data.y, len(data.classes)) if onehot else data.y
    return data.x, y, list(data.classes)


def load_regression(dataset_name: str) -> tuple[npt.NDArray[np.float64], Array]:
    """Return the inputs, and the numbers to predict, shape (samples, targets), of a data set.

    Errors are those of `load`.
    """
    data = _read(_of_kind(dataset_name, REGRESSION, CLASSIFICATION, "regression"))
    return data.x, data.y


def load_sequence_generation(dataset_name: str) -> text.Sequences:
    """Return the sentences of a text, and the words that their numbers stand for.

    The text is ``<name>.txt``, a comment a line, in the folder of data sets.

    Returns
    -------
    x, y : ndarray of objects, shape (sentences,)
        Lists of integers: all words but the last, and all but the first.
    word_to_index : dict of str to int
    index_to_word : ndarray of str

    Raises
    ------
    LayerError
        If there is none of that name.
    FileNotFoundError
        If it is not on this machine. The message says where to put it.
    """
    name = _known(dataset_name, TEXTS)
    places = (files.folder() / f"{name}.txt", files.folder() / "sequence_data" / f"{name}.csv")
    path = next((path for path in places if path.is_file()), None)
    if path is None:
        raise FileNotFoundError(
            f"The text {name} is not on this machine: put it, a comment a line, at {places[0]}, "
            "or name the folder that has it in EDUNN_DATASETS."
        )
    return text.read(path, TEXTS[name])


def _read(source: Source) -> Dataset:
    rows, names = _table(source)
    # A file of somebody's own may have other features.
    features = rows.shape[1] - source.targets
    if features < 1:
        raise ValueError(
            f"{source.name} should have {source.layout}, but has {rows.shape[1]} columns."
        )
    x = rows[:, :features].copy()
    y: Array = rows[:, features:].copy()
    if source.kind == "classification":
        y = files.labels_of(source.name, y[:, 0])
    return Dataset(source.name, source.kind, x, y, source.classes, names[:features])


def _table(source: Source) -> Table:
    path = files.find(source)
    if path is not None:
        return files.read(path)
    if source.scikit_learn:
        return bundled.read(source.scikit_learn)
    if source.made_up is not None:
        return source.made_up()
    reason = "nobody offers it for download"
    if source.openml is not None:
        try:
            table = download.fetch(source, source.openml)
        except (OSError, ValueError) as error:
            reason = f"openml.org did not give it ({error})"
        else:
            files.write(source, table)
            return table
    raise FileNotFoundError(
        f"The data set {source.name} is not on this machine, and {reason}: put it at "
        f"{files.folder() / source.name}.csv ({source.layout}), or name the folder that has it in "
        "EDUNN_DATASETS."
    )


def _known(name: str, names: Iterable[str], what: str = "") -> str:
    """Return a name that is one of several, or say which there are."""
    known = list(dict.fromkeys(names))
    if isinstance(name, str) and name in known:
        return name
    hint = near(name, known) if isinstance(name, str) else ""
    raise LayerError(
        layer="datasets",
        argument="dataset_name",
        expected=f"{what}one of {', '.join(known)}",
        got=shown(name) + hint,
    )


def _of_kind(
    name: str, sources: Mapping[str, Source], others: Mapping[str, Source], kind: Kind
) -> Source:
    if name in others and name not in sources:
        raise LayerError(
            layer="datasets",
            argument="dataset_name",
            expected=f"a {kind}: {', '.join(sources)}",
            got=f"{name}, a {others[name].kind}",
        )
    return sources[_known(name, sources)]
