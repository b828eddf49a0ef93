"""Replies that are not what a server expects: it says so, and goes on."""

from __future__ import annotations

from pathlib import Path

import grpc
import numpy as np
from contract import UNLIMITED, forward, new_session, refusal, spec, tensor
from processes import frozen
from seals import seal_of
from waiting import await_true, await_workers

from edunn_serving import keys
from edunn_serving.pools import LAYERS
from edunn_serving.replies import Answer
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

X = np.ones((2, 3))


def test_reply_with_too_few_results_blocks_no_session(tmp_path: Path) -> None:
    with (
        Stack(tmp_path, workers=1, others={}) as stack,
        grpc.insecure_channel(stack.address, UNLIMITED) as channel,
    ):
        stub = LayerServiceStub(channel)
        session = new_session(stub, spec("drop", "Dropout", p=0.5))
        redis = stack.redis_client()
        (replies,) = redis.keys(keys.replies("*"))
        assert isinstance(replies, bytes)
        request = api.ForwardRequest(session_id=session, layer="drop", inputs=[tensor(X)])
        with frozen(stack.workers[0]):
            call = stub.Forward.future(request, timeout=60)
            await_true(lambda: len(redis.keys(keys.batch("*"))) == 1, "the batch's departure")
            (batch,) = redis.keys(keys.batch("*"))
            assert isinstance(batch, bytes)
            batch_id = batch.decode().removeprefix(keys.batch(""))
            # Nobody publishes them: the server looks into its stream after a while.
            redis.xadd(replies, {"nonsense": "x"})
            answer = Answer(batch_id, [], "").encode()
            redis.xadd(replies, {batch_id: seal_of(stack).close("reply", answer, replies.decode())})
            assert refusal(call.result).reason == "INTERNAL"
        assert forward(stub, session, "drop", X).forward_id


def test_operation_whose_batch_a_living_worker_loses_is_given_up_at_last(tmp_path: Path) -> None:
    """Each loss counts as a death of the operation: nothing is sent again for ever."""
    with (
        Stack(tmp_path, workers=1, others={}) as stack,
        grpc.insecure_channel(stack.address, UNLIMITED) as channel,
    ):
        stub = LayerServiceStub(channel)
        session = new_session(stub, spec("drop", "Dropout", p=0.5))
        redis, (worker,) = stack.redis_client(), stack.workers
        stack.remove_worker(worker)
        # A worker that gives signs of life, takes each message, and does nothing.
        redis.zadd(LAYERS.signs_of_life, {"forgetful-1-0": 2**40})
        request = api.ForwardRequest(session_id=session, layer="drop", inputs=[tensor(X)])
        call = stub.Forward.future(request, timeout=120)
        for _ in range(2):
            await_true(lambda: redis.rpop(LAYERS.queue) is not None, "the batch's message")
        assert refusal(call.result).reason == "INTERNAL"
        redis.zrem(LAYERS.signs_of_life, "forgetful-1-0")
        stack.add_worker()
        await_workers(stack)
        assert forward(stub, session, "drop", X).forward_id
