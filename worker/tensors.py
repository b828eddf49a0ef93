"""Converts tensors of the wire to NumPy arrays and back."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from google.protobuf.internal.containers import MessageMap

from edunn_serving.errors import invalid_argument
from edunn_serving.v1 import tensor_pb2
from edunn_serving.v1.tensor_pb2 import DataType, Tensor

TYPE_OF_DTYPE = {
    np.dtype(np.bool_): tensor_pb2.DATA_TYPE_BOOL,
    np.dtype("<i4"): tensor_pb2.DATA_TYPE_INT32,
    np.dtype("<i8"): tensor_pb2.DATA_TYPE_INT64,
    np.dtype("<f2"): tensor_pb2.DATA_TYPE_FLOAT16,
    np.dtype("<f4"): tensor_pb2.DATA_TYPE_FLOAT32,
    np.dtype("<f8"): tensor_pb2.DATA_TYPE_FLOAT64,
}
DTYPE_OF_TYPE = {data_type: dtype for dtype, data_type in TYPE_OF_DTYPE.items()}

MAX_AXES = 32
# More than any machine can address, and less than NumPy can count in the widest dtype. An empty
# tensor needs the limit too: no array can have the shape [0, 2**62].
MAX_ELEMENTS = 2**48


def decode_tensor(tensor: Tensor, field: str) -> np.ndarray:
    """Return a tensor's elements as a read-only array over the message's bytes.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT with the part of `field` that is malformed.
    """
    dtype = DTYPE_OF_TYPE.get(tensor.data_type)
    if dtype is None:
        raise invalid_argument(
            f"{field}.data_type", f"expected one of {_type_names()}, got {tensor.data_type}"
        )
    shape = tuple(tensor.shape)
    if len(shape) > MAX_AXES:
        raise invalid_argument(
            f"{field}.shape", f"expected at most {MAX_AXES} axes, got {len(shape)}"
        )
    if shape and min(shape) < 0:
        raise invalid_argument(
            f"{field}.shape", f"expected no negative size, got {_shape_text(shape)}"
        )
    data = tensor.data
    count = math.prod(shape)
    expected = count * dtype.itemsize
    if len(data) != expected:
        raise invalid_argument(
            f"{field}.data",
            f"expected {expected} bytes for shape {_shape_text(shape)} of "
            f"{DataType.Name(tensor.data_type)}, got {len(data)}",
        )
    if count == 0 and math.prod(filter(None, shape)) > MAX_ELEMENTS:
        raise invalid_argument(
            f"{field}.shape",
            f"expected sizes that, but for the zeros, multiply to at most {MAX_ELEMENTS}, "
            f"got {_shape_text(shape)}",
        )
    if dtype.kind == "b" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
        raise invalid_argument(f"{field}.data", "expected bytes 0 and 1 for DATA_TYPE_BOOL")
    return np.frombuffer(data, dtype).reshape(shape)


def encode_tensor(array: np.ndarray) -> Tensor:
    """Return an array as a tensor, in C order and little-endian."""
    tensor = Tensor()
    fill_tensor(tensor, array)
    return tensor


def fill_tensor(tensor: Tensor, array: np.ndarray) -> None:
    """Fill an empty tensor with an array.

    A tensor within a response is filled in place, because one that is made elsewhere is copied.
    """
    data_type = TYPE_OF_DTYPE.get(array.dtype)
    if data_type is None:
        # The array is of a big-endian machine.
        array = array.astype(array.dtype.newbyteorder("<"))
        data_type = TYPE_OF_DTYPE[array.dtype]
    tensor.data_type = data_type
    tensor.shape.extend(array.shape)
    tensor.data = array.tobytes()


def type_of(dtype: np.dtype) -> DataType:
    """Return the type of an array's elements on the wire."""
    # A big-endian machine's native dtype becomes the little-endian one of the table.
    return TYPE_OF_DTYPE[dtype.newbyteorder("<")]


def decode_tensors(tensors: MessageMap[str, Tensor], field: str) -> dict[str, np.ndarray]:
    """Return the arrays of a map of tensors, by name."""
    return {name: decode_tensor(tensor, f"{field}[{name}]") for name, tensor in tensors.items()}


def fill_tensors(tensors: MessageMap[str, Tensor], arrays: Mapping[str, np.ndarray]) -> None:
    """Put arrays into an empty map of tensors, by name."""
    for name, array in arrays.items():
        fill_tensor(tensors[name], array)


def _type_names() -> str:
    return ", ".join(DataType.Name(data_type) for data_type in DTYPE_OF_TYPE)


def _shape_text(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"
