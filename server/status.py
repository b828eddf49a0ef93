"""The one place where an error becomes the status of a gRPC call."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from worker.errors import ServiceError

DETAILS_KEY = "grpc-status-details-bin"
# Statuses travel in HTTP/2 headers, which clients limit to 8 KiB by default.
MAX_MESSAGE_CHARACTERS = 1000
MAX_DETAILS_BYTES = 4096
MAX_METADATA_CHARACTERS = 200

CODES = {code.value[0]: code for code in grpc.StatusCode}


async def abort(context: grpc.aio.ServicerContext[Any, Any], error: ServiceError) -> NoReturn:
    """End a call with an error."""
    await abort_with_status(context, error.to_status().SerializeToString())


async def abort_with_status(
    context: grpc.aio.ServicerContext[Any, Any], serialized: bytes
) -> NoReturn:
    """End a call with a serialized google.rpc.Status, as workers send them."""
    status = shortened(serialized)
    try:
        await context.abort(
            CODES[status.code],
            status.message,
            ((DETAILS_KEY, status.SerializeToString()),),
        )
    except grpc.aio.AbortError as aborted:
        # Once the call has ended with it.
        asyncio.get_running_loop().call_soon(_forget_way, aborted)
        raise
    raise RuntimeError("abort returned")


def _forget_way(aborted: grpc.aio.AbortError) -> None:
    """Let an exception no longer know where it was raised.

    grpc.aio keeps it with the call, and the frames that it came through know the call. Such a
    circle would keep the request in memory until the garbage collector comes.
    """
    aborted.__traceback__ = aborted.__context__ = None


def shortened(serialized: bytes) -> status_pb2.Status:
    """Return a status that fits into the headers of any client."""
    status = status_pb2.Status.FromString(serialized)
    if len(status.message) > MAX_MESSAGE_CHARACTERS:
        status.message = status.message[:MAX_MESSAGE_CHARACTERS] + "…"
    while len(status.details) > 1 and status.ByteSize() > MAX_DETAILS_BYTES:
        # The first detail is the reason; the others can be missed.
        status.details.pop()
    if status.ByteSize() > MAX_DETAILS_BYTES + MAX_MESSAGE_CHARACTERS:
        _shorten_metadata(status.details[0])
    return status


def _shorten_metadata(detail: any_pb2.Any) -> None:
    """Cut what an ErrorInfo repeats of a request that is too long to repeat."""
    info = error_details_pb2.ErrorInfo()
    if detail.Unpack(info):
        for name, text in list(info.metadata.items()):
            info.metadata[name] = text[:MAX_METADATA_CHARACTERS]
        detail.Pack(info)
