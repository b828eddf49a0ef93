"""`python -m bench.echo`: a bare `grpc.aio` server that answers with the bytes of the request.

It has the same transport and loop as our server, and is the limit of a service on `grpc.aio`. Its
options are gRPC's defaults, except for the largest message.
"""

from __future__ import annotations

import grpc
import uvloop

from bench.reference_server import serve_one
from edunn_serving.settings import Settings

METHOD = "/edunn.bench.Echo/Echo"

Context = grpc.aio.ServicerContext[bytes, bytes]


async def echo(request: bytes, context: Context) -> bytes:
    """Answer with the request."""
    return request


if __name__ == "__main__":
    limit = Settings().max_message_bytes
    sizes = ("grpc.max_receive_message_length", "grpc.max_send_message_length")
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(echo)
    uvloop.run(serve_one(METHOD, handler, [(size, limit) for size in sizes]))
