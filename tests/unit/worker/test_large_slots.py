"""Large slots lie apart from the session's other values, and change with them or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import redis
from contract import array, spec, tensor
from one_worker import Worker

from edunn_serving import keys
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import step_pb2
from edunn_serving.v1.optimizer_pb2 import OptimizerSpec
from worker.large_slots_reader import load_large_slots
from worker.slots import LARGE_SLOT_BYTES
from worker.store import Committed, Store

X = np.random.default_rng(1).normal(size=(4, 256))
LARGE = keys.large_slots("", "s")


@pytest.fixture
def workers(redis_url: str) -> tuple[Worker, Worker]:
    return Worker(redis_url, "one"), Worker(redis_url, "other")


@pytest.fixture
def store(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url)


def create() -> api.CreateSessionRequest:
    net = spec("net", "Linear", input_size=256, output_size=64)
    return api.CreateSessionRequest(
        session_id="s", layers=[net, spec("loss", "SquaredError")], seed=1
    )


def train_step(step_id: str = "") -> step_pb2.TrainStepRequest:
    return step_pb2.TrainStepRequest(
        session_id="s",
        layer="net",
        inputs=[tensor(X)],
        target=tensor(np.zeros((4, 64))),
        loss="loss",
        optimizer=OptimizerSpec(type="Adam"),
        step_id=step_id,
    )


def weights(worker: Worker) -> np.ndarray:
    (answer,) = worker.run(api.GetParametersRequest(session_id="s", layer="net"))
    return array(answer.parameters["w"])


def slots(store: redis.Redis) -> list[str]:
    names: Any = store.hkeys(LARGE)
    return sorted(name.decode().rpartition("/")[0] for name in names)


def test_workers_in_turn_see_the_latest(workers: tuple[Worker, Worker], store: redis.Redis) -> None:
    one, other = workers
    one.run(create())
    for _ in range(3):
        one.run(train_step())
        other.run(train_step())
    np.testing.assert_array_equal(weights(one), weights(other))
    assert slots(store) == ["optimizer/net", "parameters/net"]
    with store.pipeline(transaction=True) as together:
        together.pttl(LARGE)
        together.pttl(keys.session("", "s"))
        of_slots, of_session = together.execute()
    assert 0 < of_slots <= of_session
    stored = store.hget(keys.session("", "s"), keys.slot("parameters", "net"))
    assert stored is not None
    assert len(stored) < LARGE_SLOT_BYTES  # only where it lies


def test_kept_gradients_are_removed_when_a_step_takes_them(
    workers: tuple[Worker, Worker], store: redis.Redis
) -> None:
    one, other = workers
    forward = api.ForwardRequest(session_id="s", layer="net", inputs=[tensor(X)])
    backward = api.BackwardRequest(
        session_id="s", layer="net", output_gradient=tensor(np.ones((4, 64))), accumulate=True
    )
    one.run(create())
    one.run(forward, backward)
    assert slots(store) == ["gradients/net", "parameters/net"]
    other.run(
        step_pb2.StepRequest(session_id="s", layer="net", optimizer=OptimizerSpec(type="SignGD"))
    )
    assert slots(store) == ["parameters/net"]


def test_nothing_is_left_of_a_deleted_session(
    workers: tuple[Worker, Worker], store: redis.Redis
) -> None:
    one, _ = workers
    one.run(create(), train_step())
    one.run(api.DeleteSessionRequest(session_id="s"))
    assert not store.exists(LARGE)
    # Another one of the same name, in one batch with the end of the first.
    one.run(create())
    first = weights(one)
    one.run(api.DeleteSessionRequest(session_id="s"), create(), train_step())
    assert slots(store) == ["optimizer/net", "parameters/net"]
    assert not np.array_equal(weights(one), first)


def test_commit_that_does_not_count_leaves_nothing(
    workers: tuple[Worker, Worker], store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    one.run(create())
    outcomes: list[Committed] = []
    commit = Store.commit

    def late(self: Store, batch_id: str, *arguments: Any, **named: Any) -> Committed:
        """Commit after another worker has changed the same layer."""
        if self is one.store and not outcomes:
            outcomes.append(Committed.WAIT)
            other.run(train_step())
        outcomes.append(commit(self, batch_id, *arguments, **named))
        return outcomes[-1]

    monkeypatch.setattr(Store, "commit", late)
    (answer,) = one.run(train_step())
    assert answer.steps == 2
    assert outcomes[1:] == [Committed.DONE, Committed.CONFLICT, Committed.DONE]
    assert slots(store) == ["optimizer/net", "parameters/net"]
    np.testing.assert_array_equal(weights(one), weights(other))


def test_slot_that_a_commit_replaces_while_it_is_loaded_is_loaded_again(
    workers: tuple[Worker, Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    one.run(create(), train_step())
    turns = iter([True])

    def after_a_commit(*arguments: Any) -> bool:
        if next(turns, False):
            # It does not only step, so it stores slots.
            one.run(train_step(), api.GetParametersRequest(session_id="s", layer="net"))
        return load_large_slots(*arguments)

    monkeypatch.setattr("worker.store.load_large_slots", after_a_commit)
    (answer,) = other.run(train_step())
    assert answer.steps == 3


def test_full_redis_takes_them_through_the_script(
    workers: tuple[Worker, Worker], store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    one.run(create())
    commit = Store.commit

    def in_full_redis(self: Store, *arguments: Any, **named: Any) -> Committed:
        store.config_set("maxmemory", 1)
        try:
            return commit(self, *arguments, **named)
        finally:
            store.config_set("maxmemory", 0)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "commit", in_full_redis)
        first, second = one.run(train_step("a"), train_step())
    assert (first.steps, second.steps) == (1, 2)
    assert slots(store) == []
    np.testing.assert_array_equal(weights(other), weights(one))
    other.run(train_step())
    np.testing.assert_array_equal(weights(other), weights(one))
    assert slots(store) == ["optimizer/net", "parameters/net"]
