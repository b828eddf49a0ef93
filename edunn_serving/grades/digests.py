"""Digests of the inputs of challenges, by which the service knows them again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from edunn_serving.grading.v1.challenge_pb2 import Attempt

DIGEST_BYTES = 16
# An input with fewer different numbers, such as zeros, may well be anybody's.
LEAST_NUMBERS = 8
NUMBER_BYTES = 4
# How much of an input is looked at for that.
LOOKED_AT_BYTES = 1024


def input_digests(attempt: Attempt) -> bytes:
    """Return the digests of an attempt's inputs, one after another."""
    tensors = (
        tensor.data
        for challenge in attempt.challenges
        for step in challenge.steps
        for tensor in step.forward.inputs
    )
    return b"".join(sorted(set(_digests(tensors))))


def digests_in(joined: bytes) -> Iterator[bytes]:
    """Yield the digests that `input_digests` has joined."""
    for start in range(0, len(joined), DIGEST_BYTES):
        yield joined[start : start + DIGEST_BYTES]


def _digests(tensors: Iterable[bytes]) -> Iterator[bytes]:
    for data in tensors:
        if _has_many_numbers(data):
            yield hashlib.sha256(data).digest()[:DIGEST_BYTES]


def _has_many_numbers(data: bytes) -> bool:
    numbers: set[bytes] = set()
    for at in range(0, min(len(data), LOOKED_AT_BYTES), NUMBER_BYTES):
        numbers.add(data[at : at + NUMBER_BYTES])
        if len(numbers) >= LEAST_NUMBERS:
            return True
    return False
