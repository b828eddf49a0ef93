"""What a batch may bring, what a session may keep, and how often Redis is asked in vain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import redis
from contract import array, spec, tensor
from google.protobuf.message import Message
from one_worker import Worker

from edunn_serving import keys
from edunn_serving.setting_types import MEBIBYTE
from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1 import step_pb2
from worker import batch_run, engine, store

ORDER = keys.context_order("", "s")
SESSION = keys.session("", "s")
X = np.ones((1, 8))
RELU = spec("relu", "ReLU")


def create(session_id: str = "s") -> api.CreateSessionRequest:
    return api.CreateSessionRequest(session_id=session_id, layers=[RELU], seed=1)


def forward(x: np.ndarray = X, session_id: str = "s", **fields: Any) -> api.ForwardRequest:
    return api.ForwardRequest(session_id=session_id, layer="relu", inputs=[tensor(x)], **fields)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def test_contexts_of_a_session_are_bounded_in_number(redis_url: str, client: redis.Redis) -> None:
    worker = Worker(redis_url, "worker", session_context_count=10)
    worker.run(create(), *(forward() for _ in range(30)))
    assert client.lrange(ORDER, 0, -1) == [f"context/relu/#{at}".encode() for at in range(21, 31)]
    backward = api.BackwardRequest(session_id="s", layer="relu", output_gradient=tensor(X))
    backward.forward_id = "#20"
    assert worker.run(backward) == ["CONTEXT_EVICTED"]
    backward.forward_id = "#21"
    (answer,) = worker.run(backward)
    np.testing.assert_array_equal(array(answer.input_gradient), X)


@pytest.mark.parametrize("limit", [{"session_context_count": 10}, {"session_context_bytes": 1500}])
def test_one_script_evicts_a_few_hundred_and_the_next_ones_the_rest(
    redis_url: str, client: redis.Redis, limit: dict[str, int]
) -> None:
    def calls(command: str) -> int:
        return int(client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})["calls"])

    Worker(redis_url, "worker").run(create(), *(forward() for _ in range(900)))
    before = calls("lpop"), calls("evalsha")
    Worker(redis_url, "other", **limit).run(forward())
    kept = client.llen(ORDER)
    assert kept <= 10
    evicted, scripts = calls("lpop") - before[0], calls("evalsha") - before[1]
    assert evicted == 901 - kept
    # One script takes the batch, one commits it, and others evict on.
    assert scripts - 1 >= evicted / store.EVICTION_STEPS


def test_batch_whose_answers_are_enough_leaves_the_rest_to_another(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_run, "MAX_BATCH_RESULT_BYTES", MEBIBYTE)
    worker = Worker(redis_url, "worker")
    worker.run(create("s"), create("t"))
    x = np.ones((100_000,))
    *of_s, of_t = worker.run(*(forward(x, each, untracked=True) for each in "ssst"))
    done = [each != "AGAIN" for each in of_s]
    # Of each session the first are done: their order stays.
    assert done == sorted(done, reverse=True)
    assert 1 <= sum(done) + (of_t != "AGAIN") <= 2
    # What is left counts for nothing, not even in the numbers of forwards.
    (answer,) = worker.run(forward(session_id="s"))
    assert answer.forward_id == f"#{sum(done) + 1}"


@pytest.mark.parametrize("times", ["first", "again"])
def test_answer_without_room_at_the_server_is_not_computed(redis_url: str, times: str) -> None:
    worker = Worker(redis_url, "worker")
    worker.run(create("s"), create("t"))
    large = forward(np.ones((100_000,)), "s")
    if times == "again":
        # The worker knows by now that it may run such a forward.
        worker.run(large)
    number = 2 if times == "again" else 1
    *of_s, of_t = worker.run(large, forward(session_id="s"), forward(session_id="t"), answer_room=0)
    # What follows in the session waits too. Other sessions do not.
    assert of_s == ["AGAIN", "AGAIN"]
    assert of_t.forward_id == "#1"
    room, none, _ = worker.wanted_room
    assert 800_000 <= room < 900_000
    assert none == 0
    (answer,) = worker.run(large, answer_room=room)
    assert answer.forward_id == f"#{number}"


def test_gradients_parameters_and_models_need_room_too(redis_url: str) -> None:
    worker = Worker(redis_url, "worker")
    wide = spec("linear", "Linear", input_size=1, output_size=100_000, initializer="Zero")
    worker.run(api.CreateSessionRequest(session_id="s", layers=[wide]))
    one = tensor(np.ones((1, 1)))
    worker.run(api.ForwardRequest(session_id="s", layer="linear", inputs=[one]))
    gradient = tensor(np.ones((1, 100_000)))
    for request in (
        api.BackwardRequest(session_id="s", layer="linear", output_gradient=gradient),
        api.GetParametersRequest(session_id="s", layer="linear"),
        api.ExportModelRequest(session_id="s", layer="linear"),
    ):
        assert worker.run(request, answer_room=0) == ["AGAIN"]
        (room,) = worker.wanted_room
        assert room >= 800_000
        (answer,) = worker.run(request, answer_room=room)
        assert answer != "AGAIN"


LONG = spec("long", "RNN", input_dim=1, output_dim=1, hidden_dim=4)
LONG_X = tensor(np.ones((1, 20_000, 1)))


def long_forward(session_id: str = "s") -> api.ForwardRequest:
    return api.ForwardRequest(
        session_id=session_id, layer="long", inputs=[LONG_X], forward_id="long"
    )


def long_calls() -> dict[str, Message]:
    """Return one call of each kind that may take long, by its name, in an order that they need."""
    gradient = tensor(np.ones((1, 20_000, 1)))
    backward = api.BackwardRequest(
        session_id="s", layer="long", forward_id="long", output_gradient=gradient
    )
    wide = spec("wide", "Linear", input_size=2000, output_size=2000)
    step = step_pb2.TrainStepRequest(
        session_id="s", layer="long", loss="loss", inputs=[LONG_X], target=gradient,
        optimizer={"type": "GradientDescent"},
    )  # fmt: skip
    many = [spec(f"wide-{at}", "Linear", input_size=1000, output_size=700) for at in range(6)]
    return {
        "Forward": long_forward(),
        "Backward": backward,
        "TrainStep": step,
        "AddLayer": api.AddLayerRequest(session_id="s", layer=wide),
        "CreateSession": api.CreateSessionRequest(session_id="new", layers=many),
    }


def test_long_operation_of_a_shared_batch_is_left_to_another(redis_url: str) -> None:
    worker = Worker(redis_url, "worker")
    loss = spec("loss", "SquaredError")
    worker.run(api.CreateSessionRequest(session_id="s", layers=[LONG, RELU, loss]), create("t"))
    for name, call in long_calls().items():
        for _ in range(2):
            first, behind, other = worker.run(call, forward(), forward(session_id="t"))
            assert first == "AGAIN", name
            # Only operations of its own session wait for it.
            assert (behind == "AGAIN") == (name != "CreateSession"), name
            assert other.forward_id, name
            assert worker.seconds[0] >= 0.04 > max(worker.seconds[1:]), name
        # With operations of its own session it runs.
        (answer,) = worker.run(call)
        assert isinstance(answer, Message), (name, answer)


def test_sessions_that_have_waited_for_long_are_left_to_another_batch(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_run, "LONGEST_SHARED_SECONDS", 0.0)
    worker = Worker(redis_url, "worker")
    worker.run(create("s"))
    worker.run(create("t"))
    *of_s, of_t = worker.run(forward(), forward(), forward(session_id="t"))
    # The session that has begun is finished.
    assert of_s == ["AGAIN", "AGAIN"]
    assert of_t.forward_id == "#1"
    assert worker.seconds[:2] == (0.0, 0.0)
    first, second = worker.run(forward(), forward())
    assert (first.forward_id, second.forward_id) == ("#1", "#2")


def test_context_counts_in_what_a_batch_brings(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_run, "MAX_BATCH_RESULT_BYTES", 10_000)
    worker = Worker(redis_url, "worker")
    worker.run(create())
    x = np.ones((1000,))
    tracked = worker.run(*(forward(x[:600]) for _ in range(6)))
    untracked = worker.run(*(forward(x[:600], untracked=True) for _ in range(6)))
    assert tracked.count("AGAIN") == untracked.count("AGAIN") == 3
    # A context of 8 KB or so counts beside the answer.
    gelu = spec("gelu", "GELU")
    worker.run(api.AddLayerRequest(session_id="s", layer=gelu))
    request = api.ForwardRequest(session_id="s", layer="gelu", inputs=[tensor(x[:600])])
    assert worker.run(*[request] * 6).count("AGAIN") == 4


def test_answer_that_redis_never_takes_is_given_up_after_a_few_tries(
    redis_url: str, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "REDIS_RETRY_SECONDS", 0.01)
    worker = Worker(redis_url, "worker")
    config = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "padding": [200, 200]}
    worker.run(create(), api.AddLayerRequest(session_id="s", layer=spec("pad", "Conv2d", **config)))
    client.config_set("proto-max-bulk-len", MEBIBYTE)
    before = client.info("commandstats")["cmdstat_time"]["calls"]
    try:
        # The request fits, its answer of 1.3 MB does not.
        one = tensor(np.ones((1, 1, 1, 1)))
        request = api.ForwardRequest(session_id="s", layer="pad", inputs=[one], untracked=True)
        assert worker.run(request) == ["UNAVAILABLE"]
        (answer,) = worker.run(forward())
        assert answer.output.shape == [1, 8]
    finally:
        client.config_set("proto-max-bulk-len", 512 * MEBIBYTE)
    # Each load asks for the time.
    taken = client.info("commandstats")["cmdstat_time"]["calls"] - before
    assert taken == engine.MAX_REFUSALS + 1
