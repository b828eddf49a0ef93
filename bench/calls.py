"""The measured calls, serialised beforehand, and the checks of their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.echo import METHOD as ECHO_METHOD
from edunn_serving.v1.layer_pb2 import PHASE_TRAINING, LayerSpec
from edunn_serving.v1.layer_service_pb2 import (
    DESCRIPTOR,
    BackwardRequest,
    BackwardResponse,
    ComputeOperation,
    ComputeRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    ForwardRequest,
    ForwardResponse,
)
from edunn_serving.v1.tensor_pb2 import DATA_TYPE_FLOAT64, Tensor

LAYER = "drop"
PROBABILITY = 0.5
SERVICE = DESCRIPTOR.services_by_name["LayerService"].full_name
FORWARD = f"/{SERVICE}/Forward"
BACKWARD = f"/{SERVICE}/Backward"
COMPUTE = f"/{SERVICE}/Compute"
CREATE_SESSION = f"/{SERVICE}/CreateSession"
DELETE_SESSION = f"/{SERVICE}/DeleteSession"

# Field 1, length-delimited: the forward_id at the front of a ForwardResponse.
FORWARD_ID_TAG = 0x0A


class WrongAnswerError(Exception):
    """An answer is wrong. The measurement is void then."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, ready to send."""

    method: str
    request: bytes
    # The size of a right answer without its forward_id.
    answer_size: int

    def check(self, answer: bytes) -> None:
        """Raise `WrongAnswerError` unless the answer has the right size. An echo must be equal."""
        size = len(answer)
        if self.method == FORWARD and answer[:1] == bytes([FORWARD_ID_TAG]):
            size -= 2 + answer[1]
        if size != self.answer_size or (self.method == ECHO_METHOD and answer != self.request):
            raise WrongAnswerError(f"{self.method} answered {len(answer)} bytes that are not right")


@dataclass(frozen=True, slots=True)
class StreamCall:
    """A forward of a `Compute` stream, ready to send."""

    request_id: str
    # A whole ComputeRequest. The bytes of several, one after the other, are one request.
    request: bytes
    forward: Call

    def check(self, answer: bytes) -> None:
        """Raise `WrongAnswerError` unless the answer has the right size."""
        self.forward.check(answer)

    def check_closely(self, answer: bytes) -> None:
        """Raise `WrongAnswerError` unless the answer is a Dropout's for this request."""
        self.forward.check(answer)
        sent = _array(ForwardRequest.FromString(self.forward.request).inputs[0])
        check_output(_array(ForwardResponse.FromString(answer).output), sent)


def array_of(shape: Sequence[int]) -> np.ndarray:
    """Return the array that is sent. No element of it is zero."""
    return np.random.default_rng(7).uniform(1.0, 2.0, tuple(shape))


def create_session(session_id: str, seed: int) -> bytes:
    """Return the request that begins a session with one Dropout."""
    spec = LayerSpec(name=LAYER, type="Dropout")
    spec.config["p"] = PROBABILITY
    return CreateSessionRequest(
        session_id=session_id, seed=seed, phase=PHASE_TRAINING, layers=[spec]
    ).SerializeToString()


def delete_session(session_id: str) -> bytes:
    """Return the request that ends a session."""
    return DeleteSessionRequest(session_id=session_id).SerializeToString()


def forward(session_id: str, shape: Sequence[int]) -> Call:
    """Return a Training forward, whose mask is stored."""
    tensor = _tensor(array_of(shape))
    request = ForwardRequest(
        session_id=session_id, layer=LAYER, inputs=[tensor], phase=PHASE_TRAINING
    )
    answer = ForwardResponse(output=tensor, phase=PHASE_TRAINING)
    return Call(FORWARD, request.SerializeToString(), answer.ByteSize())


def stream_forward(request_id: str, session_id: str, shape: Sequence[int]) -> StreamCall:
    """Return the same forward, for a `Compute` stream."""
    call = forward(session_id, shape)
    operation = ComputeOperation(
        request_id=request_id, forward=ForwardRequest.FromString(call.request)
    )
    return StreamCall(request_id, ComputeRequest(operations=[operation]).SerializeToString(), call)


def backward(session_id: str, shape: Sequence[int]) -> Call:
    """Return the backward of the session's latest forward."""
    tensor = _tensor(array_of(shape))
    request = BackwardRequest(session_id=session_id, layer=LAYER, output_gradient=tensor)
    answer = BackwardResponse(input_gradient=tensor)
    return Call(BACKWARD, request.SerializeToString(), answer.ByteSize())


def echo(shape: Sequence[int]) -> Call:
    """Return a call to the echo with the bytes of a forward."""
    request = forward("s" * 16, shape).request
    return Call(ECHO_METHOD, request, len(request))


def check_pair(forward_answer: bytes, backward_answer: bytes, shape: Sequence[int]) -> None:
    """Raise `WrongAnswerError` unless a forward and its backward have one Dropout mask."""
    sent = array_of(shape)
    output = _array(ForwardResponse.FromString(forward_answer).output)
    gradient = _array(BackwardResponse.FromString(backward_answer).input_gradient)
    check_output(output, sent)
    if not np.array_equal(gradient, output):
        raise WrongAnswerError("a forward and its backward do not match one mask")


def check_output(output: np.ndarray, sent: np.ndarray) -> None:
    """Raise `WrongAnswerError` unless an output is a Dropout's of the array that was sent."""
    kept = output != 0
    if not np.array_equal(output, np.where(kept, sent / (1 - PROBABILITY), 0.0)):
        raise WrongAnswerError("an output is not what a Dropout makes of its input")
    if not 0.3 < kept.mean() < 0.7:
        raise WrongAnswerError(f"a mask keeps {kept.mean():.0%} of the units instead of half")


def _tensor(array: np.ndarray) -> Tensor:
    return Tensor(data_type=DATA_TYPE_FLOAT64, shape=array.shape, data=array.tobytes())


def _array(tensor: Tensor) -> np.ndarray:
    return np.frombuffer(tensor.data, "<f8").reshape(tuple(tensor.shape))
