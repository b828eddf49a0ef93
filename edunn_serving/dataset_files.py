"""Data sets as files: one safetensors file with the arrays `x` and `y`, and its digest."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING

from edunn_serving.v1 import tensor_pb2
from edunn_serving.v1.dataset_pb2 import ArraySpec

if TYPE_CHECKING:
    from hashlib import _Hash

# The names of safetensors, and the bytes of an element.
_FORMATS = {
    tensor_pb2.DATA_TYPE_BOOL: ("BOOL", 1),
    tensor_pb2.DATA_TYPE_INT32: ("I32", 4),
    tensor_pb2.DATA_TYPE_INT64: ("I64", 8),
    tensor_pb2.DATA_TYPE_FLOAT16: ("F16", 2),
    tensor_pb2.DATA_TYPE_FLOAT32: ("F32", 4),
    tensor_pb2.DATA_TYPE_FLOAT64: ("F64", 8),
}
# What the header is padded to, so that the elements of `x` begin where every type may begin.
_ALIGNMENT = 64


def array_bytes(spec: ArraySpec) -> int:
    """Return the bytes of an array's elements."""
    return math.prod(spec.shape) * _FORMATS[spec.data_type][1]


def file_header(x: ArraySpec, y: ArraySpec) -> bytes:
    """Return what precedes the elements of `x` and `y` in a file."""
    header: dict[str, object] = {}
    begin = 0
    for name, spec in (("x", x), ("y", y)):
        end = begin + array_bytes(spec)
        header[name] = {
            "dtype": _FORMATS[spec.data_type][0],
            "shape": list(spec.shape),
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def dataset_digest(x: ArraySpec, y: ArraySpec) -> _Hash:
    """Return the digest of a data set before its elements: see `Dataset.digest`."""
    digest = hashlib.sha256()
    for name, spec in (("x", x), ("y", y)):
        shape = ",".join(map(str, spec.shape))
        digest.update(f"{name} {spec.data_type} {shape}\n".encode())
    return digest
