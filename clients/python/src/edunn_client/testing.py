"""A service for the tests of programs that use this package: layers that are Python functions.

with FakeService({"Double": FakeLayer(lambda x: 2 * x, lambda g: 2 * g)}) as service:
    with Client(service.address) as client, client.session() as session:
        assert session.layer("l1", "Double").forward([1.0]) == [2.0]

It answers over a real connection, keeps sessions, layers, forwards and parameters as the service
does, and counts steps without making them. It knows no configuration, no phases and no randomness:
where those matter, test against the service itself (`make serve` in its repository).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf import any_pb2, message_factory
from numpy.typing import ArrayLike

from edunn_client._stubs import error_details_pb2, layer_pb2, session_pb2, step_pb2
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._tensors import (
    Array,
    decode_tensor,
    decode_tensors,
    encode_tensor,
    encode_tensors,
)

_SERVICE = pb.DESCRIPTOR.services_by_name["LayerService"]


@dataclass(frozen=True)
class FakeLayer:
    """A layer type: its forward of inputs and its backward of an output's gradient."""

    forward: Callable[..., ArrayLike]
    backward: Callable[[Array], ArrayLike]


@dataclass
class _Session:
    message: session_pb2.Session
    parameters: dict[str, dict[str, Array]] = field(default_factory=dict)
    forwards: dict[str, list[str]] = field(default_factory=dict)
    # The layers whose gradients are kept, and how many steps each has made.
    kept: set[str] = field(default_factory=set)
    steps: Counter[str] = field(default_factory=Counter)


class _RefusalError(Exception):
    def __init__(self, code: grpc.StatusCode, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = pb.OperationError(code=code.value[0], message=message)
        details = any_pb2.Any(type_url="type.googleapis.com/google.rpc.ErrorInfo")
        details.value = error_details_pb2.ErrorInfo(reason=reason).SerializeToString()
        self.status.details.append(details)
        self.code = code


class FakeService:
    """A server on a free port of this machine, for as long as the `with` block lasts.

    Parameters
    ----------
    layer_types : mapping of str to FakeLayer
        What a session can have.

    Attributes
    ----------
    requests : list of messages
        What has been asked, in order; a test may look at it.
    """

    def __init__(self, layer_types: Mapping[str, FakeLayer]) -> None:
        self.requests: list[Any] = []
        self._types = dict(layer_types)
        self._sessions: dict[str, _Session] = {}
        self._counts = itertools.count(1)
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers((self._handlers(),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop(grace=None).wait()

    def _list_layer_types(self, _request: Any) -> Any:
        kinds = [layer_pb2.LayerType(type=name, inputs=["x"]) for name in sorted(self._types)]
        return pb.ListLayerTypesResponse(layer_types=kinds)

    def _create_session(self, request: Any) -> Any:
        name = request.session_id or f"fake-{next(self._counts)}"
        if name in self._sessions:
            raise _RefusalError(grpc.StatusCode.ALREADY_EXISTS, "SESSION_EXISTS", name)
        message = session_pb2.Session(
            session_id=name, seed=request.seed, phase=request.phase or layer_pb2.PHASE_TRAINING
        )
        self._sessions[name] = _Session(message)
        return pb.CreateSessionResponse(session=message)

    def _get_session(self, request: Any) -> Any:
        return pb.GetSessionResponse(session=self._session(request).message)

    def _delete_session(self, request: Any) -> Any:
        self._session(request)
        del self._sessions[request.session_id]
        return pb.DeleteSessionResponse()

    def _add_layer(self, request: Any) -> Any:
        session, spec = self._session(request), request.layer
        if spec.type not in self._types:
            raise _RefusalError(grpc.StatusCode.NOT_FOUND, "LAYER_TYPE_NOT_FOUND", spec.type)
        if spec.name in session.parameters:
            raise _RefusalError(grpc.StatusCode.ALREADY_EXISTS, "LAYER_EXISTS", spec.name)
        session.parameters[spec.name] = decode_tensors(spec.parameters)
        layer = session.message.layers.add(name=spec.name, type=spec.type, config=spec.config)
        return pb.AddLayerResponse(layer=layer)

    def _forward(self, request: Any) -> Any:
        session, kind = self._layer(request)
        output = kind.forward(*(decode_tensor(tensor) for tensor in request.inputs))
        forwards = session.forwards.setdefault(request.layer, [])
        name = request.forward_id or f"#{len(forwards) + 1}"
        if not request.untracked:
            forwards.append(name)
        return pb.ForwardResponse(
            forward_id=name,
            output=encode_tensor(output),
            phase=request.phase or session.message.phase,
        )

    def _backward(self, request: Any) -> Any:
        session, kind = self._layer(request)
        forwards = session.forwards.get(request.layer, [])
        if not forwards:
            raise _RefusalError(grpc.StatusCode.FAILED_PRECONDITION, "NO_FORWARD", request.layer)
        if request.forward_id and request.forward_id not in forwards:
            raise _RefusalError(grpc.StatusCode.NOT_FOUND, "FORWARD_NOT_FOUND", request.forward_id)
        if request.accumulate:
            session.kept.add(request.layer)
        gradient = kind.backward(decode_tensor(request.output_gradient))
        return pb.BackwardResponse(input_gradient=encode_tensor(gradient))

    def _step(self, request: Any) -> Any:
        session, _ = self._layer(request)
        if request.layer not in session.kept:
            raise _RefusalError(grpc.StatusCode.FAILED_PRECONDITION, "NO_GRADIENTS", request.layer)
        return step_pb2.StepResponse(**self._counted(session, request))

    def _train_step(self, request: Any) -> Any:
        session, _ = self._layer(request)
        return step_pb2.TrainStepResponse(**self._counted(session, request))

    def _clear_gradients(self, request: Any) -> Any:
        session, _ = self._layer(request)
        session.kept.discard(request.layer)
        return step_pb2.ClearGradientsResponse()

    def _counted(self, session: _Session, request: Any) -> dict[str, Any]:
        session.kept.discard(request.layer)
        session.steps[request.layer] += 1
        steps = session.steps[request.layer]
        return {"step_id": request.step_id or f"#{steps}", "steps": steps}

    def _get_parameters(self, request: Any) -> Any:
        session, _ = self._layer(request)
        parameters = encode_tensors(session.parameters[request.layer])
        return pb.GetParametersResponse(parameters=parameters)

    def _set_parameters(self, request: Any) -> Any:
        session, _ = self._layer(request)
        session.parameters[request.layer].update(decode_tensors(request.parameters))
        return pb.SetParametersResponse()

    def _session(self, request: Any) -> _Session:
        found = self._sessions.get(request.session_id)
        if found is None:
            raise _RefusalError(
                grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND", f"no session {request.session_id}"
            )
        return found

    def _layer(self, request: Any) -> tuple[_Session, FakeLayer]:
        session = self._session(request)
        for layer in session.message.layers:
            if layer.name == request.layer:
                return session, self._types[layer.type]
        raise _RefusalError(
            grpc.StatusCode.NOT_FOUND, "LAYER_NOT_FOUND", f"no layer {request.layer}"
        )

    def _compute(self, requests: Iterator[Any], _context: Any) -> Iterator[Any]:
        for request in requests:
            for operation in request.operations:
                result = pb.ComputeResult(request_id=operation.request_id)
                kind = operation.WhichOneof("operation")
                asked = getattr(operation, kind)
                self.requests.append(asked)
                try:
                    answer = getattr(self, f"_{kind}")(asked)
                    getattr(result, kind).CopyFrom(answer)
                except _RefusalError as refusal:
                    result.error.CopyFrom(refusal.status)
                yield pb.ComputeResponse(results=[result])

    def _unary(self, answer: Callable[[Any], Any]) -> Any:
        def call(request: Any, context: grpc.ServicerContext) -> Any:
            self.requests.append(request)
            try:
                return answer(request)
            except _RefusalError as refusal:
                details = refusal.status.SerializeToString()
                context.set_trailing_metadata((("grpc-status-details-bin", details),))
                context.abort(refusal.code, refusal.status.message)

        return call

    def _handlers(self) -> Any:
        answers: dict[str, Callable[[Any], Any]] = {
            "ListLayerTypes": self._list_layer_types,
            "CreateSession": self._create_session,
            "GetSession": self._get_session,
            "DeleteSession": self._delete_session,
            "AddLayer": self._add_layer,
            "Forward": self._forward,
            "Backward": self._backward,
            "Step": self._step,
            "TrainStep": self._train_step,
            "ClearGradients": self._clear_gradients,
            "GetParameters": self._get_parameters,
            "SetParameters": self._set_parameters,
        }
        handlers: dict[str, Any] = {}
        for name, answer in answers.items():
            asked = message_factory.GetMessageClass(_SERVICE.methods_by_name[name].input_type)
            handlers[name] = grpc.unary_unary_rpc_method_handler(
                self._unary(answer), asked.FromString, lambda reply: reply.SerializeToString()
            )
        handlers["Compute"] = grpc.stream_stream_rpc_method_handler(
            self._compute,
            pb.ComputeRequest.FromString,
            lambda reply: reply.SerializeToString(),
        )
        return grpc.method_handlers_generic_handler(_SERVICE.full_name, handlers)
