"""`python -m tests.fuzz.seeds`: writes the first inputs of each target into the corpus."""

from __future__ import annotations

from typing import Any

import numpy as np

from edunn_serving.batch_message import BatchMessage, OperationHead
from edunn_serving.internal.v1.state_pb2 import Arrays, Context
from edunn_serving.replies import RESPONSE, Answer, Reply
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import tensor_pb2
from edunn_serving.v1.layer_pb2 import PHASE_TEST, LayerSpec
from tests.fuzz.__main__ import CORPUS
from tests.fuzz.targets import METHODS
from worker.methods import METHODS as WORKER_METHODS
from worker.tensors import encode_tensor

X = encode_tensor(np.ones((3, 2)))


def seeds() -> dict[str, list[bytes]]:
    """Return inputs that each target accepts."""
    requests = _requests()
    plain = [each.SerializeToString() for each in requests.values()]
    chosen = [
        bytes([METHODS.index(name)]) + request.SerializeToString()
        for name, request in requests.items()
    ]
    methods = sorted(WORKER_METHODS)
    operation = api.ComputeOperation(request_id="1", forward=requests["Forward"])
    head = OperationHead("Forward", "caller", "s", 0, "l", "f")
    batch = BatchMessage("batch", "replies", [head], [plain[0]]).encode()
    answer = Answer("batch", [Reply(RESPONSE, b"response", 0.001)], "worker").encode()
    return {
        "wire_format": plain,
        "envelope": chosen,
        "batch": [batch],
        "answer": [answer],
        "compute": [api.ComputeRequest(operations=[operation] * 3).SerializeToString()],
        "tensor": [X.SerializeToString(), encode_tensor(np.zeros(0, bool)).SerializeToString()],
        "context": [_context().SerializeToString()],
        "slots": [_arrays().SerializeToString()],
        "operation": [
            bytes([methods.index(name)]) + request.SerializeToString()
            for name, request in requests.items()
        ],
    }


def _requests() -> dict[str, Any]:
    spec = LayerSpec(name="new", type="Sequential")
    spec.config.update({"layers": [{"type": "ReLU"}, {"type": "Dense", "config": {
        "input_size": 2, "output_size": 1}}]})  # fmt: skip
    conv = LayerSpec(name="conv", type="Conv2d")
    conv.config.update({"in_channels": 1, "out_channels": 1, "kernel_size": [2, 2]})
    parameters = {"w": encode_tensor(np.zeros((2, 2)))}
    return {
        "AddLayer": api.AddLayerRequest(session_id="s", layer=spec),
        "CreateSession": api.CreateSessionRequest(session_id="s", layers=[conv], phase=PHASE_TEST),
        "Forward": api.ForwardRequest(session_id="s", layer="l", inputs=[X], forward_id="f"),
        "Backward": api.BackwardRequest(session_id="s", layer="l", output_gradient=X),
        "GetParameters": api.GetParametersRequest(session_id="s", layer="n"),
        "SetParameters": api.SetParametersRequest(session_id="s", layer="l", parameters=parameters),
    }


def _context() -> Context:
    context = Context(phase=PHASE_TEST, output_shape=[3, 2])
    context.header.request_digest = b"0123456789abcdef"
    context.cache["mask"].bits.shape.extend([3, 2])
    context.cache["mask"].bits.data = b"\x15"
    context.cache["x"].array.dtype = "<f8"
    context.cache["x"].array.shape.extend([2])
    context.cache["x"].array.data = bytes(16)
    context.cache["n"].integer = 3
    return context


def _arrays() -> Arrays:
    arrays = Arrays()
    arrays.arrays["w"].CopyFrom(encode_tensor(np.ones((2, 2))))
    arrays.arrays["b"].CopyFrom(
        tensor_pb2.Tensor(data_type=tensor_pb2.DATA_TYPE_FLOAT64, shape=[2], data=bytes(16))
    )
    return arrays


if __name__ == "__main__":
    for name, inputs in seeds().items():
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(inputs):
            (CORPUS / name / f"seed-{number}").write_bytes(data)
