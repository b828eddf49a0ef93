"""Requests with large arrays are put into bytes without protobuf, which reads them all the same."""

from __future__ import annotations

import numpy as np
import pytest
from edunn_client._calls import Call
from edunn_client._pending import Pending
from edunn_client._stubs import layer_service_pb2 as pb
from edunn_client._stubs import step_pb2
from edunn_client._tensors import decode_tensor
from edunn_client._wire import bytes_of, size_of, with_tensors

LARGE = np.random.default_rng(1).normal(size=(128, 96))


@pytest.mark.parametrize(
    "x",
    [
        LARGE,
        LARGE.T,
        LARGE[::2, ::-1].repeat(4, axis=0),
        LARGE.astype(">f8"),
        LARGE.astype(np.float32).repeat(2, axis=1),
        np.zeros((0, 3)),
        np.array(2.0),
        np.array([True, False]),
    ],
    ids=["plain", "transposed", "strided", "big-endian", "float32", "empty", "number", "bool"],
)
@pytest.mark.parametrize("beside", [LARGE, np.arange(3)], ids=["large", "small"])
def test_protobuf_reads_what_was_put_in_whatever_its_size_and_order(
    x: np.ndarray, beside: np.ndarray
) -> None:
    message = step_pb2.TrainStepRequest(session_id="s", layer="net", loss="loss", step_id="1")
    tensors = [("inputs", x), ("inputs", beside), ("inputs", x), ("target", beside)]
    request = with_tensors(message, tensors)
    read = step_pb2.TrainStepRequest.FromString(bytes_of(request))
    assert size_of(request) == len(bytes_of(request))
    assert (read.session_id, read.layer, read.loss, read.step_id) == ("s", "net", "loss", "1")
    for tensor, array in zip([*read.inputs, read.target], [x, beside, x, beside], strict=True):
        decoded = decode_tensor(tensor)
        assert decoded.dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(decoded, array)


def test_what_is_written_into_an_array_after_it_was_given_is_not_sent() -> None:
    x = LARGE.copy()
    request = with_tensors(pb.ForwardRequest(), [("inputs", x)])
    x[:] = 0.0
    read = pb.ForwardRequest.FromString(bytes_of(request))
    np.testing.assert_array_equal(decode_tensor(read.inputs[0]), LARGE)


def test_operations_of_a_stream_travel_together_in_their_order_up_to_some_bytes() -> None:
    pending = Pending(10.0, float("inf"))
    futures = [object() for _ in range(6)]
    small, large = (
        step_pb2.StepRequest(layer="small"),
        with_tensors(step_pb2.TrainStepRequest(layer="large"), [("inputs", np.zeros(80_000))]),
    )
    for future, request in zip(futures, [small, large, small, large, small, small], strict=True):
        method = "TrainStep" if request is large else "Step"
        call = Call(method, request, lambda reply: reply, repeatable=True)
        pending.add_call(call, future, method, 1.5 if future is futures[0] else None)
    pending.forget(futures[4])
    sent: list[pb.ComputeRequest] = []
    while (data := pending.next_request()) is not None:
        sent.append(pb.ComputeRequest.FromString(data))
    first, second = sent
    assert list(first.cancelled_request_ids) == ["5"]
    assert [each.request_id for each in first.operations] == ["1", "2", "3"]
    assert [each.request_id for each in second.operations] == ["4", "6"]
    assert first.operations[0].timeout.ToMilliseconds() == 1500
    assert [each.WhichOneof("operation") for each in first.operations] == [
        "step", "train_step", "step"
    ]  # fmt: skip
    assert first.operations[1].train_step == step_pb2.TrainStepRequest.FromString(bytes_of(large))
