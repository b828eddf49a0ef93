"""Requests may be compressed by gzip, in calls and in streams."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, new_session, spec, tensor

from edunn_serving.own_channel import WITHOUT_PROXY
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

# Of one byte, of many, and of more than are unpacked at once.
INPUTS = [np.zeros((1, 1)), np.zeros((64, 64)), np.zeros((1000, 1000)), np.random.rand(300, 300)]


@pytest.fixture
def packing(stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(
        stack.address, [*WITHOUT_PROXY, *UNLIMITED], compression=grpc.Compression.Gzip
    ) as channel:
        yield LayerServiceStub(channel)


def test_compressed_calls_and_streams_have_the_same_answers(packing: LayerServiceStub) -> None:
    session = new_session(packing, spec("relu", "ReLU"))
    forwards = [
        api.ForwardRequest(session_id=session, layer="relu", inputs=[tensor(each)])
        for each in INPUTS
    ]
    outputs = [packing.Forward(each).output for each in forwards]
    assert outputs == [each.inputs[0] for each in forwards]
    requests = [
        api.ComputeRequest(operations=[api.ComputeOperation(request_id=str(at), forward=each)])
        for at, each in enumerate(forwards)
    ]
    results = [
        result for response in packing.Compute(iter(requests)) for result in response.results
    ]
    assert [result.forward.output for result in results] == outputs


def test_another_compression_is_refused(stack: Stack) -> None:
    with grpc.insecure_channel(
        stack.address, WITHOUT_PROXY, compression=grpc.Compression.Deflate
    ) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            LayerServiceStub(channel).CreateSession(api.CreateSessionRequest(session_id="s" * 64))
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
