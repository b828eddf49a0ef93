"""The arrays of `get_parameters`: writes into them are noticed, and cost little to look for."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from edunn_client._live_arrays import LiveArrays
from edunn_client._tensors import Array

# One whose every forward compares it, and one that is too large for that.
SIZES = (10, 300)


def handed_out(size: int) -> tuple[LiveArrays, Array]:
    arrays = LiveArrays()
    return arrays, arrays.hand_out({"w": np.ones((size, size))})["w"]


def subtract_in_place(w: Array) -> None:
    kept = w
    w -= 0.5
    assert w is kept


def write_minus_zero(w: Array) -> None:
    w.fill(0.0)
    w[0, 0] = -0.0


def written(w: Array) -> Any:
    """Return an iterator that writes past the array's class."""
    return np.nditer(w, op_flags=("readwrite",))


WRITES: dict[str, Callable[[Array], object]] = {
    "all": lambda w: w.__setitem__(slice(None), 2.0),
    "an element": lambda w: w.__setitem__((0, 1), 2.0),
    "by a mask": lambda w: w.__setitem__(w > 0, 2.0),
    "in place": subtract_in_place,
    "a view": lambda w: w[0].__setitem__(3, 7.0),
    "a view of a transposed view": lambda w: w.T[1:3].fill(9.0),
    "a reshaped view": lambda w: w.reshape(-1).__setitem__(3, 7.0),
    "copyto": lambda w: np.copyto(w, np.zeros_like(w)),
    "copyto by keyword": lambda w: np.copyto(dst=w, src=np.zeros_like(w)),
    "out of a ufunc": lambda w: np.subtract(w, 1.0, out=w),
    "out of a function": lambda w: np.clip(w, 2.0, 3.0, out=w),
    "out of a product": lambda w: np.dot(np.eye(len(w)) * 2, np.eye(len(w)), out=w),
    "ufunc.at": lambda w: np.add.at(w, (0, 0), 3.0),
    "put": lambda w: np.put(w, [1], [13.0]),
    "the method put": lambda w: w.put([1], [13.0]),
    "the diagonal": lambda w: np.fill_diagonal(w, 44.0),
    "fill": lambda w: w.fill(3.0),
    "flat": lambda w: w.flat.__setitem__(5, 11.0),
    "all of flat": lambda w: setattr(w, "flat", 11.0),
    "NaN": lambda w: w.__setitem__((0, 0), np.nan),
    "the sign of a zero": write_minus_zero,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("how", WRITES)
def test_a_write_is_noticed_once(size: int, how: str) -> None:
    arrays, w = handed_out(size)
    assert not arrays.changed()
    WRITES[how](w)
    changed = arrays.changed()
    assert np.array_equal(changed["w"], w, equal_nan=True)
    arrays.note_sent(changed)
    assert not arrays.changed()


def test_equal_values_are_no_change() -> None:
    for size in SIZES:
        arrays, w = handed_out(size)
        w[:] = 1.0
        assert not arrays.changed()


def test_what_is_written_while_it_is_sent_is_sent_the_next_time() -> None:
    arrays, w = handed_out(300)
    w[:] = 2.0
    sent = arrays.changed()
    w[0, 0] = 3.0
    arrays.note_sent(sent)
    assert arrays.changed()["w"][0, 0] == 3.0


def test_a_small_array_takes_every_write() -> None:
    arrays, w = handed_out(10)
    for element in written(w):
        element[...] = 5.0
    assert arrays.changed()["w"][0, 0] == 5.0
    arrays.note_sent(arrays.changed())
    np.asarray(w)[:] = 6.0
    assert arrays.changed()["w"][0, 0] == 6.0


def test_a_large_array_refuses_what_could_not_be_seen() -> None:
    arrays, w = handed_out(300)
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(w)[:] = 6.0
    with pytest.raises(ValueError, match=r"write|read-only"):
        written(w)
    for array in (w, w[0], np.asarray(w[0]), w[::-1]):
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True
    assert not arrays.changed()


def test_empty_and_reversed_arrays_are_arrays_too() -> None:
    arrays = LiveArrays()
    empty = arrays.hand_out({"e": np.zeros((0, 3)), "w": np.ones(20_000)})
    empty["e"][:] = 1.0
    empty["w"][::-2][0] = 5.0
    assert arrays.changed()["w"][-1] == 5.0


def test_what_an_iterator_writes_later_is_noticed_too() -> None:
    arrays, w = handed_out(300)
    row = w[0]
    iterator = row.flat
    assert not arrays.changed()
    iterator[3] = 9.0
    assert arrays.changed()["w"][0, 3] == 9.0
    arrays.note_sent(arrays.changed())
    iterator[4] = 9.0
    assert arrays.changed()["w"][0, 4] == 9.0


def test_threads_may_write_at_once() -> None:
    arrays, w = handed_out(300)

    def write(row: int) -> None:
        for _ in range(200):
            w[row] += 1.0

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert np.all(arrays.changed()["w"][:4] == 201.0)


def test_the_arrays_stay_the_same_whatever_dtype_is_set() -> None:
    for size in SIZES:
        arrays, w = handed_out(size)
        arrays.put({"w": np.full((size, size), 3, np.float32)})
        assert w[0, 0] == 3.0
        assert w.dtype == np.float64
        assert arrays.hand_out({"w": np.full((size, size), 4.0)})["w"] is w
        assert w[0, 0] == 4.0
        assert not arrays.changed()
        w[:] = 1.0
        assert list(arrays.changed()) == ["w"]


@pytest.mark.parametrize(
    "make",
    [
        lambda w: w * 2,
        lambda w: w @ w,
        lambda w: np.concatenate([w, w]),
        lambda w: w.copy(),
        lambda w: w.astype(np.float32),
        lambda w: np.array(w),
        copy.copy,
        copy.deepcopy,
        lambda w: pickle.loads(pickle.dumps(w)),  # noqa: S301 - our own bytes
    ],
)
def test_what_is_made_of_one_is_a_plain_array(make: Callable[[Array], Array]) -> None:
    made = make(handed_out(300)[1])
    assert type(made) is np.ndarray
    made[0, 0] = 5.0
    assert made[0, 0] == 5.0


def test_it_looks_like_any_array() -> None:
    assert repr(handed_out(10)[1][:1]) == repr(np.ones((1, 10)))
