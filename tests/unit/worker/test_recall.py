"""Batches that run on the sessions as the worker left them: the commit verifies them."""

from __future__ import annotations

import pytest
import redis
from contract import array, spec, tensor
from one_worker import Worker, create, set_weight

from edunn_serving import keys
from edunn_serving.v1 import layer_service_pb2 as api
from worker import engine


@pytest.fixture
def worker(redis_url: str) -> Worker:
    return Worker(redis_url, "worker")


@pytest.fixture
def other_worker(redis_url: str) -> Worker:
    return Worker(redis_url, "other")


def loads(redis_url: str) -> int:
    """Return how often workers have loaded sessions: each time they ask for the time."""
    with redis.Redis.from_url(redis_url) as client:
        return int(client.info("commandstats").get("cmdstat_time", {"calls": 0})["calls"])


def forward(value: float = 1.0, forward_id: str = "") -> api.ForwardRequest:
    return api.ForwardRequest(
        session_id="s", layer="linear", inputs=[tensor([[value]])], forward_id=forward_id
    )


def backward(forward_id: str = "") -> api.BackwardRequest:
    return api.BackwardRequest(
        session_id="s", layer="linear", output_gradient=tensor([[1.0]]), forward_id=forward_id
    )


def test_worker_that_ran_a_session_last_does_not_load_it(worker: Worker, redis_url: str) -> None:
    worker.run(create(), set_weight(2.0))
    before = loads(redis_url)
    (answer,) = worker.run(forward(3.0))
    (gradients,) = worker.run(backward())
    worker.run(forward(4.0, "mine"))
    worker.run(backward("mine"))
    worker.run(set_weight(5.0))
    assert worker.weight() == 5.0
    assert loads(redis_url) == before
    assert array(answer.output)[0, 0] == 6.0
    assert array(gradients.parameter_gradients["w"])[0, 0] == 3.0


def test_parameters_that_another_worker_has_set_are_used(
    worker: Worker, other_worker: Worker
) -> None:
    worker.run(create(), set_weight(2.0))
    other_worker.run(set_weight(7.0))
    assert worker.weight() == 7.0
    other_worker.run(set_weight(9.0))
    (answer,) = worker.run(forward(1.0))
    assert array(answer.output)[0, 0] == 9.0


def test_forwards_are_numbered_on_where_another_worker_left_off(
    worker: Worker, other_worker: Worker
) -> None:
    worker.run(create())
    ids = [each.run(forward())[0].forward_id for each in (worker, other_worker) * 3]
    assert ids == [f"#{number}" for number in range(1, 7)]


def test_session_that_was_made_anew_is_not_the_one_at_hand(
    worker: Worker, other_worker: Worker
) -> None:
    worker.run(create(), set_weight(2.0), forward(3.0, "mine"))
    other_worker.run(api.DeleteSessionRequest(session_id="s"))
    assert worker.run(forward()) == ["SESSION_NOT_FOUND"]
    worker.run(create(), set_weight(2.0), forward(3.0, "mine"))
    other_worker.run(api.DeleteSessionRequest(session_id="s"))
    other_worker.run(create(), set_weight(2.0))
    assert worker.run(backward("mine")) == ["FORWARD_NOT_FOUND"]


def test_session_that_has_expired_is_gone(worker: Worker, redis_url: str) -> None:
    worker.run(create())
    with redis.Redis.from_url(redis_url) as client:
        client.delete(keys.session("", "s"))
    assert worker.run(forward()) == ["SESSION_NOT_FOUND"]


def test_named_forward_of_another_worker_is_found(worker: Worker, other_worker: Worker) -> None:
    worker.run(create())
    (first,) = other_worker.run(forward(1.0, "mine"))
    assert worker.run(forward(1.0, "mine")) == [first]
    assert worker.run(forward(2.0, "mine")) == ["FORWARD_EXISTS"]


def test_evicted_context_is_evicted_for_the_worker_that_stored_it(redis_url: str) -> None:
    worker = Worker(redis_url, "worker", session_context_count=3)
    worker.run(create())
    # The number of contexts is looked at once their bytes may be too many for it.
    for number in range(40):
        worker.run(forward(1.0, f"forward-{number}"))
    assert worker.run(backward("forward-0")) == ["CONTEXT_EVICTED"]
    (gradients,) = worker.run(backward("forward-39"))
    assert array(gradients.input_gradient).shape == (1, 1)


def test_fault_in_a_batch_at_hand_changes_nothing(
    worker: Worker, other_worker: Worker, redis_url: str
) -> None:
    worker.run(create(), set_weight(2.0))
    wrong = set_weight(3.0)
    wrong.parameters["w"].CopyFrom(tensor([[1.0, 2.0]]))
    assert worker.run(wrong) == ["INVALID_ARGUMENT"]
    assert worker.weight() == other_worker.weight() == 2.0


def test_clock_is_read_again_after_a_while(
    worker: Worker, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.run(create())
    before = loads(redis_url)
    monkeypatch.setattr(engine, "CLOCK_SECONDS", -1.0)
    worker.run(forward())
    assert loads(redis_url) == before + 1


def test_layer_that_another_worker_has_added_is_found(worker: Worker, other_worker: Worker) -> None:
    worker.run(create())
    worker.run(forward())
    other_worker.run(api.AddLayerRequest(session_id="s", layer=spec("bias", "Bias", output_size=1)))
    request = api.ForwardRequest(session_id="s", layer="bias", inputs=[tensor([[1.0]])])
    (answer,) = worker.run(request)
    assert answer.forward_id == "#1"
