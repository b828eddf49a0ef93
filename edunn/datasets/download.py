"""Data sets from openml.org, by way of scikit-learn."""

from __future__ import annotations

import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edunn.datasets.bundled import scikit_learn_datasets
from edunn.datasets.sources import OpenML, Source, Table
from edunn.progress import ProgressBar

_STEPS = 2
_LOOK_SECONDS = 0.2


def fetch(source: Source, openml: OpenML) -> Table:
    """Download a data set, with a progress bar.

    Raises
    ------
    OSError
        If openml.org cannot be reached.
    ValueError
        If it has no such data set, or not the one that was expected.
    """
    datasets = scikit_learn_datasets()
    bar = ProgressBar(_STEPS)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            with _shown(bar, source.name, Path(temporary)), warnings.catch_warnings():
                # What scikit-learn warns of, a network that fails, is an error here.
                warnings.simplefilter("ignore")
                bunch: Any = datasets.fetch_openml(
                    openml.name,
                    version=openml.version,
                    as_frame=False,
                    parser="liac-arff",
                    data_home=temporary,
                    n_retries=1,
                    delay=_LOOK_SECONDS,
                )
            bar.advance(f"{source.name}: downloaded")
        table = _table(bunch, openml)
        if table[0].shape[1] != source.features + source.targets:
            raise ValueError(f"it has {table[0].shape[1]} columns there")
        bar.advance(f"{source.name}: {len(table[0])} rows")
    finally:
        bar.close()
    return table


def _table(bunch: Any, openml: OpenML) -> Table:
    x = np.asarray(bunch.data, dtype=np.float64)
    names = [str(name) for name in bunch.feature_names]
    for column, name in enumerate(names):
        if name in bunch.categories:
            x[:, column] = _numbers(x[:, column], bunch.categories[name])
    y = np.asarray(bunch.target, dtype=np.float64).reshape(len(x), -1)
    if openml.lowest is not None:
        y += openml.lowest - y.min()
    rows = np.hstack([x, y])[: openml.rows]
    return rows, (*names, *map(str, bunch.target_names or ["target"]))


def _numbers(places: npt.NDArray[np.float64], categories: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the numbers that categories stand for, where scikit-learn gives their places."""
    numbers = np.array(categories, dtype=np.float64)
    return np.take(numbers, places.astype(int))


@contextmanager
def _shown(bar: ProgressBar, name: str, cache: Path) -> Iterator[None]:
    """Show beside a bar how much has arrived in a folder."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_SECONDS):
            bar.show(f"{name}: {_size(cache) / 1e6:.1f} MB from openml.org")

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            # scikit-learn renames its files while they are looked at.
            continue
    return total
