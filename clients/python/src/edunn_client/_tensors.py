"""NumPy arrays to and from the Tensor message, each in one bulk copy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edunn_client._errors import InternalError
from edunn_client._stubs import tensor_pb2

Array = NDArray[Any]

# Keyed by kind and item size, which do not depend on the byte order or on the platform's C types.
_CODES: dict[str, tensor_pb2.DataType] = {
    "b1": tensor_pb2.DATA_TYPE_BOOL,
    "i4": tensor_pb2.DATA_TYPE_INT32,
    "i8": tensor_pb2.DATA_TYPE_INT64,
    "f2": tensor_pb2.DATA_TYPE_FLOAT16,
    "f4": tensor_pb2.DATA_TYPE_FLOAT32,
    "f8": tensor_pb2.DATA_TYPE_FLOAT64,
}
_WIRE = {code: np.dtype("<" + name) for name, code in _CODES.items()}


def sendable(value: ArrayLike) -> Array:
    """Return `value` as an array that can be sent.

    Raises
    ------
    TypeError
        The dtype is none of bool, int32, int64, float16, float32 and float64. Nothing is cast: what
        the layer computes with is the caller's choice. Or some elements are masked: what is under
        the mask would be sent.
    """
    array = np.asarray(value)
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise TypeError("a tensor cannot have masked elements: fill them, or leave them out")
    if _kind(array) not in _CODES:
        raise TypeError(
            f"a tensor cannot have the dtype {array.dtype}: "
            "use bool, int32, int64, float16, float32 or float64"
        )
    return array


def encode_tensor(value: ArrayLike) -> tensor_pb2.Tensor:
    """Return `value` as a Tensor message; a TypeError says which dtypes cannot be sent."""
    tensor = tensor_pb2.Tensor()
    fill_tensor(tensor, value)
    return tensor


def fill_tensor(tensor: tensor_pb2.Tensor, value: ArrayLike) -> None:
    """Fill an empty Tensor within a request. One that is made elsewhere is copied once more."""
    array = sendable(value)
    tensor.data_type = _CODES[_kind(array)]
    tensor.shape.extend(array.shape)
    # tobytes() writes C order whatever the array's strides.
    tensor.data = on_the_wire(array).tobytes()


def on_the_wire(array: Array) -> Array:
    """Return a sendable array in the wire's byte order, copied only if it has the other one."""
    return array.astype(_WIRE[_CODES[_kind(array)]], copy=False)


def data_type_of(array: Array) -> tensor_pb2.DataType:
    """Return the type of a sendable array's elements on the wire."""
    return _CODES[_kind(array)]


def _kind(array: Array) -> str:
    return f"{array.dtype.kind}{array.dtype.itemsize}"


def decode_tensor(tensor: tensor_pb2.Tensor) -> Array:
    """Return the Tensor message as a new, writable array in the host's byte order."""
    wire = _WIRE.get(tensor.data_type)
    if wire is None:
        raise InternalError(f"the service sent a tensor of unknown data type {tensor.data_type}")
    shape = tuple(tensor.shape)
    data = tensor.data
    if len(data) != math.prod(shape) * wire.itemsize:
        raise InternalError(f"the service sent {len(data)} bytes for a {wire.name} tensor {shape}")
    # frombuffer() gives a read-only view of the message's bytes, hence the copy.
    return np.frombuffer(data, dtype=wire).reshape(shape).astype(wire.newbyteorder("="))


def encode_tensors(values: Mapping[str, ArrayLike]) -> dict[str, tensor_pb2.Tensor]:
    return {name: encode_tensor(value) for name, value in values.items()}


def decode_tensors(tensors: Mapping[str, tensor_pb2.Tensor]) -> dict[str, Array]:
    return {name: decode_tensor(tensor) for name, tensor in tensors.items()}
