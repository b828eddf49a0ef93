"""The bytes of a call to Triton, and the check of its answers."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.unknown_fields import UnknownFieldSet

from bench import inference
from bench.calls import WrongAnswerError, array_of
from bench.load import LARGE, SMALL


def fields(message: bytes) -> dict[int, bytes]:
    """Return the fields that Protocol Buffers read in a message."""
    found = UnknownFieldSet(Empty.FromString(message))
    return {found[at].field_number: found[at].data for at in range(len(found))}


@pytest.mark.parametrize(
    ("shape", "dimensions"),
    [(SMALL, b"\x01\x08\x40"), (LARGE, b"\x01\x80\x08\x80\x04")],
)
def test_request_has_the_fields_of_the_protocol(shape: tuple[int, ...], dimensions: bytes) -> None:
    request = fields(inference.infer(shape).request)
    assert request[1] == b"dropout"
    assert fields(request[5]) == {1: b"x", 2: b"FP64", 3: dimensions}
    assert request[7] == array_of(shape).tobytes()


def test_output_of_a_dropout_is_right() -> None:
    call = inference.infer(SMALL)
    kept = np.indices(SMALL).sum(axis=0) % 2
    call.check_closely(call.head + (2 * array_of(SMALL) * kept).tobytes(), SMALL)


def test_other_answers_are_wrong() -> None:
    call = inference.infer(SMALL)
    same = array_of(SMALL).tobytes()
    for answer in (b"", call.head, call.head + same + b"\0", b"\0" + call.head[1:] + same):
        with pytest.raises(WrongAnswerError):
            call.check(answer)
    with pytest.raises(WrongAnswerError, match="Dropout"):
        call.check_closely(call.head + same, SMALL)
