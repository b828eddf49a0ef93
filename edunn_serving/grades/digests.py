"""Digests of the inputs of challenges, by which the service knows them again.

An input is known as a whole in any shape, and by each of its samples. Its dtype, its sign and its
scale make no difference: the digests are of the ratios to its largest number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from edunn_serving.grading.v1.challenge_pb2 import Attempt
from edunn_serving.v1 import tensor_pb2
from edunn_serving.v1.tensor_pb2 import Tensor

DIGEST_BYTES = 8
# What has fewer different numbers, such as zeros or a few labels, may well be anybody's.
LEAST_NUMBERS = 5
# Of one tensor. What is beyond is not looked at.
MOST_NUMBERS = 4 * 1024 * 1024
# The numbers of samples that are looked at together, which bounds the memory.
NUMBERS_AT_ONCE = 256 * 1024
# A part of the largest number. Rounding to float32 changes a ratio by a thousandth of it.
_STEP = 2.0**-12
_FLOATS = {
    tensor_pb2.DATA_TYPE_FLOAT16: "<f2",
    tensor_pb2.DATA_TYPE_FLOAT32: "<f4",
    tensor_pb2.DATA_TYPE_FLOAT64: "<f8",
}
_MULTIPLIER = 0x9E3779B97F4A7C15

Floats = npt.NDArray[np.floating[Any]]
Numbers = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]


def input_digests(attempt: Attempt) -> bytes:
    """Return the digests of an attempt's inputs, one after another."""
    found = {
        digest
        for challenge in attempt.challenges
        for step in challenge.steps
        for tensor in step.forward.inputs
        for digest in digests_of(tensor)
    }
    return b"".join(sorted(found))


def digests_in(joined: bytes) -> Iterator[bytes]:
    """Yield the digests that `input_digests` has joined."""
    for start in range(0, len(joined), DIGEST_BYTES):
        yield joined[start : start + DIGEST_BYTES]


def digests_of(tensor: Tensor) -> Iterator[bytes]:
    """Yield the digests of a tensor as a whole, and of each of its samples.

    Each has two, because a ratio near the end of a step may be rounded to either side: what is
    equal up to rounding has one in common.
    """
    kind, shape = _FLOATS.get(tensor.data_type), tuple(tensor.shape)
    size = int(np.prod(shape, dtype=object)) if all(side >= 0 for side in shape) else -1
    if kind is None or not LEAST_NUMBERS <= size <= MOST_NUMBERS:
        return
    if size * np.dtype(kind).itemsize != len(tensor.data):
        return
    numbers = np.frombuffer(tensor.data, kind).astype(np.float64)
    yield from _digests(numbers.reshape(1, -1))
    if shape[0] > 1:
        yield from _digests(numbers.reshape(shape[0], -1))


def digests_of_samples(samples: Floats) -> Iterator[bytes]:
    """Yield the digests of the rows of a matrix, each of which is a sample."""
    at_once = max(1, NUMBERS_AT_ONCE // samples.shape[1])
    for start in range(0, len(samples), at_once):
        yield from _digests(samples[start : start + at_once].astype(np.float64))


def _digests(rows: Numbers) -> Iterator[bytes]:
    if rows.shape[1] < LEAST_NUMBERS:
        return
    with np.errstate(all="ignore"):
        largest = rows[np.arange(len(rows)), np.argmax(np.abs(rows), axis=1)]
        ratios = rows / largest[:, np.newaxis] / _STEP
    usable = np.isfinite(ratios).all(axis=1) & _vary(ratios)
    for half in (0.0, 0.5):
        steps = np.floor(ratios[usable] + half).astype(np.int64).view(np.uint64)
        for word in _mixed(steps):
            yield int(word).to_bytes(DIGEST_BYTES, "little")


def _vary(ratios: Numbers) -> npt.NDArray[np.bool_]:
    """Tell of which rows enough numbers differ by more than a step."""
    ordered = np.sort(ratios, axis=1)
    different = np.count_nonzero(np.diff(ordered, axis=1) > 1.0, axis=1)
    return np.asarray(different + 1 >= LEAST_NUMBERS)


def _mixed(steps: Words) -> Words:
    """Return one word for each row: a sum of its numbers with odd weights, stirred."""
    with np.errstate(over="ignore"):
        weights = np.arange(1, steps.shape[1] + 1, dtype=np.uint64) * np.uint64(_MULTIPLIER)
        weights ^= weights >> np.uint64(29)
        weights = (weights * np.uint64(0xBF58476D1CE4E5B9)) | np.uint64(1)
        stirred = steps * np.uint64(0x94D049BB133111EB)
        stirred ^= stirred >> np.uint64(31)
        mixed = (stirred * weights).sum(axis=1, dtype=np.uint64)
        mixed += np.uint64(steps.shape[1])
        mixed ^= mixed >> np.uint64(32)
        return np.asarray(mixed * np.uint64(_MULTIPLIER))
