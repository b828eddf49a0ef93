"""The call that a service's methods get, and the form of these methods."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from edunn_serving.callers import Caller
from edunn_serving.errors import Reason, ServiceError, quoted
from server.connections import Connection
from server.usage import Usage

# A context's `read`: returns the next message's bytes, or EOF after the last one. The iterator that
# grpc.aio gives to handlers is not used, because it keeps each message until it has the next one,
# and the last one until the garbage collector runs.
Read = Callable[[], Awaitable[Any]]
EOF = grpc.aio.EOF

Context = grpc.aio.ServicerContext[bytes, bytes]

# A call has waited if it has lasted for half of its time or for this long, whichever is shorter.
WAIT_SECONDS = 0.5
# But it has not if it has lasted for less than this.
LEAST_WAIT_SECONDS = 0.05


class Call(NamedTuple):
    """One call whose caller is known."""

    caller: Caller
    # By the monotonic clock. The deadline is infinity if the call has none.
    began: float
    deadline: float
    # The connection of the call, as gRPC names it.
    peer: str
    # The rpc's name, such as `Forward`.
    method: str
    # Names the call in the log, in the audit log, and in the metadata of its error.
    request_id: str
    # Whose share of the server the call takes: the caller's name or, if nobody is asked who calls,
    # the address that it comes from.
    account: str
    connection: Connection
    usage: Usage

    def has_waited(self, now: float) -> bool:
        """Tell whether the call has lasted so long that it may be given up by now.

        Calls of a flood are cancelled at once.
        """
        half = (self.deadline - self.began) / 2
        return now - self.began >= max(LEAST_WAIT_SECONDS, min(WAIT_SECONDS, half))


# A method with one request and one answer. Both are bytes, because the server parses few messages.
UnaryMethod = Callable[[Call, bytes], Awaitable[bytes]]
# Any other method: it reads requests and yields answers.
StreamMethod = Callable[[Call, Read], AsyncIterator[bytes]]


class Service(Protocol):
    """A service of the contract, as it stands in the list of `server/services.py`."""

    descriptor: ServiceDescriptor

    def unary_methods(self) -> Mapping[str, UnaryMethod]:
        """Return the methods with one request and one answer, by their names."""

    def stream_methods(self) -> Mapping[str, StreamMethod]:
        """Return all other methods, by their names."""


@runtime_checkable
class BusyService(Protocol):
    """A service that has workers of its own, and more to do than to answer calls."""

    descriptor: ServiceDescriptor

    async def look(self) -> None:
        """Look for its workers, before the first call."""

    async def run(self) -> None:
        """Do it until cancelled."""

    def is_serving(self) -> bool:
        """Tell whether its workers can compute now."""


class AnsweredWithStatusError(Exception):
    """A worker has answered the call with a status. `status` has its bytes."""

    def __init__(self, status: bytes) -> None:
        super().__init__("a worker has refused the operation")
        self.status = status


def deadline_of(context: Context, began: float) -> float:
    """Return the deadline of a call that begins now; infinity if it has none."""
    remaining = context.time_remaining()
    return math.inf if remaining is None else began + remaining


def answer_too_large(size: int, limit: int) -> ServiceError:
    """Return the error of an answer that is too large for a message. The operation is done."""
    return ServiceError(
        Reason.TOO_LARGE,
        f"the answer would take {size} bytes, {limit} are allowed: send a smaller batch",
        metadata={"bytes": str(size), "limit": str(limit)},
    )


def unknown_method(path: str) -> ServiceError:
    """Return the error of a call whose method does not exist."""
    return ServiceError(
        Reason.UNIMPLEMENTED,
        f"there is no method {quoted(path)}",
        metadata={"method": path},
    )
