"""`python -m bench.sink`: a bare `grpc.aio` server that reads a stream of bytes and counts them."""

from __future__ import annotations

from typing import Any

import grpc
import uvloop

from bench.reference_server import serve_one

METHOD = "/edunn.bench.Sink/Take"

Context = grpc.aio.ServicerContext[bytes, bytes]


async def take(_: object, context: Context) -> bytes:
    """Answer with the number of the bytes."""
    size = 0
    # What `read` returns at the end is no bytes, though its type says so.
    read: Any = context.read
    while (chunk := await read()) is not grpc.aio.EOF:
        size += len(chunk)
    return str(size).encode()


if __name__ == "__main__":
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(take)
    uvloop.run(serve_one(METHOD, handler))
