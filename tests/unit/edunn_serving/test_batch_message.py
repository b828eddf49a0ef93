"""The message by which a batch is told."""

from __future__ import annotations

import pytest

from edunn_serving.batch_message import (
    APART_BYTES,
    LARGE_REQUEST_BYTES,
    BatchMessage,
    OperationHead,
    lie_apart,
)

HEADS = [
    OperationHead("Forward", "caller", "session", 1234, "layer", ""),
    OperationHead("GetSession", "", "ß\n", 0, None, None),
]


@pytest.mark.parametrize("requests", [[b"\x00request", b""], None])
def test_message_is_read_as_it_was_written(requests: list[bytes] | None) -> None:
    message = BatchMessage("id", "stream", HEADS, requests, wanted_worker="worker")
    assert BatchMessage.decode(message.encode()) == message


def test_large_requests_lie_apart() -> None:
    small = b"x" * (LARGE_REQUEST_BYTES // 2)
    fits = APART_BYTES // len(small) - 1
    assert not lie_apart([small] * fits)
    assert lie_apart([small] * (fits + 1))
    assert lie_apart([2 * small])


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"null", b"{}", b"[]", b'["a", "b", []]', b"\xff", b"\x0a\x02id",
        BatchMessage("", "stream", HEADS, None).encode(),
        BatchMessage("id", "", HEADS, None).encode(),
        BatchMessage("id", "stream", [], None).encode(),
        BatchMessage("id", "stream", HEADS, None).encode()[:-1],
    ],
)  # fmt: skip
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # protobuf's words
        BatchMessage.decode(data)
