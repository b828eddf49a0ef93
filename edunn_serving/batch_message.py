"""The message that a server puts into the workers' queue for a batch."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from edunn_serving.keys import SessionKey


class OperationHead(NamedTuple):
    """The facts of an operation that a worker needs before it has the request."""

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

    @property
    def session(self) -> SessionKey:
        return SessionKey(self.caller, self.session_id)


NAME = (str, type(None))
HEAD_TYPES = (str, str, str, int, NAME, NAME, NAME, NAME)


class BatchMessage(NamedTuple):
    """A batch's id, the stream for its replies, and the heads of its operations."""

    batch_id: str
    reply_stream: str
    heads: list[OperationHead]

    def encode(self) -> str:
        """Return the message as the queue carries it."""
        return json.dumps(self)

    @classmethod
    def decode(cls, data: bytes) -> BatchMessage:
        """Return the message that `encode` was given.

        Raises
        ------
        ValueError
            The data is no such message.
        """
        message = json.loads(data)
        if not _is_list(message, (str, str, list)):
            raise ValueError("expected a batch's id, its reply stream and its operations")
        batch_id, reply_stream, heads = message
        if not heads or not all(_is_list(head, HEAD_TYPES) for head in heads):
            raise ValueError("expected the heads of operations")
        return cls(batch_id, reply_stream, [OperationHead(*head) for head in heads])


def _is_list(value: Any, types: tuple[Any, ...]) -> bool:
    """Tell whether a value is a list whose members have these types, each in its place."""
    return (
        isinstance(value, list) and len(value) == len(types) and all(map(isinstance, value, types))
    )
