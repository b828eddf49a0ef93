"""Data sets as files: where they lie, and how they are read and written."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edunn.datasets.sources import Source, Table


def folder() -> Path:
    """Return where data sets are looked for and kept.

    That is the folder that the environment variable ``EDUNN_DATASETS`` names, or else ``edunn``
    in the user's cache.
    """
    chosen = os.environ.get("EDUNN_DATASETS")
    if chosen:
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "edunn"


def paths(module: str, **inside: str) -> Callable[[str], Path]:
    """Return a module's ``__getattr__`` for paths inside the folder, where it is by then."""

    def path(name: str) -> Path:
        if name in inside:
            return folder() / inside[name]
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return path


def find(source: Source) -> Path | None:
    """Return the file of a data set, if there is one.

    It is ``<name>.csv``, or where the course's own library keeps it: the folder may be that
    library's folder of data sets.
    """
    beside = Path(f"{source.kind}_data") / f"{source.file or source.name}.csv"
    candidates = (folder() / f"{source.name}.csv", folder() / beside)
    return next((path for path in candidates if path.is_file()), None)


def read(path: Path) -> Table:
    """Read a table: a row of names, then rows of numbers, separated by commas.

    Raises
    ------
    FileNotFoundError
        If it is not there. The message says what to put there.
    ValueError
        If it is not such a file. The message names the file.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no data set at {path}: put it there, a header row and then rows of numbers "
            "with the target in the last column, or name the folder that has it in EDUNN_DATASETS."
        )
    with warnings.catch_warnings():
        # NumPy warns of a file without rows, which is refused below.
        warnings.simplefilter("ignore")
        header, *lines = read_text(path).splitlines() or [""]
        names = tuple(name.strip().strip('"') for name in header.split(","))
        try:
            rows = np.loadtxt(lines, delimiter=",", ndmin=2, quotechar='"')
        except ValueError as error:
            raise ValueError(
                f"{path} is no table of numbers under a header row: {error}"
            ) from error
    if _are_values(names):
        raise ValueError(
            f"{path} has numbers in its first row, which should be a header row of names."
        )
    if rows.size == 0 or rows.shape[1] < 2:
        raise ValueError(f"{path} has no rows of at least one feature and a target.")
    if len(names) != rows.shape[1]:
        # A title rather than names: what counts are the numbers.
        names = tuple(f"column {i}" for i in range(1, rows.shape[1] + 1))
    return rows, names


def read_text(path: Path) -> str:
    """Read a text file.

    Raises
    ------
    ValueError
        If it is not in UTF-8. The message names the file.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8, as it should be: {error}.") from error


def labels_of(path: Path | str, column: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return a column of labels as integers.

    Raises
    ------
    ValueError
        If one is no whole number. The message names the file.
    """
    # NaN is no whole number either.
    wrong = column[~(column % 1 == 0)]
    if wrong.size:
        raise ValueError(f"{path} has a label that is no whole number: {wrong[0]:g}.")
    return column.astype(np.int64)


def _are_values(names: tuple[str, ...]) -> bool:
    """Tell whether a row has numbers where there should be names, which columns' numbers may be."""
    try:
        values = [float(name) for name in names]
    except ValueError:
        return False
    return values not in (list(range(len(values))), list(range(1, len(values) + 1)))


def write(source: Source, table: Table) -> Path:
    """Keep a table as the file of a data set, whole or not at all, and return its path."""
    rows, names = table
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"{source.name}.csv"
    # Written beside it and then renamed: nobody finds half a file under the name.
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        np.savetxt(part, rows, "%.17g", ",", header=",".join(names), comments="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
