"""`python -m bench.echo`: a bare `grpc.aio` server that answers with the bytes of the request.

It has the same transport and loop as our server, and is the limit of a service on `grpc.aio`. Its
options are gRPC's defaults, except for the largest message.
"""

from __future__ import annotations

import asyncio
import signal

import grpc
import uvloop

from edunn_serving.settings import Settings

SERVICE = "edunn.bench.Echo"
METHOD = f"/{SERVICE}/Echo"

Context = grpc.aio.ServicerContext[bytes, bytes]


async def echo(request: bytes, context: Context) -> bytes:
    """Answer with the request."""
    return request


async def serve() -> None:
    """Serve on a free port of 127.0.0.1 until SIGTERM. The address is printed."""
    limit = Settings().max_message_bytes
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", limit),
            ("grpc.max_send_message_length", limit),
            ("grpc.so_reuseport", 0),
        ]
    )
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(echo)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"Echo": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await server.start()
    print(port, flush=True)
    await stop.wait()
    await server.stop(0)


if __name__ == "__main__":
    uvloop.run(serve())
