"""What a service knows of a call, and what its methods look like."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from edunn_serving.errors import Reason, ServiceError

# Returns the next message's bytes, or EOF behind the last one: a context's `read`. The iterator
# that grpc.aio gives to handlers keeps each message until it has the next one, and the last until
# the garbage collector comes.
Read = Callable[[], Awaitable[Any]]
EOF = grpc.aio.EOF

Context = grpc.aio.ServicerContext[bytes, bytes]


class Call(NamedTuple):
    """One call, once its caller is known."""

    # The caller's name. Empty where the server asks for no token.
    caller: str
    # When the caller gives up, by the monotonic clock; infinity where it does not.
    deadline: float
    # The connection by which it came, as gRPC names it.
    peer: str


# A method with one request and one answer. Without serializers: the bytes of most messages are none
# of the server's business.
UnaryMethod = Callable[[Call, bytes], Awaitable[bytes]]
# Every other method: it reads requests and yields answers.
StreamMethod = Callable[[Call, Read], AsyncIterator[bytes]]


class Service(Protocol):
    """A service of the contract, to be put into the list of `server/services.py`."""

    descriptor: ServiceDescriptor

    def unary_methods(self) -> Mapping[str, UnaryMethod]:
        """Return the methods with one request and one answer, by their names."""

    def stream_methods(self) -> Mapping[str, StreamMethod]:
        """Return all other methods, by their names."""


class AnsweredWithStatusError(Exception):
    """A call that a worker has answered with a status, already serialized."""

    def __init__(self, status: bytes) -> None:
        super().__init__("a worker has refused the operation")
        self.status = status


def deadline_of(context: Context) -> float:
    """Return a call's deadline by the monotonic clock, infinity where it has none."""
    remaining = context.time_remaining()
    return math.inf if remaining is None else time.monotonic() + remaining


def answer_too_large(size: int, limit: int) -> ServiceError:
    """Return the error of an answer that no message can carry. The operation itself is done."""
    return ServiceError(
        Reason.TOO_LARGE,
        f"the answer would take {size} bytes, {limit} are allowed: send a smaller batch",
        metadata={"bytes": str(size), "limit": str(limit)},
    )
