"""Files of data sets as people have them: tables of spreadsheets, and archives of NumPy."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edunn_client._dataset_files import read_file
from edunn_client._tensors import sendable

READ: dict[str, tuple[bytes, str | None, list[list[float]], list[Any]]] = {
    "plain": (b"a,b,y\n1,2,0\n3,4,1\n", None, [[1, 2], [3, 4]], [0, 1]),
    "another target": (b"a,b,y\n1,2,0\n3,4,1\n", "a", [[2, 0], [4, 1]], [1, 3]),
    "a mark of UTF-8 first": ("\ufeffa,b\n1,2\n".encode(), "a", [[2]], [1]),
    "lines of Windows": (b"a,b\r\n1,2\r\n\r\n3,4\r\n", None, [[1], [3]], [2, 4]),
    "quotes": (b'"a, one","b"\n"1","2"\n', "a, one", [[2]], [1]),
    "spaces": (b" a, b \n 1, 2\n", "b", [[1]], [2]),
    "a name with a hash": (b"#a,b\n1,2\n", None, [[1]], [2]),
    "numbers to predict": (b"a,b\n1,0.5\n2,3\n", None, [[1], [2]], [[0.5], [3]]),
    "too large for labels": (b"a,b\n1,1e300\n2,3\n", None, [[1], [2]], [[1e300], [3]]),
}


@pytest.mark.parametrize("name", READ)
def test_a_table_is_read_as_it_was_meant(name: str, tmp_path: Path) -> None:
    data, target, x, y = READ[name]
    path = tmp_path / "table.CSV"
    path.write_bytes(data)
    read_x, read_y = read_file(path, target)
    np.testing.assert_array_equal(read_x, np.array(x, np.float64), strict=True)
    expected = np.array(y, np.int64 if isinstance(y[0], int) else np.float64)
    np.testing.assert_array_equal(read_y, expected, strict=True)


# The data, the target, and a part of the error.
REFUSED: dict[str, tuple[bytes, str | None, str]] = {
    "no names": (b"1,2\n3,4\n", None, "a row of names first, got '1, 2'"),
    "nothing": (b"", None, "a row of names first"),
    "names alone": (b"a,b\n", None, "no samples"),
    "one column": (b"y\n1\n", None, "a column besides"),
    "semicolons": (b"a;b\n1;2\n", None, "with commas between"),
    "an empty cell": (
        b"a,b\n1,2\n3,\n",
        None,
        "sample 2, column 'b': expected a finite number, got ''",
    ),
    "a word": (b"a,b\ncat,2\n", None, "sample 1, column 'a': expected a finite number, got 'cat'"),
    "NaN": (
        b"a,b\n1,2\nnan,2\n",
        None,
        "sample 2, column 'a': expected a finite number, got 'nan'",
    ),
    "a short row": (b"a,b,c\n1,2,3\n1,2\n", None, "sample 2: expected 3 values"),
    "long rows": (b"a,b\n1,2,3\n1,2,3\n", None, "sample 1: expected 2 values"),
    "another encoding": ("é,b\n1,2\n".encode("latin-1"), None, "is not in UTF-8"),
    "one name twice": (b"a,a,b\n1,2,3\n", "a", "several columns 'a'"),
    "an unknown target": (b"c,b\n1,2\n", "a", "no column 'a', it has: c, b"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_with_a_table_is_said_with_its_place(name: str, tmp_path: Path) -> None:
    data, target, text = REFUSED[name]
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    with pytest.raises(ValueError) as caught:
        read_file(path, target)
    assert text in str(caught.value)


def test_an_error_shows_the_beginning_of_many_names(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    for row in ("1," * 10_000 + "0\n", "a" * 10_000, "a," * 10_000 + "b\n1"):
        path.write_text(row)
        with pytest.raises(ValueError) as caught:
            read_file(path, "none")
        assert len(str(caught.value)) < 500 + len(str(path))


def test_whole_numbers_of_an_archive_get_a_type_that_tensors_have(tmp_path: Path) -> None:
    path = tmp_path / "images.npz"
    images = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    np.savez(path, x=images, y=np.array([3, 4], np.uint8))
    x, y = read_file(path)
    np.testing.assert_array_equal(x, images.astype(np.float64), strict=True)
    np.testing.assert_array_equal(y, np.array([3, 4], np.int64), strict=True)


def test_what_is_no_archive_with_x_and_y_is_refused(tmp_path: Path) -> None:
    x, y = np.ones((2, 2)), np.zeros(2, np.int64)
    whole = tmp_path / "whole.npz"
    np.savez(whole, x=x, y=y)
    cut = tmp_path / "cut.npz"
    cut.write_bytes(whole.read_bytes()[:200])
    single = tmp_path / "single.npz"
    with single.open("wb") as file:
        np.save(file, x)
    for path in (cut, single):
        with pytest.raises(ValueError, match=r"is no \.npz file"):
            read_file(path)
    without = tmp_path / "without.npz"
    np.savez(without, x_train=x, y=y)
    with pytest.raises(ValueError, match="no array 'x', only: x_train, y"):
        read_file(without)
    objects = tmp_path / "objects.npz"
    np.savez(objects, x=np.array([1, "a"], object), y=y)
    with pytest.raises(ValueError, match="no readable array 'x'"):
        read_file(objects)
    damaged = tmp_path / "damaged.npz"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }\n"
    for shape, compression in ((3, zipfile.ZIP_STORED), (10**14, zipfile.ZIP_DEFLATED)):
        part = header % shape
        parts = [b"", b"no array", b"\x93NUMPY\x01\x00" + len(part).to_bytes(2, "little") + part]
        for each in parts:
            with zipfile.ZipFile(damaged, "w", compression) as archive:
                archive.writestr("x.npy", each)
                archive.writestr("y.npy", each)
            with pytest.raises(ValueError, match="no readable array 'x'"):
                read_file(damaged)
    np.savez_compressed(damaged, x=np.arange(10_000.0), y=y)
    data = bytearray(damaged.read_bytes())
    data[200:300] = bytes(100)
    damaged.write_bytes(data)
    with pytest.raises(ValueError, match="no readable array 'x'"):
        read_file(damaged)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none.npz")
    with pytest.raises(ValueError, match="neither"):
        read_file(tmp_path / "table.txt")


def test_what_is_under_a_mask_is_not_sent() -> None:
    masked = np.ma.masked_array([1.0, 2.0], mask=[True, False])
    with pytest.raises(TypeError, match="masked"):
        sendable(masked)
    unmasked: np.ndarray = np.ma.masked_array([1.0, 2.0], mask=False)
    np.testing.assert_array_equal(sendable(unmasked), [1.0, 2.0])
