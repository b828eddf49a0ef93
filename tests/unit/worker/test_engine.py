"""The engine runs batches on sessions in a real Redis: all of an operation counts, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import redis
from contract import array, spec, tensor
from google.protobuf.message import Message
from one_worker import STREAM, Worker, create, reason_of, set_weight

from edunn_serving import keys
from edunn_serving.batch_message import BatchMessage, OperationHead
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.replies import Answer
from edunn_serving.settings import Settings
from edunn_serving.v1 import layer_service_pb2 as api
from worker.methods import METHODS
from worker.open_session import OpenSession


@pytest.fixture
def worker(redis_url: str) -> Worker:
    return Worker(redis_url, "worker")


@pytest.fixture
def other_worker(redis_url: str) -> Worker:
    return Worker(redis_url, "other")


Fail = Callable[[str, Exception], None]


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Let a method fail as it answers, once it has done all that it does to the session."""

    def fail_late(method: str, error: Exception) -> None:
        method_of = METHODS[method]

        def run(session: OpenSession, request: Any, settings: Settings) -> Message:
            method_of.run(session, request, settings)
            raise error

        monkeypatch.setitem(
            METHODS,
            method,
            method_of._replace(run=run),
        )

    return fail_late


LATE_ERRORS = [
    (MemoryError(), "TOO_LARGE"),
    (RuntimeError("a fault"), "INTERNAL"),
    (ServiceError(Reason.QUOTA, "said too late"), "QUOTA"),
]


@pytest.mark.parametrize(("error", "reason"), LATE_ERRORS)
def test_create_that_fails_late_leaves_no_session(
    worker: Worker, other_worker: Worker, fail: Fail, error: Exception, reason: str
) -> None:
    fail("CreateSession", error)
    get = api.GetSessionRequest(session_id="s")
    assert worker.run(create(), get) == [reason, "SESSION_NOT_FOUND"]
    assert other_worker.run(get) == ["SESSION_NOT_FOUND"]


@pytest.mark.parametrize(("error", "reason"), LATE_ERRORS)
def test_layer_that_fails_late_is_seen_on_no_worker(
    worker: Worker, other_worker: Worker, fail: Fail, error: Exception, reason: str
) -> None:
    worker.run(create())
    fail("AddLayer", error)
    layer = spec("second", "ReLU")
    assert worker.run(api.AddLayerRequest(session_id="s", layer=layer)) == [reason]
    for each in (worker, other_worker):
        (answer,) = each.run(api.GetSessionRequest(session_id="s"))
        assert [layer.name for layer in answer.session.layers] == ["linear"]


@pytest.mark.parametrize(("error", "reason"), LATE_ERRORS)
def test_parameters_that_fail_late_are_as_before_and_the_batch_is_answered(
    worker: Worker,
    other_worker: Worker,
    fail: Fail,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    reason: str,
) -> None:
    worker.run(create(), create("t"))
    worker.run(set_weight(1.0))
    fail("SetParameters", error)
    x = tensor([[1.0]])
    forward = api.ForwardRequest(session_id="s", layer="linear", inputs=[x])
    other = api.ForwardRequest(session_id="t", layer="linear", inputs=[x])
    first, refused, second, in_other = worker.run(forward, set_weight(2.0), forward, other)
    assert refused == reason
    assert (first.forward_id, second.forward_id, in_other.forward_id) == ("#1", "#2", "#1")
    np.testing.assert_array_equal(array(first.output), array(second.output))
    assert worker.weight() == other_worker.weight() == 1.0
    monkeypatch.undo()
    worker.run(set_weight(3.0))
    assert worker.weight() == other_worker.weight() == 3.0


def test_buffers_of_a_training_forward_that_fails_late_are_as_before(
    worker: Worker, other_worker: Worker, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    norm = spec("norm", "BatchNorm", num_features=1)
    worker.run(api.CreateSessionRequest(session_id="s", layers=[norm], seed=1))
    get = api.GetParametersRequest(session_id="s", layer="norm")
    (before,) = worker.run(get)
    fail("Forward", MemoryError())
    x = tensor([[1.0], [2.0]])
    request = api.ForwardRequest(session_id="s", layer="norm", inputs=[x])
    assert worker.run(request) == ["TOO_LARGE"]
    assert worker.run(get) == other_worker.run(get) == [before]


def test_answer_that_finds_no_memory_is_refused_and_the_others_are_given(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest answer of a batch is given up where the batch's reply cannot be put together."""
    worker.run(create(), create("t"))
    commit = worker.store.commit

    def short_of_memory(stream: str, answer: Answer, *rest: Any, **named: Any) -> Any:
        if sum(len(reply.data) for reply in answer.replies) > 10_000:
            raise MemoryError
        return commit(stream, answer, *rest, **named)

    monkeypatch.setattr(worker.store, "commit", short_of_memory)
    large = api.ForwardRequest(session_id="s", layer="linear", inputs=[tensor([[0.0]] * 2000)])
    small = api.ForwardRequest(session_id="t", layer="linear", inputs=[tensor([[1.0]])])
    refused, answer = worker.run(large, small)
    assert refused == "TOO_LARGE"
    assert answer.forward_id == "#1"
    monkeypatch.undo()
    small.session_id = "s"
    assert worker.run(small)[0].forward_id == "#1"


def test_method_that_is_none_is_refused_alone(worker: Worker) -> None:
    batch = "odd"
    worker._connection.run(("RPUSH", keys.batch(batch), b"", b""))
    heads = [OperationHead("Fly", "", "s", 0, None, None)] * 2
    worker._engine.run(BatchMessage(batch, STREAM, heads, [b"", b""]))
    (((_, fields),),) = worker._connection.run(("XREVRANGE", STREAM, "+", "-", "COUNT", 1))
    replies = Answer.decode(fields[1]).replies
    assert [reason_of(reply.data) for reply in replies] == ["INTERNAL", "INTERNAL"]


def named_forward(forward_id: str, value: float = 1.0, layer: str = "linear") -> Message:
    return api.ForwardRequest(
        session_id="s", layer=layer, inputs=[tensor([[value]])], forward_id=forward_id
    )


def backward(forward_id: str, layer: str = "linear") -> Message:
    return api.BackwardRequest(
        session_id="s", layer=layer, forward_id=forward_id, output_gradient=tensor([[1.0]])
    )


def few_contexts(url: str, monkeypatch: pytest.MonkeyPatch, **bounds: int) -> Worker:
    monkeypatch.setattr("worker.store.EVICTED_REMEMBERED", bounds.get("remembered", 100_000))
    monkeypatch.setattr("worker.store.EVICTION_STEPS", bounds.get("steps", 256))
    return Worker(url, "worker", session_context_count=bounds["number"])


def test_contexts_are_bounded_in_number_and_the_oldest_are_evicted(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More of them than one step evicts, so that the commit leaves some to the steps behind it.
    worker = few_contexts(redis_url, monkeypatch, number=20, steps=3)
    worker.run(create())
    worker.run(*(named_forward(f"f{number}") for number in range(60)))
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen(keys.context_order("", "s")) == 20
        assert client.llen(keys.evicted_contexts("", "s")) == 40
        kept = client.hget(keys.session("", "s"), keys.CONTEXT_BYTES)
    answers = worker.run(*(backward(f"f{number}") for number in range(60)))
    assert answers[:40] == ["CONTEXT_EVICTED"] * 40
    assert not any(isinstance(answer, str) for answer in answers[40:])
    assert int(kept or 0) > 0


def test_evicted_context_is_told_from_one_that_never_was(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = few_contexts(redis_url, monkeypatch, number=1)
    worker.run(create())
    for first in range(0, 3000, 500):
        worker.run(*(named_forward(f"f{first + number}") for number in range(500)))
    assert worker.run(backward("f0"), backward("f2998"), backward("never")) == [
        "CONTEXT_EVICTED", "CONTEXT_EVICTED", "FORWARD_NOT_FOUND",
    ]  # fmt: skip


def test_session_that_has_forgotten_does_not_say_that_there_was_none(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = few_contexts(redis_url, monkeypatch, number=1, remembered=5)
    worker.run(create())
    worker.run(*(named_forward(f"f{number}") for number in range(10)))
    assert worker.run(backward("f0")) == ["CONTEXT_EVICTED"]


def test_forward_whose_context_was_evicted_runs_again_with_the_same_inputs_alone(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = few_contexts(redis_url, monkeypatch, number=1)
    norm = spec("norm", "BatchNorm", num_features=1)
    drop = spec("drop", "Dropout", p=0.5)
    worker.run(api.CreateSessionRequest(session_id="s", layers=[norm, drop], seed=1))
    x = tensor([[1.0], [2.0]])

    def forward(forward_id: str, layer: str, values: Any = x) -> Message:
        return api.ForwardRequest(
            session_id="s", layer=layer, inputs=[values], forward_id=forward_id
        )

    first = worker.run(forward("a", "norm"))
    get = api.GetParametersRequest(session_id="s", layer="norm")
    statistics = worker.run(forward("b", "norm"), get)[1]
    assert worker.run(backward("a", "norm")) == ["CONTEXT_EVICTED"]
    assert worker.run(forward("a", "norm", tensor([[1.0], [3.0]]))) == ["FORWARD_EXISTS"]
    # The same answer, and the running statistics do not move a second time.
    assert worker.run(forward("a", "norm")) == first
    assert worker.run(get) == [statistics]
    gradient = api.BackwardRequest(session_id="s", layer="norm", forward_id="a", output_gradient=x)
    assert not isinstance(worker.run(gradient)[0], str)
    mask = worker.run(forward("m", "drop"))
    worker.run(forward("n", "drop"))
    assert worker.run(forward("m", "drop")) == mask
