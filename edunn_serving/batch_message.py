"""The message that a server puts into the workers' queue for a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from google.protobuf.message import DecodeError

from edunn_serving.internal.v1.batch_pb2 import Batch, BatchOperation
from edunn_serving.keys import SessionKey
from edunn_serving.seal import Seal

# Requests of this many bytes together lie in Redis apart from the message. The message is copied
# more often than they are.
APART_BYTES = 512 * 1024
# And one request alone of this many bytes lies apart.
LARGE_REQUEST_BYTES = 64 * 1024


class OperationHead(NamedTuple):
    """The facts of an operation that a worker needs before it parses the request."""

    # The name of a LayerService method.
    method: str
    # The authenticated caller's name. Empty if the server asks for no token.
    caller: str
    # The session that the request names. Operations of one session are kept in order.
    session_id: str
    # The call's deadline, in ms of Redis's clock. 0 for none.
    deadline_ms: int
    # The layer that the request names. None if its type has no such field.
    layer: str | None
    # The forward that the request names: empty for none, None if its type has no such field.
    forward_id: str | None
    # The loss layer that the request names, and the id that makes it repeatable, likewise.
    loss: str | None = None
    repeat_id: str | None = None
    # The call's id in logs.
    request_id: str = ""
    # The bytes that the server has reserved for the answer. 0: those of a small one.
    answer_room: int = 0

    @property
    def session(self) -> SessionKey:
        return SessionKey(self.caller, self.session_id)


class BatchMessage(NamedTuple):
    """A batch's id, where its replies go, and its operations."""

    batch_id: str
    # The key of the server's stream of replies.
    reply_stream: str
    heads: list[OperationHead]
    # The operations' requests; None if they lie in Redis apart.
    requests: list[bytes] | None
    # The worker that ran all sessions last, as far as the server knows; empty if there is none.
    wanted_worker: str = ""
    # The seals of the requests that lie apart; none without a shared key.
    marks: Sequence[bytes] = ()
    # The server's mark of presence in the exchange; empty if it has none.
    presence: str = ""

    def encode(self) -> bytes:
        """Return the message as the queue carries it."""
        batch = Batch(
            batch_id=self.batch_id,
            replies=self.reply_stream,
            requests_apart=self.requests is None,
            wanted_worker=self.wanted_worker,
            presence=self.presence,
        )
        nothing = [b""] * len(self.heads)
        requests, marks = self.requests or nothing, self.marks or nothing
        for head, request, mark in zip(self.heads, requests, marks, strict=True):
            batch.operations.add(
                method=head.method,
                caller=head.caller,
                session_id=head.session_id,
                deadline_ms=head.deadline_ms,
                layer=head.layer,
                forward_id=head.forward_id,
                loss=head.loss,
                repeat_id=head.repeat_id,
                request=request,
                request_mark=mark,
                request_id=head.request_id,
                answer_room=head.answer_room,
            )
        return batch.SerializeToString()

    @classmethod
    def decode(cls, data: bytes) -> BatchMessage:
        """Return the message that `encode` was given.

        Raises
        ------
        ValueError
            The data is no such message.
        """
        try:
            batch = Batch.FromString(data)
        except DecodeError as error:
            raise ValueError(str(error)) from error
        if not (batch.batch_id and batch.replies and batch.operations):
            raise ValueError("expected a batch's id, its reply stream and its operations")
        return cls(
            batch.batch_id,
            batch.replies,
            list(map(_head, batch.operations)),
            None if batch.requests_apart else [each.request for each in batch.operations],
            batch.wanted_worker,
            tuple(filter(None, (each.request_mark for each in batch.operations))),
            batch.presence,
        )


def lie_apart(requests: Sequence[bytes]) -> bool:
    """Tell whether a batch's requests are too large for its message."""
    sizes = [len(request) for request in requests]
    return sum(sizes) >= APART_BYTES or max(sizes) >= LARGE_REQUEST_BYTES


def check_requests(
    seal: Seal,
    batch_id: str,
    marks: Sequence[bytes],
    requests: Sequence[bytes],
    numbers: Sequence[int],
) -> None:
    """Check that requests of a batch which lie apart are those that the server has sent.

    Raises
    ------
    ForgedError
        They are not.
    """
    if seal.is_open:
        return
    for number, mark, request in zip(numbers, marks, requests, strict=True):
        seal.check("request", mark, request, batch_id, str(number))


def _head(operation: BatchOperation) -> OperationHead:
    return OperationHead(
        operation.method,
        operation.caller,
        operation.session_id,
        operation.deadline_ms,
        operation.layer if operation.HasField("layer") else None,
        operation.forward_id if operation.HasField("forward_id") else None,
        operation.loss if operation.HasField("loss") else None,
        operation.repeat_id if operation.HasField("repeat_id") else None,
        operation.request_id,
        operation.answer_room,
    )
