"""Contexts as bytes for Redis: a layer's cache, with booleans packed to bits."""

from __future__ import annotations

import math
import re

import numpy as np

from edunn.caches import Cache, CacheValue
from edunn_serving.internal.v1.state_pb2 import (
    BackwardCharge,
    CachedValue,
    Context,
    PackedBits,
    PlainArray,
)
from edunn_serving.v1.layer_pb2 import Phase
from worker.wire import LARGE_BYTES, ArrayMessage, Piece, bytes_of, nested

# The dtypes of numbers, as NumPy writes them.
STORED_DTYPE = re.compile("[<>|][biu][1248]|[<>]f[248]")


def encode_context(
    cache: Cache,
    *,
    parameters_version: int,
    buffers_version: int,
    phase: Phase,
    request_digest: bytes,
    output_shape: tuple[int, ...],
    backward: bytes,
) -> bytes:
    """Return a layer's cache and the forward that it belongs to as bytes.

    `backward` is the backward's charge, encoded by `encode_charge`.
    """
    context = Context(phase=phase, output_shape=output_shape)
    # Filled within the context. A message that is made elsewhere would be copied.
    header = context.header
    header.SetInParent()
    header.parameters_version = parameters_version
    header.buffers_version = buffers_version
    header.request_digest = request_digest
    message = ArrayMessage(context)
    for name, value in cache.items():
        if isinstance(value, np.ndarray) and value.nbytes >= LARGE_BYTES:
            message.add_entry("cache", name, _large_value(value))
        else:
            _fill(context.cache[name], value)
    message.add_encoded(backward)
    return message.SerializeToString()


def encode_charge(backward: BackwardCharge) -> bytes:
    """Return a backward's charge as an encoded part of a context."""
    return Context(backward=backward).SerializeToString()


def is_evicted(context: Context) -> bool:
    """Tell whether only the header of a context is left."""
    return not context.phase


def decode_cache(context: Context) -> Cache:
    """Return the cache that `encode_context` was given.

    Raises
    ------
    ValueError
        It is not one that `encode_context` has made.
    """
    return {name: _decode_value(entry) for name, entry in context.cache.items()}


def _fill(entry: CachedValue, value: CacheValue) -> None:
    if isinstance(value, np.ndarray):
        if value.dtype == np.bool_:
            entry.bits.shape.extend(value.shape)
            entry.bits.data = np.packbits(value, bitorder="little").tobytes()
        else:
            entry.array.dtype = value.dtype.str
            entry.array.shape.extend(value.shape)
            entry.array.data = value.tobytes()
    elif isinstance(value, bool):
        entry.boolean = value
    elif isinstance(value, int):
        entry.integer = value
    elif isinstance(value, float):
        entry.real = value
    else:
        raise TypeError(f"a layer's cache holds a {type(value).__name__}, which cannot be stored")


def _large_value(array: np.ndarray) -> list[Piece]:
    """Return the encoding of a large array as a CachedValue."""
    if array.dtype == np.bool_:
        head = PackedBits(shape=array.shape).SerializeToString()
        data = nested(PackedBits.DATA_FIELD_NUMBER, [np.packbits(array, bitorder="little").data])
        return nested(CachedValue.BITS_FIELD_NUMBER, [head, *data])
    head = PlainArray(dtype=array.dtype.str, shape=array.shape).SerializeToString()
    data = nested(PlainArray.DATA_FIELD_NUMBER, [bytes_of(array)])
    return nested(CachedValue.ARRAY_FIELD_NUMBER, [head, *data])


def _decode_value(entry: CachedValue) -> CacheValue:
    kind = entry.WhichOneof("value")
    if kind == "bits":
        shape = tuple(entry.bits.shape)
        packed = np.frombuffer(entry.bits.data, np.uint8)
        count = math.prod(shape)
        if min(shape, default=0) < 0 or -(-count // 8) != len(packed):
            raise ValueError(f"{len(packed)} bytes of bits do not have the shape {shape}")
        return np.unpackbits(packed, count=count, bitorder="little").view(np.bool_).reshape(shape)
    if kind == "array":
        array = entry.array
        return np.frombuffer(array.data, _dtype(array.dtype)).reshape(tuple(array.shape))
    if kind is None:
        raise ValueError("a stored cache entry has no value")
    value: float | int | bool = getattr(entry, kind)
    return value


def _dtype(text: str) -> np.dtype:
    """Return a stored dtype. NumPy would read other texts as descriptions of records."""
    if not STORED_DTYPE.fullmatch(text):
        raise ValueError(f"a stored array has the dtype {text!r}")
    try:
        return np.dtype(text)
    except TypeError as error:
        # The pattern lets sizes through that no dtype has.
        raise ValueError(f"a stored array has the dtype {text!r}") from error
