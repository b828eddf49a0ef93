"""The replies by which a worker tells a server how operations ended.

A worker adds a batch's replies to the server's stream, where they stay until the server has read
them, and publishes them on a channel of the same name, which wakes the server up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edunn_serving.internal.v1.batch_pb2 import (
    OPERATION_REPLY_KIND_AGAIN,
    OPERATION_REPLY_KIND_EXCHANGED,
    OPERATION_REPLY_KIND_LARGE,
    OPERATION_REPLY_KIND_RESPONSE,
    OPERATION_REPLY_KIND_STATUS,
    BatchReply,
)

# Longer than any batch waits or computes. A batch that nobody answers must expire.
BATCH_TTL_MS = 600_000
REPLY_TTL_MS = 600_000


class Reply(NamedTuple):
    """The end of one operation: the bytes of its response, or of a google.rpc.Status."""

    kind: int
    data: bytes
    # The processor time of the worker. Of an operation that is sent again because it would take
    # long: the time that it is expected to take.
    seconds: float = 0.0
    # The seal of a response that lies apart.
    mark: bytes = b""
    # The bytes that the answer would take for which the server has to reserve room first.
    answer_bytes: int = 0


RESPONSE, STATUS = OPERATION_REPLY_KIND_RESPONSE, OPERATION_REPLY_KIND_STATUS
# The operation has not been run, because the batch has brought or computed enough, its answer needs
# room at the server, or other sessions would wait for it too long. It is sent again.
AGAIN = OPERATION_REPLY_KIND_AGAIN
# On the way only: the key of a response of this many bytes or more, in its place.
LARGE = OPERATION_REPLY_KIND_LARGE
LARGE_BYTES = 256 * 1024
# On the way only: the name of such a response in the exchange.
EXCHANGED = OPERATION_REPLY_KIND_EXCHANGED
# The server reserves room for an answer of more bytes before it is computed.
FREE_ANSWER_BYTES = 512 * 1024
# Replies of more bytes are not published with their data. The server reads them from its stream,
# because Redis breaks the connection of a subscriber that has many MiB waiting.
PUBLISHED_BYTES = 512 * 1024


class Answer(NamedTuple):
    """A batch's replies, in the order of its operations, and the worker that ran it."""

    batch_id: str
    replies: Sequence[Reply]
    worker_id: str
    # The processor time that the worker's batch before took besides its operations; 0 if unknown.
    fixed_seconds: float = 0.0

    def encode(self) -> bytes:
        """Return the answer as the stream carries it."""
        message = BatchReply(
            batch_id=self.batch_id,
            worker_id=self.worker_id,
            fixed_microseconds=round(self.fixed_seconds * 1e6),
        )
        for kind, data, seconds, mark, answer_bytes in self.replies:
            message.replies.add(
                kind=kind,
                data=data,
                microseconds=round(seconds * 1e6),
                mark=mark,
                answer_bytes=answer_bytes,
            )
        return message.SerializeToString()

    @classmethod
    def decode(cls, data: bytes) -> Answer:
        """Return the answer that `encode` was given.

        Raises
        ------
        google.protobuf.message.DecodeError
            The data is no such message.
        """
        message = BatchReply.FromString(data)
        replies = [
            Reply(each.kind, each.data, each.microseconds / 1e6, each.mark, each.answer_bytes)
            for each in message.replies
        ]
        fixed_seconds = message.fixed_microseconds / 1e6
        return cls(message.batch_id, replies, message.worker_id, fixed_seconds)
