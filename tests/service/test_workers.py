"""Any worker serves any request, and the loss of a worker is nobody's loss."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest
from contract import array, backward, forward, new_session, refusal, spec
from edunn_client import Client
from waiting import await_true, await_workers
from worker_ids import live_workers

from edunn_serving.batch_message import BatchMessage, OperationHead
from edunn_serving.pools import GRADING, GRADING_TASKS, LAYERS, TRAINING, Pool
from edunn_serving.training_store import SLICE_TASK
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack, is_serving

DROP = spec("drop", "Dropout", p=0.5)
X = np.random.default_rng(1).uniform(1, 2, (8, 64))


def test_backward_matches_a_forward_that_another_worker_ran(tmp_path: Path) -> None:
    with (
        Stack(tmp_path, workers=1, others={}) as stack,
        grpc.insecure_channel(stack.address) as channel,
    ):
        stub = LayerServiceStub(channel)
        session = new_session(stub, DROP)
        y = array(forward(stub, session, "drop", X).output)
        first = live_workers(stack)
        old = stack.workers[0]
        stack.add_worker()
        await_true(lambda: len(live_workers(stack)) == 2, "the second worker's first heartbeat")
        stack.remove_worker(old)
        await_true(lambda: not first & live_workers(stack), "the first worker's goodbye")
        gradient = array(backward(stub, session, "drop", np.ones_like(X)).input_gradient)
        np.testing.assert_array_equal(gradient, np.where(y != 0, 2.0, 0.0))


def test_killed_worker_costs_no_answer_and_changes_no_mask(tmp_path: Path) -> None:
    def outputs(client: Client, disturb: Callable[[], None]) -> list[bytes]:
        def run(seed: int) -> bytes:
            with client.session(seed=seed) as session:
                layer = session.layer("drop", "Dropout", p=0.5)
                return b"".join(layer.forward(X, forward_id="").tobytes() for _ in range(20))

        with ThreadPoolExecutor(16) as threads:
            running = [threads.submit(run, seed) for seed in range(32)]
            disturb()
            return [each.result(timeout=60) for each in running]

    with (
        Stack(tmp_path, workers=2, others={}) as stack,
        Client(stack.address, timeout=60) as client,
    ):
        await_workers(stack)
        undisturbed = outputs(client, lambda: None)
        killed = outputs(client, lambda: os.kill(stack.workers[0].pid, signal.SIGKILL))
        assert killed == undisturbed


def test_without_a_worker_calls_are_refused_within_the_bounded_wait(tmp_path: Path) -> None:
    settings = {"EDUNN_WORKER_WAIT_SECONDS": "0.5"}
    with (
        Stack(tmp_path, workers=1, others={}, environment=settings) as stack,
        grpc.insecure_channel(stack.address) as channel,
    ):
        stub = LayerServiceStub(channel)
        session = new_session(stub, DROP)
        stack.remove_worker(stack.workers[0])
        refused = refusal(lambda: forward(stub, session, "drop", X))
        assert refused.code == grpc.StatusCode.UNAVAILABLE
        assert refused.retry_seconds > 0
        stack.add_worker()
        stack.await_serving(stack.address)
        forward(stub, session, "drop", X)


def test_redis_away_is_unavailable_and_heals_with_its_sessions(tmp_path: Path) -> None:
    with (
        Stack(tmp_path, workers=1, others={}) as stack,
        grpc.insecure_channel(stack.address) as channel,
    ):
        stub = LayerServiceStub(channel)
        session = new_session(stub, DROP)
        y = array(forward(stub, session, "drop", X).output)
        # The append-only file is written once a second at the latest.
        await_true(lambda: _is_on_disk(stack), "the write to the append-only file")
        stack.pause_supervision()
        os.kill(stack.redis.pid, signal.SIGKILL)
        refused = refusal(lambda: forward(stub, session, "drop", X))
        assert refused.code == grpc.StatusCode.UNAVAILABLE
        await_true(lambda: not is_serving(channel), "NOT_SERVING")
        stack.resume_supervision()
        stack.await_serving(stack.address)
        gradient = array(backward(stub, session, "drop", np.ones_like(X)).input_gradient)
        np.testing.assert_array_equal(gradient, np.where(y != 0, 2.0, 0.0))


def _is_on_disk(stack: Stack) -> bool:
    info = stack.redis_client().info("persistence")
    return bool(info["aof_pending_bio_fsync"] == 0 and info["aof_buffer_length"] == 0)


@pytest.mark.parametrize(
    "message",
    [
        b"\xff\x00no JSON",
        b"",
        b"{}",
        b"[]",
        b"[[], {}, {}]",
        BatchMessage("batch", "stream", [], []).encode(),
        BatchMessage("", "", [OperationHead("Forward", "", "s", 0, "", "")], [b""]).encode(),
        b"[" * 100_000,
        b'{"body": "W10=", "headers": {"task": "celery.backend_cleanup", "id": "1"}}',
    ],
)
def test_message_that_is_no_batch_is_dropped(stack: Stack, client: Client, message: bytes) -> None:
    starts = [worker.starts for worker in stack.workers]
    redis = stack.redis_client()
    for _ in stack.workers:
        redis.lpush(LAYERS.queue, message)
    await_true(lambda: redis.llen(LAYERS.queue) == 0, "the reading of the messages")
    with client.session(seed=1) as session:
        session.layer("drop", "Dropout", p=0.5).forward(np.ones((2, 3)))
    assert [worker.starts for worker in stack.workers] == starts


def task_message(content: object, **fields: object) -> bytes:
    """Return a message in kombu's form, whose content need not be that of a task."""
    message = {
        "body": base64.b64encode(json.dumps(content).encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {},
        "properties": {
            "delivery_tag": "1",
            "delivery_info": {"exchange": "", "routing_key": ""},
            "body_encoding": "base64",
        },
    }
    return json.dumps(message | fields).encode()


def no_tasks(task: str) -> Iterator[bytes]:
    """Yield messages that are no task, each wrong in another way."""
    yield from (b"", b"no JSON", b"\xff\xfe", b"[" * 100_000, b"5", b"null", b"[]", b"{}")
    yield task_message([], headers=5)
    yield task_message([], properties=[])
    yield task_message([], properties={"delivery_tag": 1, "delivery_info": {}})
    yield task_message([], body="no base64")
    yield task_message([], body=3)
    yield task_message([])
    headers = {"task": task, "id": "an id", "lang": "py"}
    contents: list[object] = [
        5,
        None,
        [],
        {},
        [[]],
        [1, 2, 3],
        [[], {}, 5],
        [[], {}, {}],
        [{}, [], {}],
    ]
    for content in contents:
        yield task_message(content, headers=headers)
    yield task_message([[], {}, {}], headers={**headers, "id": 5, "eta": "never", "retries": "x"})
    yield task_message([[], {}, {}], headers={**headers, "task": 5})


@pytest.mark.parametrize(
    ("pool", "task"),
    [(GRADING, GRADING_TASKS.judge), (TRAINING, SLICE_TASK)],
    ids=["grading", "training"],
)
def test_message_that_is_no_task_is_dropped(stack: Stack, pool: Pool, task: str) -> None:
    (worker,) = (each for each in stack.other_workers if each.name.startswith(pool.process))
    starts, log = worker.starts, stack.data / f"{worker.name}.log"
    redis = stack.redis_client()
    await_true(lambda: redis.zcard(pool.signs_of_life) > 0, "the worker")
    for message in (*no_tasks(task), f'"the last of {pool.queue}"'.encode()):
        redis.lpush(pool.queue, message)
    await_true(lambda: f"the last of {pool.queue}" in log.read_text(), "the last message")
    assert worker.starts == starts
