"""Messages that are put together by hand are what protobuf reads, however large they are."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from contract import array

from edunn_serving.internal.v1.state_pb2 import Arrays
from edunn_serving.v1.layer_pb2 import PHASE_TEST
from edunn_serving.v1.layer_service_pb2 import ForwardResponse
from worker.wire import LARGE_BYTES, ArrayMessage

ARRAYS = [
    np.float64(1.5) * np.ones(()),
    np.arange(6.0).reshape(2, 3),
    np.zeros((0, 100_000)),
    np.arange(100_000.0).reshape(100, -1).T,
    np.arange(100_000, dtype=np.float16)[::2],
    np.arange(40_000, dtype=">f4"),
    np.arange(200_000) % 3 == 0,
    np.arange(LARGE_BYTES // 8),
    np.arange(LARGE_BYTES // 8 - 1),
]


@pytest.mark.parametrize("values", ARRAYS)
def test_tensor_in_a_field_is_read_by_protobuf(values: np.ndarray) -> None:
    message = ArrayMessage(ForwardResponse(forward_id="#1", phase=PHASE_TEST))
    message.add_tensor("output", values)
    read = ForwardResponse.FromString(message.SerializeToString())
    assert (read.forward_id, read.phase) == ("#1", PHASE_TEST)
    np.testing.assert_array_equal(array(read.output), values)
    assert array(read.output).dtype == values.dtype.newbyteorder("<")


def test_tensors_in_a_map_are_read_by_protobuf() -> None:
    named = {f"layer{number}(β)": values for number, values in enumerate(ARRAYS)}
    message = ArrayMessage(Arrays())
    message.add_tensors("arrays", named)
    read = Arrays.FromString(message.SerializeToString()).arrays
    assert read.keys() == named.keys()
    for name, values in named.items():
        np.testing.assert_array_equal(array(read[name]), values)


def test_large_array_is_copied_once() -> None:
    values = np.ones(4_000_000)
    tracemalloc.start()
    message = ArrayMessage(ForwardResponse())
    message.add_tensor("output", values)
    encoded = message.SerializeToString()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(encoded) > values.nbytes
    assert peak < 1.01 * values.nbytes
