"""The one place where an error becomes the status of a gRPC call."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

import grpc
from google.rpc import status_pb2

from edunn_serving.errors import ServiceError

DETAILS_KEY = "grpc-status-details-bin"
REQUEST_ID_KEY = "edunn-request-id"

CODES = {code.value[0]: code for code in grpc.StatusCode}


async def abort(
    context: grpc.aio.ServicerContext[Any, Any], error: ServiceError, request_id: str
) -> NoReturn:
    """End a call with an error."""
    await abort_with_status(context, error.to_status().SerializeToString(), request_id)


async def abort_with_status(
    context: grpc.aio.ServicerContext[Any, Any], serialized: bytes, request_id: str
) -> NoReturn:
    """End a call with a serialized google.rpc.Status, as workers send them.

    The caller gets the call's id too, to name it when asking for help.
    """
    status = status_pb2.Status.FromString(serialized)
    try:
        await context.abort(
            CODES[status.code],
            status.message,
            ((DETAILS_KEY, serialized), (REQUEST_ID_KEY, request_id)),
        )
    except grpc.aio.AbortError as aborted:
        # gRPC still needs the exception until the call has ended.
        asyncio.get_running_loop().call_soon(_forget_way, aborted)
        raise
    raise RuntimeError("abort returned")


def drop() -> NoReturn:
    """End a call of a connection that has ended. Nobody hears of it, so gRPC sends no status."""
    raise asyncio.CancelledError


def _forget_way(aborted: grpc.aio.AbortError) -> None:
    """Remove from an exception where it was raised.

    grpc.aio keeps the exception with the call, and the frames of its traceback refer to the call.
    This circle would keep the request in memory until the garbage collector runs.
    """
    aborted.__traceback__ = aborted.__context__ = None
