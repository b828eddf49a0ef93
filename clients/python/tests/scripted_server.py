"""A real gRPC server that gives the answers that a test wrote down.

It stands for no service: it is for what a healthy one does not do on demand, such as refusing a
call twice, or breaking a stream.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any, TypeAlias

import grpc
from edunn_client._stubs import layer_service_pb2 as pb
from google.protobuf import any_pb2, message_factory
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

Answer: TypeAlias = (
    Message | status_pb2.Status | grpc.Status | grpc.StatusCode | Callable[[Any], Message]
)

Compute: TypeAlias = Callable[[Iterator[Any], grpc.ServicerContext], Iterator[Any]]


def status(
    code: grpc.StatusCode,
    message: str = "no",
    reason: str = "REASON",
    violations: dict[str, str] | None = None,
    retry_delay: float | None = None,
) -> status_pb2.Status:
    """Return a status with the details that the service gives."""
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=reason, domain="edunn", metadata={"layer": "l1"})
    ]
    if violations:
        request = error_details_pb2.BadRequest()
        for field, description in violations.items():
            request.field_violations.add(field=field, description=description)
        details.append(request)
    if retry_delay is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(round(retry_delay * 1000))
        details.append(retry)
    answer = status_pb2.Status(code=code.value[0], message=message)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        answer.details.append(packed)
    return answer


class ScriptedServer:
    """Answers each method from its script; `seen` has the requests and metadata that came."""

    def __init__(
        self, credentials: grpc.ServerCredentials | None = None, address: str = "localhost:0"
    ) -> None:
        self.script: defaultdict[str, list[Answer]] = defaultdict(list)
        # Asked by each session in a process that has imported edunn.
        self.script["ListLayerTypes"] = [pb.ListLayerTypesResponse()] * 100
        self.seen: defaultdict[str, list[Any]] = defaultdict(list)
        self.metadata: list[dict[str, str | bytes]] = []
        self.compute: Compute | None = None
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers((_handlers(self),))
        port = (
            self._server.add_insecure_port(address)
            if credentials is None
            else self._server.add_secure_port(address, credentials)
        )
        self.address = f"localhost:{port}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(grace=0).wait()

    def answer(self, method: str, request: Any, context: grpc.ServicerContext) -> Any:
        self.seen[method].append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        answer = self.script[method].pop(0)
        if isinstance(answer, grpc.StatusCode):
            context.abort(answer, "plain")
        if isinstance(answer, status_pb2.Status):
            answer = rpc_status.to_status(answer)
        if isinstance(answer, grpc.Status):
            context.abort_with_status(answer)
        return answer(request) if callable(answer) else answer


def _handlers(server: ScriptedServer) -> grpc.GenericRpcHandler:
    service = pb.DESCRIPTOR.services_by_name["LayerService"]

    def unary(name: str) -> Any:
        return lambda request, context: server.answer(name, request, context)

    def compute(requests: Iterator[Any], context: Any) -> Iterator[Any]:
        assert server.compute is not None
        yield from server.compute(requests, context)

    handlers = {}
    for method in service.methods:
        codec = {
            "request_deserializer": message_factory.GetMessageClass(method.input_type).FromString,
            "response_serializer": lambda answer: answer.SerializeToString(),
        }
        handlers[method.name] = (
            grpc.stream_stream_rpc_method_handler(compute, **codec)
            if method.client_streaming
            else grpc.unary_unary_rpc_method_handler(unary(method.name), **codec)
        )
    return grpc.method_handlers_generic_handler(service.full_name, handlers)
