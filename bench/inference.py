"""A call to Triton, serialised beforehand, and the check of its answer.

The messages are those of the KServe protocol, version 2: ModelInferRequest and ModelInferResponse.
Triton's package of their classes is no part of this project's environment, so the few fields are
written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.calls import Call, WrongAnswerError, array_of, check_output

METHOD = "/inference.GRPCInferenceService/ModelInfer"
MODEL, VERSION = "dropout", "1"
LENGTH_DELIMITED = 2
# The numbers of the fields of a request, of an answer, and of a tensor of either.
REQUEST_MODEL, REQUEST_INPUT, REQUEST_RAW = 1, 5, 7
ANSWER_MODEL, ANSWER_VERSION, ANSWER_OUTPUT, ANSWER_RAW = 1, 2, 5, 6
TENSOR_NAME, TENSOR_TYPE, TENSOR_SHAPE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Inference(Call):
    """One inference, ready to send."""

    # The answer up to the output's values: the model, and the output's name, type and shape.
    head: bytes

    def check(self, answer: bytes) -> None:
        """Raise `WrongAnswerError` unless the answer is an output of the right type and shape."""
        if len(answer) != self.answer_size or not answer.startswith(self.head):
            raise WrongAnswerError(f"Triton answered {answer[:200]!r}, {len(answer)} bytes")

    def check_closely(self, answer: bytes, shape: Sequence[int]) -> None:
        """Raise `WrongAnswerError` unless the answer is a Dropout's for this request."""
        self.check(answer)
        output = np.frombuffer(answer[len(self.head) :], "<f8").reshape(tuple(shape))
        check_output(output, array_of(shape))


def infer(shape: Sequence[int]) -> Inference:
    """Return an inference of one sample of this shape, float64."""
    values = array_of(shape).tobytes()
    request = (
        _field(REQUEST_MODEL, MODEL.encode())
        + _field(REQUEST_INPUT, _tensor("x", shape))
        + _field(REQUEST_RAW, values)
    )
    head = (
        _field(ANSWER_MODEL, MODEL.encode())
        + _field(ANSWER_VERSION, VERSION.encode())
        + _field(ANSWER_OUTPUT, _tensor("y", shape))
        + _start(ANSWER_RAW, len(values))
    )
    return Inference(METHOD, request, len(head) + len(values), head)


def _tensor(name: str, shape: Sequence[int]) -> bytes:
    """Return what describes a tensor of one sample. Its values are a field of the whole message."""
    return (
        _field(TENSOR_NAME, name.encode())
        + _field(TENSOR_TYPE, b"FP64")
        + _field(TENSOR_SHAPE, b"".join(map(_varint, (1, *shape))))
    )


def _field(number: int, value: bytes) -> bytes:
    return _start(number, len(value)) + value


def _start(number: int, size: int) -> bytes:
    """Return the tag and the length before a field's value."""
    return _varint(number << 3 | LENGTH_DELIMITED) + _varint(size)


def _varint(value: int) -> bytes:
    """Return a number in Protocol Buffers' variable length, seven bits a byte."""
    low = bytearray()
    while value > 0x7F:
        low.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*low, value])
