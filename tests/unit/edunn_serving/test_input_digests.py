"""The inputs of challenges are known again, whatever is done to their form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edunn_serving.grades.digests import digests_of
from edunn_serving.v1 import tensor_pb2
from edunn_serving.v1.tensor_pb2 import Tensor

Change = Callable[[np.ndarray], np.ndarray]
_TYPES = {"float32": tensor_pb2.DATA_TYPE_FLOAT32, "float64": tensor_pb2.DATA_TYPE_FLOAT64}
x = np.random.default_rng(0).uniform(-2.0, 2.0, (7, 6))


def digests(array: np.ndarray) -> set[bytes]:
    data_type = _TYPES[str(array.dtype)]
    return set(digests_of(Tensor(data_type=data_type, shape=array.shape, data=array.tobytes())))


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.astype(np.float32),
        lambda x: -x,
        lambda x: 3.7 * x,
        lambda x: (x / 1000).astype(np.float32),
        lambda x: x.reshape(6, 7),
        lambda x: x.reshape(1, 7, 6),
        lambda x: x[2:3],
        lambda x: np.concatenate([np.ones((3, 6)), -x[4:5].astype(np.float32) / 3]),
    ],
)
def test_a_changed_input_has_a_digest_in_common(change: Change) -> None:
    assert digests(np.ascontiguousarray(change(x))) & digests(x)


def test_other_numbers_have_none_in_common() -> None:
    others = np.random.default_rng(1).uniform(-2.0, 2.0, (5000, 6))
    assert not digests(others) & digests(x)
    assert not digests(x + 0.1) & digests(x)


def test_what_may_be_anybody_s_has_no_digest() -> None:
    for numbers in (np.zeros((9, 9)), np.eye(9), np.arange(4.0), np.full((2, 6), np.nan)):
        assert not digests(numbers)


def test_a_tensor_that_lies_has_no_digest() -> None:
    for shape in ((7, 7), (-7, -6), (2**40, 2**40)):
        tensor = Tensor(data_type=tensor_pb2.DATA_TYPE_FLOAT64, shape=shape, data=x.tobytes())
        assert not list(digests_of(tensor))
