"""The benchmark's stream client: right answers are counted, and nothing else is."""

from __future__ import annotations

import asyncio
import time
from array import array

import pytest
from edunn_client import Client

from bench import calls
from bench.calls import StreamCall, WrongAnswerError
from bench.lean_stream import LeanStream
from edunn_serving.v1.layer_service_pb2 import ForwardRequest
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

SHAPE = (8, 64)
TIMEOUT_SECONDS = 60


def stream_for(address: str, sent: list[StreamCall], seconds: float) -> int:
    """Keep calls under way for so many seconds, and return how many were answered."""

    async def run() -> int:
        times = array("d")
        stream = await LeanStream.connect(address)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                until = time.perf_counter() + seconds
                await stream.run(sent, until, times, StreamCall.check_closely)
                await stream.end()
        finally:
            stream.close()
        return len(times)

    return asyncio.run(run())


def test_every_forward_of_a_stream_is_answered_and_counted(
    stack: Stack, stub: LayerServiceStub, client: Client
) -> None:
    session = client.session(seed=1)
    session.layer(calls.LAYER, "Dropout", p=calls.PROBABILITY)
    # 64 in flight are more than HTTP/2's first window holds.
    sent = [calls.stream_forward(str(at), session.session_id, SHAPE) for at in range(64)]
    answered = stream_for(stack.address, sent, seconds=0.5)
    assert answered >= 64
    # The service gave each of them the next number.
    request = ForwardRequest.FromString(calls.forward(session.session_id, SHAPE).request)
    assert stub.Forward(request).forward_id == f"#{answered + 1}"


def test_operation_that_fails_ends_the_stream(stack: Stack) -> None:
    sent = [calls.stream_forward("1", "no-such-session", SHAPE)]
    with pytest.raises(WrongAnswerError, match="SESSION_NOT_FOUND"):
        stream_for(stack.address, sent, seconds=0.0)


def test_answer_of_another_size_ends_the_stream(stack: Stack, client: Client) -> None:
    session = client.session(seed=1)
    session.layer(calls.LAYER, "Dropout", p=calls.PROBABILITY)
    small = calls.stream_forward("1", session.session_id, (2, 3))
    wrong = StreamCall("1", small.request, calls.forward(session.session_id, SHAPE))
    with pytest.raises(WrongAnswerError):
        stream_for(stack.address, [wrong], seconds=0.0)
