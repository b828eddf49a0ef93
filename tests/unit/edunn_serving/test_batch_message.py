"""The message by which a batch is told."""

from __future__ import annotations

import pytest

from edunn_serving.batch_message import BatchMessage, OperationHead


def test_message_is_read_as_it_was_written() -> None:
    heads = [
        OperationHead("Forward", "caller", "session", 1234, "layer", ""),
        OperationHead("GetSession", "", "ß\n", 0, None, None),
    ]
    message = BatchMessage("id", "stream", heads)
    assert BatchMessage.decode(message.encode().encode()) == message


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"null", b"{}", b"[]", b"[1, 2, 3]", b'["a", "b", "c"]', b'["a", "b", []]',
        b'["a", "b", [1]]', b'["a", "b", [["Forward", "", "s", 0, null]]]',
        b'["a", "b", [["Forward", "", "s", "0", null, null]]]', b"\xff",
    ],
)  # fmt: skip
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # JSON's own error too
        BatchMessage.decode(data)
