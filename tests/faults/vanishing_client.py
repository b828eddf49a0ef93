"""`python vanishing_client.py ADDRESS SESSION unary|compute COUNT [TIMEOUT]`: queues forwards.

Then it waits until a test kills or stops it. It is a process of its own, so that its calls are then
neither answered nor cancelled.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import grpc
import numpy as np

from edunn_serving.v1.layer_service_pb2 import ComputeOperation, ComputeRequest, ForwardRequest
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from worker.tensors import encode_tensor

# The server reads no more than this from a stream before it answers.
OPERATIONS_A_STREAM = 1000


def main() -> None:
    """Queue `COUNT` forwards and wait for ever."""
    address, session, way, count, *timeout = sys.argv[1:]
    seconds = float(timeout[0]) if timeout else None
    request = ForwardRequest(
        session_id=session, layer="drop", inputs=[encode_tensor(np.ones((8, 64)))]
    )
    with grpc.insecure_channel(address) as channel:
        stub = LayerServiceStub(channel)
        if way == "unary":
            calls = [stub.Forward.future(request, timeout=seconds) for _ in range(int(count))]
        else:
            streams = -(-int(count) // OPERATIONS_A_STREAM)
            calls = [stub.Compute(operations(request), timeout=seconds) for _ in range(streams)]
        threading.Event().wait()
        del calls


def operations(request: ForwardRequest) -> Iterator[ComputeRequest]:
    """Yield one stream's operations, and never end it."""
    for number in range(OPERATIONS_A_STREAM):
        operation = ComputeOperation(request_id=str(number), forward=request)
        yield ComputeRequest(operations=[operation])
    threading.Event().wait()


if __name__ == "__main__":
    main()
