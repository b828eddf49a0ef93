"""Which calls share a Compute stream, and what the end of one means for them."""

from __future__ import annotations

import math
from typing import Any

import grpc

from edunn_client._calls import Call
from edunn_client._deadlines import Deadline
from edunn_client._errors import EdunnError
from edunn_client._pending import STREAMED
from edunn_client._retries import Failure
from edunn_client._scope import CallScope
from edunn_client._wire import size_of

# Larger ones would hold up those behind them.
LARGEST_SHARED_BYTES = 4 * 1024 * 1024

# What ends a stream in other ways than that something between lets none through.
_USUAL_ENDS = (
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNAVAILABLE,
)


def can_share(call: Call[Any], deadline: Deadline, scope: CallScope | None) -> bool:
    """Tell whether a call can go through a stream, whose metadata is that of all calls.

    gRPC ends a call whose deadline has passed. A stream might still be quick enough to answer it.
    """
    return (
        call.method in STREAMED
        and deadline.left > 0
        and (scope is None or not scope._metadata())
        and size_of(call.request) <= LARGEST_SHARED_BYTES
    )


def answer_alone(call: Call[Any]) -> Call[Any]:
    """Return a call for a stream whose answer is read by who waits for it."""
    return Call(call.method, call.request, lambda reply: reply, repeatable=False)


def finite(deadline: Deadline) -> float | None:
    """Return the seconds that are left, None without an end."""
    return None if math.isinf(deadline.left) else deadline.left


class StreamEnd:
    """How a shared stream has ended."""

    def __init__(self, error: EdunnError, failure: Failure | None, was_answered: bool) -> None:
        self.failure = failure or Failure(error)
        self.lets_streams_through = was_answered or error.code in _USUAL_ENDS

    def needs_no_pause(self, call: Call[Any]) -> bool:
        """Tell whether a call may be made by itself at once."""
        return self.failure.was_sent and call.repeatable
