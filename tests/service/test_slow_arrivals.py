"""Requests that arrive late are served, as from a slow network or a busy machine."""

from __future__ import annotations

import time

import numpy as np
from contract import new_session, spec, tensor

from bench.raw_http2 import DATA, END_STREAM, RawConnection, frame, message_head
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from server.arrivals import QUICK_SECONDS
from standalone.stack import Stack

# More than an account's places for requests of any size.
CALLS = 40


def test_many_small_requests_that_arrive_slowly_are_served(
    stack: Stack, stub: LayerServiceStub
) -> None:
    request = api.ForwardRequest(
        session_id=new_session(stub, spec("relu", "ReLU")),
        layer="relu",
        inputs=[tensor(np.ones((1, 8)))],
    ).SerializeToString()
    streams = range(1, 2 * CALLS, 2)
    with RawConnection(stack.address) as connection:
        for stream in streams:
            connection.open_call(stream, "Forward")
        # Longer than a request may take that needs no place.
        time.sleep(3 * QUICK_SECONDS)
        for stream in streams:
            body = message_head(len(request)) + request
            connection.send(frame(DATA, END_STREAM, stream, body))
        answered: set[int] = set()
        while len(answered) < CALLS:
            kind, _, stream, payload = connection.next_frame()
            assert kind != -1, "the connection was cut, or nothing came for long"
            # Only answers have data. Errors are headers alone.
            if kind == DATA and payload:
                answered.add(stream)
