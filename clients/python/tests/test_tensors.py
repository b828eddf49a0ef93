from __future__ import annotations

import numpy as np
import pytest
from edunn_client import InternalError
from edunn_client._stubs import tensor_pb2
from edunn_client._tensors import Array, decode_tensor, encode_tensor

DTYPES = ["bool", "int32", "int64", "float16", "float32", "float64"]
SHAPES: list[tuple[int, ...]] = [(), (0,), (3,), (2, 0, 4), (2, 3), (2, 3, 4, 5)]


def example(dtype: str, shape: tuple[int, ...]) -> Array:
    return (np.random.default_rng(1).normal(size=shape) * 10).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_come_back_equal(dtype: str, shape: tuple[int, ...]) -> None:
    array = example(dtype, shape)
    back = decode_tensor(encode_tensor(array))
    assert back.dtype == array.dtype
    assert back.shape == shape
    assert np.array_equal(back, array)


def test_bytes_are_little_endian_whatever_the_array() -> None:
    expected = bytes([1, 0, 0, 0, 2, 1, 0, 0])
    for dtype in ("<i4", ">i4"):
        tensor = encode_tensor(np.array([1, 258], dtype))
        assert tensor.data_type == tensor_pb2.DATA_TYPE_INT32
        assert tensor.data == expected


def test_big_endian_floats_are_swapped_and_come_back_native() -> None:
    array = np.array([1.5, -2.0], ">f8")
    back = decode_tensor(encode_tensor(array))
    assert back.dtype.isnative
    assert back.tolist() == [1.5, -2.0]


@pytest.mark.parametrize("view", ["transposed", "sliced", "reversed", "Fortran", "broadcast"])
def test_elements_are_in_c_order_whatever_the_strides(view: str) -> None:
    base = np.arange(24.0).reshape(4, 6)
    array = {
        "transposed": base.T,
        "sliced": base[::2, 1::3],
        "reversed": base[::-1, ::-1],
        "Fortran": np.asfortranarray(base),
        "broadcast": np.broadcast_to(base[0], (3, 6)),
    }[view]
    tensor = encode_tensor(array)
    assert list(tensor.shape) == list(array.shape)
    assert np.frombuffer(tensor.data, "<f8").tolist() == array.ravel(order="C").tolist()


def test_lists_and_numbers_are_arrays_too() -> None:
    assert decode_tensor(encode_tensor([[1.0, 2.0]])).tolist() == [[1.0, 2.0]]
    assert decode_tensor(encode_tensor(3.5)).shape == ()


def test_received_arrays_are_writable_and_own_their_data() -> None:
    tensor = encode_tensor(np.zeros(3))
    array = decode_tensor(tensor)
    array[:] = 1
    assert decode_tensor(tensor).tolist() == [0, 0, 0]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "uint64", "complex128", "U3", "datetime64[s]"])
def test_other_dtypes_are_refused_not_cast(dtype: str) -> None:
    with pytest.raises(TypeError, match="a tensor cannot have the dtype"):
        encode_tensor(np.zeros(2).astype(dtype))


def test_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="dtype object"):
        encode_tensor(np.array([None, 1.0]))


def test_a_malformed_answer_is_an_internal_error() -> None:
    short = tensor_pb2.Tensor(data_type=tensor_pb2.DATA_TYPE_FLOAT64, shape=[2], data=b"1234")
    with pytest.raises(InternalError, match="4 bytes"):
        decode_tensor(short)
    with pytest.raises(InternalError, match="unknown data type"):
        decode_tensor(tensor_pb2.Tensor(shape=[0]))
