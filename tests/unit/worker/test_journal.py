"""A batch of steps stores its requests in place of the slots, and any worker takes them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import redis
from contract import array, spec, tensor
from google.protobuf.message import Message
from one_worker import Worker

from edunn_serving import keys
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import step_pb2
from edunn_serving.v1.optimizer_pb2 import OptimizerSpec
from worker import journal

RNG = np.random.default_rng(1)
SMALL, LARGE = RNG.normal(size=(4, 256)), RNG.normal(size=(64, 256))
# Eight such requests do not lie apart, and take more bytes than the parameters.
MEDIUM = RNG.normal(size=(16, 256))
PARTS = [
    {"type": "Linear", "config": {"input_size": 256, "output_size": 96}},
    {"type": "BatchNorm", "config": {"num_features": 96}},
    {"type": "Dropout", "config": {"p": 0.5}},
    {"type": "Linear", "config": {"input_size": 96, "output_size": 8}},
]
SESSION = keys.session("", "s")


@pytest.fixture
def workers(redis_url: str) -> tuple[Worker, Worker]:
    return Worker(redis_url, "one"), Worker(redis_url, "other")


@pytest.fixture
def store(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url)


def create(session_id: str = "s") -> api.CreateSessionRequest:
    layers = [spec("net", "Sequential", layers=PARTS), spec("loss", "SquaredError")]
    return api.CreateSessionRequest(session_id=session_id, layers=layers, seed=7)


def step(
    x: np.ndarray = SMALL, step_id: str = "", session_id: str = "s", kind: str = "Adam"
) -> step_pb2.TrainStepRequest:
    return step_pb2.TrainStepRequest(
        session_id=session_id,
        layer="net",
        inputs=[tensor(x)],
        target=tensor(np.ones((len(x), 8))),
        loss="loss",
        optimizer=OptimizerSpec(type=kind),
        step_id=step_id,
    )


def read(session_id: str = "s") -> api.GetParametersRequest:
    return api.GetParametersRequest(session_id=session_id, layer="net")


def arrays(worker: Worker, session_id: str = "s") -> dict[str, bytes]:
    (answer,) = worker.run(read(session_id))
    return {name: array(each).tobytes() for name, each in answer.parameters.items()}


def stored_journal(store: redis.Redis) -> str:
    found: Any = store.hget(SESSION, keys.JOURNAL)
    return (found or b"").decode()


def step_keys(store: redis.Redis) -> list[bytes]:
    found: Any = store.keys(keys.journaled_steps("", "s", "*"))
    return sorted(found)


def undisturbed(worker: Worker, *batches: Sequence[Message]) -> dict[str, bytes]:
    """Return the parameters after batches of which each stores its slots."""
    worker.run(create("t"))
    for batch in batches:
        again: list[Any] = []
        for request in batch:
            again.append(type(request)())
            again[-1].CopyFrom(request)
            again[-1].session_id = "t"
        worker.run(*again, read("t"))
    return arrays(worker, "t")


def test_worker_that_lacks_the_steps_takes_them_again(
    workers: tuple[Worker, Worker], store: redis.Redis
) -> None:
    one, other = workers
    forward = api.ForwardRequest(session_id="s", layer="net", inputs=[tensor(SMALL)])
    backward = api.BackwardRequest(
        session_id="s", layer="net", output_gradient=tensor(np.ones((4, 8))), accumulate=True
    )
    batches: list[list[Message]] = [
        # The first step stores its slots, because the session's record changes.
        [forward, backward, step()],
        [forward, backward],
        [step(LARGE), step(SMALL, "a")],
        [step(SMALL * np.inf), step(LARGE, "b"), step()],
        [step(kind="SignGD")],
        [step(LARGE)],
    ]
    one.run(create())
    for batch in batches[:4]:
        one.run(*batch)
    before = store.hgetall(keys.large_slots("", "s"))
    assert len(stored_journal(store).split("/")) == 2 + 2
    assert len(step_keys(store)) == 2 + 2 + 2  # each batch's steps, and the large batches' requests
    other.run(*batches[4])
    # It does not leave them to a third worker.
    assert (stored_journal(store), step_keys(store)) == ("", [])
    assert store.hgetall(keys.large_slots("", "s")) != before
    one.run(*batches[5])
    expected = undisturbed(one, *batches)
    assert arrays(other) == expected
    assert arrays(one) == expected


def test_slots_are_as_before_and_steps_live_as_long_as_the_session(
    workers: tuple[Worker, Worker], store: redis.Redis
) -> None:
    one, _ = workers
    one.run(create(), step())
    before = store.hgetall(keys.large_slots("", "s"))
    for _ in range(2):
        one.run(step(LARGE))
    assert store.hgetall(keys.large_slots("", "s")) == before
    assert len(step_keys(store)) == 4
    for key in step_keys(store):
        assert abs(store.pttl(key) - store.pttl(SESSION)) < 1000


def test_repeated_step_answers_the_same_after_another_worker_has_died(
    workers: tuple[Worker, Worker], store: redis.Redis
) -> None:
    one, other = workers
    one.run(create(), step())
    (first,) = one.run(step(LARGE, "a"))
    assert stored_journal(store)
    (again, exists) = other.run(step(LARGE, "a"), step(SMALL, "a"))
    assert (again, exists) == (first, "STEP_EXISTS")
    assert arrays(other) == undisturbed(one, [step()], [step(LARGE, "a")])


@pytest.mark.parametrize(
    "request_", [read(), api.ForwardRequest(session_id="s", layer="loss")], ids=["read", "refused"]
)
@pytest.mark.parametrize("by_another", [False, True])
def test_whatever_else_uses_the_session_ends_the_journal(
    workers: tuple[Worker, Worker], store: redis.Redis, request_: Message, by_another: bool
) -> None:
    one, other = workers
    one.run(create(), step())
    one.run(step(LARGE))
    assert stored_journal(store)
    workers[by_another].run(request_)
    assert (stored_journal(store), step_keys(store)) == ("", [])
    (answer,) = one.run(step())
    assert answer.steps == 3
    assert arrays(other) == undisturbed(one, [step()], [step(LARGE)], [step()])


def test_worker_whose_steps_another_has_stored_goes_on_from_there(
    workers: tuple[Worker, Worker],
) -> None:
    one, other = workers
    one.run(create(), step())
    steps = [each.run(step(LARGE))[0].steps for each in (one, other, one, one, other, other, one)]
    assert steps == [2, 3, 4, 5, 6, 7, 8]
    assert arrays(other) == undisturbed(one, [step()], *[[step(LARGE)]] * 7)


@pytest.mark.parametrize("limit", ["MOST_BATCHES", "MOST_BYTES", "MOST_SECONDS"])
def test_journal_is_bounded(
    workers: tuple[Worker, Worker],
    store: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
) -> None:
    one, other = workers
    monkeypatch.setattr(
        journal, limit, {"MOST_BATCHES": 2, "MOST_BYTES": 300_000, "MOST_SECONDS": 0.0}[limit]
    )
    one.run(create(), step())
    lengths: list[int] = []
    for _ in range(6):
        one.run(step(LARGE))
        lengths.append(len(step_keys(store)) // 2)
    assert lengths == ([0] * 6 if limit == "MOST_SECONDS" else [1, 2, 0] * 2)
    assert arrays(other) == undisturbed(one, [step()], *[[step(LARGE)]] * 6)


def test_small_layers_and_steps_as_large_as_slots_are_stored(
    workers: tuple[Worker, Worker], store: redis.Redis
) -> None:
    one, _ = workers
    small = spec("net", "Linear", input_size=256, output_size=8)
    one.run(
        api.CreateSessionRequest(
            session_id="s", layers=[small, spec("loss", "SquaredError")], seed=7
        ),
        step(kind="GradientDescent"),
    )
    one.run(step(kind="GradientDescent"))
    assert not stored_journal(store)
    one.run(api.DeleteSessionRequest(session_id="s"), create(), step(kind="SignGD"))
    one.run(*[step(MEDIUM, kind="SignGD")] * 8)
    assert not stored_journal(store)


def test_requests_that_lie_apart_are_journaled_although_they_are_larger_than_the_slots(
    workers: tuple[Worker, Worker], store: redis.Redis
) -> None:
    one, other = workers
    first = step(kind="SignGD")
    large = step(RNG.normal(size=(512, 256)), kind="SignGD")
    one.run(create(), first)
    one.run(large)
    assert len(step_keys(store)) == 2
    assert arrays(other) == undisturbed(one, [first], [large])


def test_nothing_is_left_of_a_deleted_session(
    workers: tuple[Worker, Worker], store: redis.Redis
) -> None:
    one, other = workers
    one.run(create(), step())
    one.run(step(LARGE))
    other.run(api.DeleteSessionRequest(session_id="s"))
    assert not store.keys(f"{keys.ROOT}:{{/s}}*")
    one.run(create())
    one.run(step())
    one.run(step(LARGE))
    one.run(api.DeleteSessionRequest(session_id="s"), create())
    assert (stored_journal(store), step_keys(store)) == ("", [])


def test_journaled_steps_count_for_the_caller(
    workers: tuple[Worker, Worker], store: redis.Redis
) -> None:
    def counted() -> int:
        found: Any = store.hget(keys.state_bytes(""), "")
        return int(found)

    one, other = workers
    one.run(create(), step())
    stored = counted()
    one.run(step(LARGE))
    assert counted() - stored == pytest.approx(LARGE.nbytes, rel=0.1)
    other.run(read())
    assert counted() == pytest.approx(stored, rel=0.01)


def test_commit_that_does_not_count_journals_nothing(
    workers: tuple[Worker, Worker], store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    one.run(create(), step())
    commit = type(one.store).commit
    turns = iter([True])

    def late(self: Any, *arguments: Any, **named: Any) -> Any:
        if self is one.store and next(turns, False):
            other.run(step(LARGE))
        return commit(self, *arguments, **named)

    monkeypatch.setattr(type(one.store), "commit", late)
    (answer,) = one.run(step(LARGE))
    assert answer.steps == 3
    assert arrays(other) == undisturbed(one, [step()], *[[step(LARGE)]] * 2)
