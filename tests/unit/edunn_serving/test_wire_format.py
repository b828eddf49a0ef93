"""Fields read off a message's bytes."""

from __future__ import annotations

import pytest
from contract import spec

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_pb2 import PHASE_TEST
from edunn_serving.wire_format import check_field_count, depth_of, fields


def test_fields_are_those_that_protobuf_wrote() -> None:
    message = api.CreateSessionRequest(
        session_id="abc", seed=2**64 - 1, phase=PHASE_TEST
    ).SerializeToString()
    found = [(number, message[begin:end]) for number, begin, end in fields(message)]
    assert found == [(1, b"abc"), (3, b""), (4, b"")]


@pytest.mark.parametrize(
    "data", [b"\n", b"\n\x05ab", b"\x09\x00", b"\x0d\x00", b"\x0b", b"\x80", b"\xff" * 11]
)
def test_bytes_that_are_no_message_are_told(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        list(fields(data))


def test_number_of_fields_is_bounded() -> None:
    check_field_count(b"\n\x00" * 10, 10)
    with pytest.raises(ValueError, match="more than 10 fields"):
        check_field_count(b"\n\x00" * 11, 10)


def test_depth_counts_messages_within_each_other() -> None:
    flat = api.CreateSessionRequest(layers=[spec("a", "ReLU")])
    kind = api.DESCRIPTOR.message_types_by_name["CreateSessionRequest"]
    # The request, the LayerSpec, and an empty configuration.
    assert depth_of(flat.SerializeToString(), kind) == 3
    deeper = api.CreateSessionRequest(layers=[spec("a", "Dropout", p=0.5)])
    # Within the configuration an entry, and its value.
    assert depth_of(deeper.SerializeToString(), kind) == 5
    assert depth_of(b"\xff\xff", kind) == 0
