"""The contract in a test's terms: arrays as tensors and back, and the details of errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
from google.protobuf import struct_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_pb2 import LayerSpec
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from edunn_serving.v1.tensor_pb2 import Tensor
from worker.tensors import decode_tensor, encode_tensor

# Options of a channel: only the service limits the size of messages.
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def tensor(values: Any) -> Tensor:
    return encode_tensor(np.asarray(values))


def array(message: Tensor) -> np.ndarray:
    return decode_tensor(message, "answer")


def spec(name: str, layer_type: str, **config: Any) -> LayerSpec:
    struct = struct_pb2.Struct()
    struct.update(config)
    return LayerSpec(name=name, type=layer_type, config=struct)


def new_session(stub: LayerServiceStub, *layers: LayerSpec, **fields: Any) -> str:
    request = api.CreateSessionRequest(layers=layers, **fields)
    response: api.CreateSessionResponse = stub.CreateSession(request, timeout=30)
    return response.session.session_id


def forward(
    stub: LayerServiceStub, session_id: str, layer: str, *inputs: Any, **fields: Any
) -> Any:
    tensors = [each if isinstance(each, Tensor) else tensor(each) for each in inputs]
    request = api.ForwardRequest(session_id=session_id, layer=layer, inputs=tensors, **fields)
    return stub.Forward(request, timeout=30)


def backward(
    stub: LayerServiceStub, session_id: str, layer: str, gradient: Any, **fields: Any
) -> Any:
    message = gradient if isinstance(gradient, Tensor) else tensor(gradient)
    request = api.BackwardRequest(
        session_id=session_id, layer=layer, output_gradient=message, **fields
    )
    return stub.Backward(request, timeout=30)


class Refusal:
    """The details of a call's error."""

    def __init__(self, error: grpc.RpcError) -> None:
        self.code = error.code()
        self.message = error.details() or ""
        status = rpc_status.from_call(error)
        self.details = {detail.TypeName(): detail for detail in status.details} if status else {}

    def _unpacked(self, kind: Any) -> Any:
        message = kind()
        self.details[kind.DESCRIPTOR.full_name].Unpack(message)
        return message

    @property
    def reason(self) -> str:
        info = self._unpacked(error_details_pb2.ErrorInfo)
        assert info.domain == "edunn"
        return str(info.reason)

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self._unpacked(error_details_pb2.ErrorInfo).metadata)

    @property
    def fields(self) -> list[str]:
        bad = self._unpacked(error_details_pb2.BadRequest)
        return [violation.field for violation in bad.field_violations]

    @property
    def asks_to_wait(self) -> bool:
        return error_details_pb2.RetryInfo.DESCRIPTOR.full_name in self.details

    @property
    def retry_seconds(self) -> float:
        retry = self._unpacked(error_details_pb2.RetryInfo)
        return float(retry.retry_delay.ToNanoseconds() / 1e9)


def refusal(call: Callable[[], Any]) -> Refusal:
    """Return the details of a call's error. A call without an error fails the test."""
    try:
        call()
    except grpc.RpcError as error:
        return Refusal(error)
    raise AssertionError("the call was expected to fail, and did not")
