"""Whoever reaches Redis without the shared key is obeyed by no worker and believed by no server."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import grpc
import pytest
import redis
from celery import Celery
from celery.signals import before_task_publish
from contract import Refusal, forward, new_session, refusal, spec
from pydantic import SecretStr
from seals import seal_of
from waiting import await_true

from edunn_serving import keys
from edunn_serving.batch_message import BatchMessage, OperationHead
from edunn_serving.pools import GRADING, GRADING_TASKS, LAYERS
from edunn_serving.redis_url import RedisUrl
from edunn_serving.replies import Answer
from edunn_serving.seal import MARK_BYTES, ForgedError, Seal
from edunn_serving.settings import Settings
from edunn_serving.task_seal import HEADER
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from server.grading.tasks import Tasks
from standalone.data_folder import KEY_FILE
from standalone.stack import Stack

X = [[1.0, 2.0, 3.0, 4.0]]
STREAM = f"{keys.ROOT}:replies:of-the-test"


@pytest.fixture
def intruder(stack: Stack) -> redis.Redis:
    return stack.redis_client()


def delete_session(session_id: str) -> BatchMessage:
    request = api.DeleteSessionRequest(session_id=session_id).SerializeToString()
    head = OperationHead("DeleteSession", "", session_id, 0, None, None)
    return BatchMessage(secrets.token_hex(8), STREAM, [head], [request])


def put_into_queue(intruder: redis.Redis, batch: BatchMessage, message: bytes) -> None:
    """Do what a server does to send a batch."""
    intruder.rpush(keys.batch(batch.batch_id), "")
    intruder.lpush(LAYERS.queue, message)


def logs(stack: Stack, *names: str) -> str:
    return "".join(log.read_text() for name in names for log in stack.data.glob(f"{name}*.log"))


def test_a_worker_obeys_a_batch_with_the_key_and_none_without(
    stack: Stack, stub: LayerServiceStub, intruder: redis.Redis
) -> None:
    session = new_session(stub, spec("drop", "Dropout", p=0.5))
    batch = delete_session(session)
    seals = {
        "none": batch.encode(),
        "another key's": Seal("k" * 32).close("batch", batch.encode()),
        "another kind's": seal_of(stack).close("reply", batch.encode(), STREAM),
        "cut off": seal_of(stack).close("batch", batch.encode())[:-1],
    }
    for message in seals.values():
        put_into_queue(intruder, batch, message)
    await_true(lambda: not intruder.llen(LAYERS.queue), "the reading of the forged batches")
    # This call comes after them in the same queue.
    forward(stub, session, "drop", X)
    assert not intruder.exists(STREAM)
    assert "not sealed with the key of this service" in logs(stack, "worker")

    put_into_queue(intruder, batch, seal_of(stack).close("batch", batch.encode()))
    await_true(lambda: bool(intruder.exists(STREAM)), "the answer to the genuine batch")
    intruder.delete(STREAM, keys.batch(batch.batch_id))
    gone = refusal(lambda: forward(stub, session, "drop", X))
    assert gone.reason == "SESSION_NOT_FOUND"


def record_of(intruder: redis.Redis, session_id: str) -> bytes:
    record: Any = intruder.hget(keys.session("", session_id), keys.RECORD)
    assert isinstance(record, bytes)
    return record


@pytest.mark.parametrize("change", ["another session's", "without a seal", "changed"])
def test_a_worker_believes_no_record_that_was_put_there(
    stack: Stack, stub: LayerServiceStub, intruder: redis.Redis, change: str
) -> None:
    victim, other = (new_session(stub, spec("drop", "Dropout", p=p)) for p in (0.5, 0.25))
    own, anothers = (record_of(intruder, each) for each in (victim, other))
    forged = {
        "another session's": anothers,
        "without a seal": own[MARK_BYTES:],
        "changed": own[:-1] + bytes([own[-1] ^ 1]),
    }[change]
    # With another revision no worker takes the record that it has ready.
    intruder.hset(keys.session("", victim), mapping={keys.RECORD: forged, keys.REVISION: "forged"})
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetSession(api.GetSessionRequest(session_id=victim), timeout=30)
    assert Refusal(caught.value).reason == "INTERNAL"
    # By its id the caller's call is found in the worker's log.
    sent_back: Any = caught.value.trailing_metadata()
    assert dict(sent_back)["edunn-request-id"] in logs(stack, "worker")


def test_a_worker_believes_no_parameters_that_were_put_there(
    stub: LayerServiceStub, intruder: redis.Redis
) -> None:
    victim, other = (new_session(stub, spec("linear", "Linear", input_size=4, output_size=2))
                     for _ in range(2))  # fmt: skip
    field = keys.slot("parameters", "linear")
    anothers = intruder.hget(keys.session("", other), field)
    assert anothers is not None
    version = keys.version("parameters", "linear")
    intruder.hset(
        keys.session("", victim), mapping={field: anothers, version: 99, keys.REVISION: "forged"}
    )
    refused = refusal(lambda: forward(stub, victim, "linear", X))
    assert refused.reason == "INTERNAL"


def test_a_worker_believes_no_large_parameters_that_were_put_there(
    stub: LayerServiceStub, intruder: redis.Redis
) -> None:
    large = spec("linear", "Linear", input_size=4, output_size=4000)
    victim, other = (new_session(stub, large) for _ in range(2))
    (anothers,) = intruder.hvals(keys.large_slots("", other))
    names: list[Any] = intruder.hkeys(keys.large_slots("", victim))
    intruder.hset(keys.large_slots("", victim), names[0], anothers)
    # No worker may take the parameters that it has ready.
    intruder.hset(keys.session("", victim), keys.REVISION, "forged")
    refused = refusal(lambda: forward(stub, victim, "linear", X))
    assert refused.reason == "INTERNAL"


def test_a_server_believes_no_reply_without_the_key(
    stack: Stack, stub: LayerServiceStub, intruder: redis.Redis
) -> None:
    (stream,) = (str(each, "utf-8") for each in intruder.scan_iter(keys.replies("*")))
    forged = Answer("batch", [], "worker").encode()
    for data in (forged, Seal("k" * 32).close("reply", forged, stream)):
        entry: Any = intruder.xadd(stream, {"batch": data})
        intruder.publish(stream, entry + b" " + data)
    await_true(
        lambda: logs(stack, "server").count("an entry of the replies is refused") >= 2,
        "the refusal of the forged replies",
    )
    session = new_session(stub, spec("drop", "Dropout", p=0.5))
    forward(stub, session, "drop", X)


def test_the_key_is_for_its_owner_alone_and_in_no_environment(stack: Stack) -> None:
    path = stack.data / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    key = path.read_text().strip()
    for child in (stack.redis, *stack.workers, *stack.other_workers, *stack.servers):
        for kind in ("environ", "cmdline"):
            assert key.encode() not in Path(f"/proc/{child.pid}/{kind}").read_bytes()
    for log in stack.data.glob("*.log"):
        assert key not in log.read_text()


@pytest.mark.parametrize("sealed", ["not", "with another key", "for other arguments", "genuinely"])
def test_a_worker_runs_a_task_with_the_key_and_none_without(
    stack: Stack, intruder: redis.Redis, sealed: str
) -> None:
    name = GRADING_TASKS.try_assignment
    arguments = [keys.grading_trial(secrets.token_hex(8)), "no assignment"]
    key = Seal("k" * 32) if sealed == "with another key" else seal_of(stack)
    signed = arguments if sealed != "for other arguments" else [*arguments[:1], "another"]
    mark = key.mark("task", json.dumps([signed, {}]).encode(), name).hex()
    sender = Celery(broker=RedisUrl.parse(stack.redis_url).broker_url, set_as_current=False)
    headers = {} if sealed == "not" else {HEADER: mark}
    before = logs(stack, "grading-worker")
    task = sender.send_task(name, arguments, queue=GRADING.queue, headers=headers)
    await_true(
        lambda: task.id in logs(stack, "grading-worker").removeprefix(before),
        "a log line of the task's failure",
    )
    # The genuine one fails too, but at its work.
    said = logs(stack, "grading-worker").removeprefix(before)
    assert ("not sealed with the key of this service" in said) is (sealed != "genuinely")


@pytest.mark.parametrize("when", ["it has succeeded", "it has failed"])
def test_a_worker_sends_no_task_after_a_genuine_one(
    stack: Stack, intruder: redis.Redis, when: str
) -> None:
    judge, arguments = GRADING_TASKS.judge, ["no attempt", 1]
    mark = seal_of(stack).mark("task", json.dumps([arguments, {}]).encode(), judge).hex()
    sender = Celery(broker=RedisUrl.parse(stack.redis_url).broker_url, set_as_current=False)
    # A worker would seal it, as it seals what it sends itself.
    follower = sender.signature(GRADING_TASKS.draw, ["forged"], immutable=True)
    follower.set(queue=GRADING.queue)
    links = {"link" if when == "it has succeeded" else "link_error": follower}
    task = sender.send_task(judge, arguments, queue=GRADING.queue, headers={HEADER: mark}, **links)
    await_true(
        lambda: f"{judge}[{task.id}]: a task that others follow" in logs(stack, "grading-worker"),
        "the refusal of the task",
    )


def test_a_server_believes_no_result_of_a_trial_without_the_key(
    stack: Stack, intruder: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = secrets.token_hex(8)
    monkeypatch.setattr("server.grading.tasks.secrets.token_hex", lambda size: trial)
    tasks = Tasks(
        Settings(redis_url=RedisUrl.parse(stack.redis_url), shared_key=SecretStr("k" * 32))
    )
    intruder.rpush(keys.grading_trial(trial), "[]")
    try:
        with pytest.raises(ForgedError):
            tasks.try_assignment("")
    finally:
        before_task_publish.disconnect(dispatch_uid=HEADER)
