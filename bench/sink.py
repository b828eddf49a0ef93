"""`python -m bench.sink`: a bare `grpc.aio` server that reads a stream of bytes and counts them."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import grpc
import uvloop

SERVICE = "edunn.bench.Sink"
METHOD = f"/{SERVICE}/Take"

Context = grpc.aio.ServicerContext[bytes, bytes]


async def take(_: object, context: Context) -> bytes:
    """Answer with the number of the bytes."""
    size = 0
    # What `read` returns at the end is no bytes, though its type says so.
    read: Any = context.read
    while (chunk := await read()) is not grpc.aio.EOF:
        size += len(chunk)
    return str(size).encode()


async def serve() -> None:
    """Serve on a free port of 127.0.0.1 until SIGTERM. The port is printed."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(take)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"Take": handler}),)
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
