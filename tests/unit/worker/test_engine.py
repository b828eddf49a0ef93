"""The engine runs batches on sessions in a real Redis: all of an operation counts, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from contract import array, spec, tensor
from google.protobuf.message import Message
from one_worker import STREAM, Worker, create, reason_of, set_weight

from edunn_serving import keys
from edunn_serving.batch_message import BatchMessage, OperationHead
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.settings import Settings
from edunn_serving.v1 import layer_service_pb2 as api
from worker.open_session import OpenSession
from worker.operations import OPERATIONS, Operation


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
        operation = OPERATIONS[method]

        def run(session: OpenSession, request: Any, settings: Settings) -> Message:
            operation.run(session, request, settings)
            raise error

        monkeypatch.setitem(
            OPERATIONS,  # type: ignore[arg-type]  # a dict, which only this test changes
            method,
            Operation(run, operation.means_latest_forward),
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

    def short_of_memory(batch_id: str, stream: str, replies: Any, *rest: Any, **named: Any) -> Any:
        if sum(len(reply.data) for reply in replies) > 10_000:
            raise MemoryError
        return commit(batch_id, stream, replies, *rest, **named)

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
    worker._engine.run(BatchMessage(batch, STREAM, heads))
    (((_, fields),),) = worker._connection.run(("XREVRANGE", STREAM, "+", "-", "COUNT", 1))
    assert [reason_of(data) for data in fields[5::2]] == ["INTERNAL", "INTERNAL"]
