"""Serves one method of a bare `grpc.aio` server, as a reference beside ours."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

import grpc


async def serve_one(
    path: str, handler: grpc.RpcMethodHandler[bytes, bytes], options: Sequence[tuple[str, int]] = ()
) -> None:
    """Serve a method on a free port of 127.0.0.1 until SIGTERM. The port is printed.

    `path` is that of the method, as gRPC sends it.
    """
    _, service, method = path.split("/")
    server = grpc.aio.server(options=[*options, ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await server.start()
    print(port, flush=True)
    await stop.wait()
    await server.stop(0)
