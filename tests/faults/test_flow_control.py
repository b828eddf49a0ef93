"""Flow control of `Compute`: what a client sends is held up where it reads no answers."""

from __future__ import annotations

import asyncio

import grpc
import numpy as np
from contract import array, new_session, spec, tensor
from processes import resident_bytes

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

MEBIBYTE = 1024 * 1024
DROP = spec("drop", "Dropout", p=0.5)


def request_of(session: str, x: np.ndarray) -> api.ForwardRequest:
    return api.ForwardRequest(session_id=session, layer="drop", inputs=[tensor(x)], untracked=True)


def is_right(answer: api.ForwardResponse, x: np.ndarray) -> bool:
    output = array(answer.output)
    return bool(((output == 0) | (output == 2 * x)).all()) and 0.4 < (output != 0).mean() < 0.6


def test_reader_that_stops_does_not_grow_the_server(stack: Stack, stub: LayerServiceStub) -> None:
    """It has sent all it can without reading an answer; then it reads, and all are right."""
    session = new_session(stub, DROP)
    x = np.random.default_rng(1).uniform(1, 2, (16, 512))
    offered = 320 * MEBIBYTE // x.nbytes

    async def send_without_reading() -> tuple[int, int, int]:
        async with grpc.aio.insecure_channel(stack.address) as channel:
            call = LayerServiceStub(channel).Compute(timeout=240)
            sent = 0

            async def write_all() -> None:
                nonlocal sent
                for number in range(offered):
                    operation = api.ComputeOperation(
                        request_id=str(number), forward=request_of(session, x)
                    )
                    await call.write(api.ComputeRequest(operations=[operation]))
                    sent = number + 1
                await call.done_writing()

            writing = asyncio.create_task(write_all())
            before = -1
            # Held up by flow control: nothing more goes out for a second.
            while before != sent:
                before = sent
                await asyncio.wait({writing}, timeout=1.0)
            held_up, grown = sent, resident_bytes(stack.servers[0])
            right = 0
            async for answer in call:
                for result in answer.results:
                    right += is_right(result.forward, x)
            await writing
            return held_up, grown, right

    usual = resident_bytes(stack.servers[0])
    held_up, grown, right = asyncio.run(send_without_reading())
    print(
        f"held up after {held_up} of {offered}, memory {usual / MEBIBYTE:.0f} MiB, "
        f"then {grown / MEBIBYTE:.0f} MiB"
    )
    assert held_up < offered / 2
    assert right == offered
    assert grown - usual < 0.5 * offered * x.nbytes
