"""Reads data sets from files: the arrays of a .npz, or a table of numbers in a .csv."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edunn_client._tensors import Array

SUFFIXES = (".npz", ".csv")
# Whole numbers up to this size are exact in float64, in which a table is read.
_LARGEST_LABEL = 2**53
# An error shows this many characters of names.
_SHOWN = 200


def is_dataset_file(path: Path) -> bool:
    """Tell by its name whether a file may have a data set."""
    return path.suffix.lower() in SUFFIXES


def read_file(path: Path, target: str | None = None) -> tuple[Array, Array]:
    """Return the x and y of a .npz file, or of a table of numbers in a .csv file.

    The whole numbers of an `x` become float64, because layers compute with floating-point numbers.

    Parameters
    ----------
    path : Path
        A .npz with the arrays `x` and `y`, or a .csv with a row of names first, in UTF-8.
    target : str, optional
        Of a table the column that is y; otherwise the last one. Whole numbers become labels.

    Raises
    ------
    ValueError
        The file has no data set. The text names the first sample and column at fault.
    OSError
        The file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix == ".npz":
        x, y = _read_arrays(path)
    elif suffix == ".csv":
        x, y = _read_table(path, target)
    else:
        raise ValueError(f"{path} is neither a .npz nor a .csv file")
    return (x.astype(np.float64) if x.dtype.kind in "iu" else x), _signed(y)


def _read_arrays(path: Path) -> tuple[Array, Array]:
    with path.open("rb") as file:
        is_archive = zipfile.is_zipfile(file)
    # NumPy takes any other file for a pickle or for a single array.
    if not is_archive:
        raise ValueError(f"{path} is no .npz file: numpy.savez(path, x=x, y=y) makes one")
    try:
        loaded = np.load(path, allow_pickle=False)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is a damaged .npz file: {error}") from error
    with loaded as arrays:
        missing = [name for name in ("x", "y") if name not in arrays.files]
        if missing:
            raise ValueError(f"{path} has no array {missing[0]!r}, only: {', '.join(arrays.files)}")
        return _array_of(path, arrays, "x"), _array_of(path, arrays, "y")


def _array_of(path: Path, arrays: Mapping[str, Array], name: str) -> Array:
    try:
        array = arrays[name]
    except OSError:
        raise
    except Exception as error:
        # NumPy and zipfile raise errors of many kinds over a damaged file, also where it asks for
        # more memory than there is.
        raise ValueError(f"{path} has no readable array {name!r}: {error}") from error
    # NumPy gives the bytes of a part that is no array.
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{path} has no readable array {name!r}: it is no .npy file")
    return array


def _signed(y: Array) -> Array:
    """Return unsigned and short whole numbers as the int64 that a data set may have."""
    return y.astype(np.int64) if y.dtype.kind in "iu" and y.dtype != np.int32 else y


def _read_table(path: Path, target: str | None) -> tuple[Array, Array]:
    try:
        # Spreadsheets begin a file with a mark that is no part of the first name.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not in UTF-8: {error}") from error
    first, _, rest = text.partition("\n")
    names = [name.strip() for name in next(csv.reader([first], skipinitialspace=True), [])]
    _check_names(path, names, target)
    numbers = _numbers(path, names, rest.splitlines())
    at = len(names) - 1 if target is None else names.index(target)
    y, x = numbers[:, at], np.delete(numbers, at, axis=1)
    if np.all((y == np.floor(y)) & (np.abs(y) <= _LARGEST_LABEL)):
        return x, y.astype(np.int64)
    return x, y.reshape(-1, 1)


def _check_names(path: Path, names: Sequence[str], target: str | None) -> None:
    if all(map(_is_number, names)):
        raise ValueError(f"{path} should have a row of names first, got {_beginning(names)!r}")
    if len(names) < 2:
        raise ValueError(
            f"{path} should have a column besides the one to predict, with commas between them; "
            f"its first row is {_beginning(names)!r}"
        )
    if target is not None and names.count(target) != 1:
        number = "several columns" if target in names else "no column"
        raise ValueError(f"{path} has {number} {target!r}, it has: {_beginning(names)}")


def _beginning(names: Sequence[str]) -> str:
    """Return names as an error shows them: a table may have many, and what is none long ones."""
    text = ", ".join(names)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _numbers(path: Path, names: Sequence[str], lines: Sequence[str]) -> Array:
    """Return the numbers of a table, a row for each sample."""
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise ValueError(f"{path} has no samples")
    try:
        numbers = np.loadtxt(lines, delimiter=",", ndmin=2, comments=None, quotechar='"')
    except ValueError as error:
        _refuse_row(path, names, lines)
        raise ValueError(f"{path} is no table of numbers: {error}") from error
    if numbers.shape[1] != len(names) or not np.isfinite(numbers).all():
        _refuse_row(path, names, lines)
    return numbers


def _refuse_row(path: Path, names: Sequence[str], lines: Sequence[str]) -> None:
    """Raise what is wrong with the first row that is not one finite number for each name."""
    for number, row in enumerate(csv.reader(lines, skipinitialspace=True), 1):
        if len(row) != len(names):
            raise ValueError(
                f"{path}, sample {number}: expected {len(names)} values, as many as there are "
                f"names, got {len(row)}"
            )
        for name, cell in zip(names, row, strict=True):
            if not (_is_number(cell) and np.isfinite(float(cell))):
                raise ValueError(
                    f"{path}, sample {number}, column {name!r}: expected a finite number, "
                    f"got {cell!r}"
                )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
