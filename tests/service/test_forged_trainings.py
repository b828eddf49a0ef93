"""Whoever reaches Redis without the shared key changes no training and no data set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import redis
from edunn_client import Client, EdunnError, Session, Training, TrainingState, optimizers
from local_training import BATCH, SEED, add_network
from seals import seal_of
from waiting import await_true

from edunn_serving import keys
from edunn_serving.celery_message import task_message
from edunn_serving.pools import POOLS, TRAINING
from edunn_serving.seal import MARK_BYTES, Seal
from edunn_serving.training_store import SLICE_TASK
from standalone.stack import Stack

ADAM = optimizers.Adam(lr=0.01)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"EDUNN_TRAINING_SLICE_SECONDS": "0.1"}
    folder = tmp_path_factory.mktemp("forged")
    with Stack(folder, workers=1, others={TRAINING: 1}, environment=settings) as running:
        yield running


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.address, timeout=30) as connected:
        yield connected


@pytest.fixture
def session(client: Client) -> Iterator[Session]:
    with client.session(seed=1) as created:
        yield created


@pytest.fixture
def intruder(stack: Stack) -> redis.Redis:
    return stack.redis_client()


def logs(stack: Stack) -> str:
    return "".join(log.read_text() for log in stack.data.glob("*.log"))


def cancelled(session: Session) -> Training:
    """Return a training that has stopped at a checkpoint."""
    training = add_network(session).fit(
        "digits", "loss", ADAM, epochs=100_000, batch_size=BATCH, seed=SEED
    )
    await_true(lambda: training.refresh().progress.share > 0, "the first checkpoint")
    training.cancel()
    assert training.result().state is TrainingState.CANCELLED
    return training


def test_nobody_believes_a_training_that_was_put_there(
    client: Client, intruder: redis.Redis
) -> None:
    with client.session(seed=1) as mine, client.session(seed=2) as theirs:
        training, other = cancelled(mine), cancelled(theirs)
        key = keys.training("", training.training_id)
        own: Any = intruder.hgetall(key)
        anothers: Any = intruder.hgetall(keys.training("", other.training_id))
        # A slice has no seal of its own: the checkpoint's tells it.
        forged = [(b"slice", b"0")]
        for field in (b"record", b"training", b"checkpoint"):
            changed = own[field][:-1] + bytes([own[field][-1] ^ 1])
            forged += [(field, anothers[field]), (field, own[field][MARK_BYTES:]), (field, changed)]
        for field, value in forged:
            intruder.hset(key, field, value)
            for call in (training.refresh, training.resume):
                with pytest.raises(EdunnError) as refused:
                    call()
                assert refused.value.reason == "INTERNAL", (field, value)
            intruder.hset(key, field, own[field])
        assert training.refresh().state is TrainingState.CANCELLED


def test_a_worker_computes_no_training_that_was_put_there(
    stack: Stack, session: Session, intruder: redis.Redis
) -> None:
    training = cancelled(session)
    key = keys.training("", training.training_id)
    before: Any = intruder.hgetall(key)
    intruder.hset(key, "record", before[b"record"][MARK_BYTES:])
    # What a resumption does, by who has no key.
    intruder.rpush(keys.ready_trainings(""), key)
    intruder.zadd(keys.ready_callers(), {"": 0})
    intruder.lpush(TRAINING.queue, task_message(SLICE_TASK, TRAINING.queue, seal_of(stack)))
    await_true(lambda: "a slice is refused" in logs(stack), "the worker's refusal")
    assert intruder.hget(key, "slice") == before[b"slice"]
    await_true(lambda: not intruder.hexists(keys.held_trainings(), key), "the end of its hold")


@pytest.mark.parametrize("key", ["", "k" * 32])
def test_a_worker_runs_no_slice_for_a_task_without_the_key(
    stack: Stack, intruder: redis.Redis, key: str
) -> None:
    message = task_message(SLICE_TASK, TRAINING.queue, Seal(key))
    task = json.loads(message)["headers"]["id"]
    intruder.lpush(TRAINING.queue, message)
    await_true(
        lambda: f"{SLICE_TASK}[{task}]: a task in Redis is not sealed" in logs(stack),
        "the refusal of the task",
    )


def test_a_watcher_believes_no_event_that_was_put_there(
    session: Session, intruder: redis.Redis
) -> None:
    training = cancelled(session)
    stream = keys.training_events("", training.training_id)
    entries: Any = intruder.xrevrange(stream, count=1)
    intruder.xadd(stream, {"event": entries[0][1][b"event"][MARK_BYTES:]})
    with pytest.raises(EdunnError) as refused:
        list(training.events())
    assert refused.value.reason == "INTERNAL"


def test_nobody_believes_a_data_set_that_was_put_there(
    client: Client, intruder: redis.Redis
) -> None:
    for name, value in (("mine", 1.0), ("theirs", 2.0)):
        client.upload_dataset(name, np.full((4, 2), value), np.zeros(4, np.int64))
    theirs: Any = intruder.hget(keys.datasets(""), "theirs")
    own: Any = intruder.hget(keys.datasets(""), "mine")
    for forged in (theirs, own[MARK_BYTES:]):
        intruder.hset(keys.datasets(""), "mine", forged)
        with pytest.raises(EdunnError) as refused:
            client.delete_dataset("mine")
        assert refused.value.reason == "INTERNAL"
    intruder.hset(keys.datasets(""), "mine", own)
    client.delete_dataset("mine")
    client.delete_dataset("theirs")


def test_a_training_goes_on_after_attempts_to_forge(session: Session) -> None:
    training = add_network(session).fit("digits", "loss", ADAM, epochs=1)
    assert training.result().state is TrainingState.SUCCEEDED


def test_bytes_that_are_no_text_stop_no_server(
    stack: Stack, client: Client, intruder: redis.Redis
) -> None:
    servers = [child.pid for child in stack.servers]
    odd, now = b"\xff", int(intruder.time()[0]) + 5
    for pool in POOLS:
        intruder.zadd(pool.signs_of_life, {odd: now})
    intruder.zadd(keys.ready_callers(), {odd: 0})
    intruder.zadd(keys.ended_trainings(), {odd: 0})
    intruder.hset(keys.held_trainings(), odd, odd)
    await_true(lambda: not intruder.hexists(keys.held_trainings(), odd), "the look at trainings")
    await_true(lambda: intruder.zscore(keys.ended_trainings(), odd) is None, "the look at all")
    await_true(lambda: "2 workers: " in logs(stack), "the look at the workers")
    for pool in POOLS:
        intruder.zrem(pool.signs_of_life, odd)
    intruder.zrem(keys.ready_callers(), odd)
    with client.session() as fresh:
        fresh.layer("l", "ReLU").forward(np.ones((2, 2)))
    assert [child.pid for child in stack.servers] == servers
