"""A gRPC proxy before the real service that has calls carried out and then loses their answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from edunn_client._channel import MAX_MESSAGE_BYTES


class LosingProxy(grpc.GenericRpcHandler):
    """Passes unary calls on as bytes; the next `lose` answers of `method` become UNAVAILABLE."""

    def __init__(self, target: str, method: str, lose: int) -> None:
        self._method = method
        self.left_to_lose = lose
        options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)]
        self._channel = grpc.insecure_channel(target, options)
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        call: Callable[..., bytes] = self._channel.unary_unary(details.method)

        def handle(request: bytes, context: grpc.ServicerContext) -> Any:
            answer = call(request, timeout=10, metadata=details.invocation_metadata)
            if details.method.endswith(f"/{self._method}") and self.left_to_lose:
                self.left_to_lose -= 1
                context.abort(grpc.StatusCode.UNAVAILABLE, "the answer was lost")
            return answer

        return grpc.unary_unary_rpc_method_handler(handle)

    def __enter__(self) -> LosingProxy:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(grace=0).wait()
        self._channel.close()
