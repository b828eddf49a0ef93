"""Parses requests, and raises errors in the caller's terms."""

from __future__ import annotations

from google.protobuf.message import DecodeError, Message

from edunn_serving.errors import ServiceError, invalid_argument
from edunn_serving.rpcs import Rpc
from edunn_serving.wire_format import depth_of

# The deepest nesting of Sequentials. The contract has the same number. Each adds eight messages to
# a configuration, and protobuf reads a nesting of a hundred in most languages. An answer has some
# more around a configuration than a request.
MAX_NESTED_LAYERS = 10
MESSAGES_A_LAYER = 8
MAX_CONFIG_DEPTH = MESSAGES_A_LAYER * MAX_NESTED_LAYERS + 4
# The deepest nesting that protobuf parses.
MAX_MESSAGE_DEPTH = 100


def parse_request(rpc: Rpc, request: bytes) -> Message:
    """Return a method's request.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT: the bytes are no such message, or the message is nested too deeply.
    """
    try:
        return rpc.request_type.FromString(request)
    except DecodeError as error:
        if depth_of(request, rpc.request_descriptor) >= MAX_MESSAGE_DEPTH:
            raise nested_too_deeply("request") from error
        raise invalid_argument("request", f"not a {rpc.request_type.__name__}: {error}") from error


def nested_too_deeply(field: str) -> ServiceError:
    """Return the error of a configuration whose layers are nested too deeply."""
    return invalid_argument(
        field, f"expected at most {MAX_NESTED_LAYERS} layers within each other, got more"
    )
