"""The Compute stream: many operations under way, answered as they finish."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import grpc
import numpy as np
from contract import array, new_session, refusal, spec, tensor

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

DROP = spec("drop", "Dropout", p=0.5)
X = np.random.default_rng(1).uniform(1, 2, (8, 64))


def forward_of(session: str, request_id: str, layer: str = "drop") -> api.ComputeOperation:
    request = api.ForwardRequest(session_id=session, layer=layer, inputs=[tensor(X)])
    return api.ComputeOperation(request_id=request_id, forward=request)


def backward_of(session: str, request_id: str) -> api.ComputeOperation:
    request = api.BackwardRequest(session_id=session, layer="drop", output_gradient=tensor(X))
    return api.ComputeOperation(request_id=request_id, backward=request)


def results_of(
    stub: LayerServiceStub, *requests: api.ComputeRequest
) -> dict[str, api.ComputeResult]:
    answers = stub.Compute(iter(requests), timeout=60)
    return {result.request_id: result for answer in answers for result in answer.results}


def test_pipelined_operations_of_a_session_run_in_order(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    operations = [forward_of(session, f"f{at}") for at in range(200)] + [backward_of(session, "b")]
    results = results_of(stub, *(api.ComputeRequest(operations=[each]) for each in operations))
    ids = [results[f"f{at}"].forward.forward_id for at in range(200)]
    assert ids == [f"#{number}" for number in range(1, 201)]
    last = array(results["f199"].forward.output)
    gradient = array(results["b"].backward.input_gradient)
    np.testing.assert_array_equal(gradient != 0, last != 0)


def test_error_answers_its_own_operation_and_the_stream_lives_on(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    operations = [
        forward_of(session, "good"),
        forward_of(session, "bad", layer="none"),
        forward_of("nobody", "worse"),
        api.ComputeOperation(request_id="empty"),
        forward_of(session, "better"),
    ]
    results = results_of(stub, api.ComputeRequest(operations=operations))
    kinds = {name: result.WhichOneof("result") for name, result in results.items()}
    assert kinds == {
        "good": "forward",
        "bad": "error",
        "worse": "error",
        "empty": "error",
        "better": "forward",
    }
    assert "LAYER_NOT_FOUND" in str(results["bad"].error.details[0])


def test_answers_come_while_the_stream_is_open(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    to_send: queue.Queue[api.ComputeRequest | None] = queue.Queue()

    def requests() -> Iterator[api.ComputeRequest]:
        while (request := to_send.get()) is not None:
            yield request

    answers = stub.Compute(requests(), timeout=60)
    for number in range(3):
        to_send.put(api.ComputeRequest(operations=[forward_of(session, str(number))]))
        (result,) = next(answers).results
        assert result.request_id == str(number)
    to_send.put(None)
    assert list(answers) == []


def test_cancelled_operation_is_answered_as_such_and_the_stream_lives_on(
    stub: LayerServiceStub,
) -> None:
    session = new_session(stub, DROP)
    # In one message, so that the first is still under way.
    operations = [forward_of(session, "first"), forward_of(session, "second")]
    results = results_of(
        stub,
        api.ComputeRequest(operations=operations),
        api.ComputeRequest(cancelled_request_ids=["first", "unknown"]),
        api.ComputeRequest(operations=[forward_of(session, "third")]),
    )
    assert set(results) == {"first", "second", "third"}
    # It may have finished before its cancellation was read.
    if results["first"].WhichOneof("result") == "error":
        assert "CANCELLED" in str(results["first"].error.details[0])
    assert results["third"].WhichOneof("result") == "forward"


def test_operation_whose_timeout_has_passed_is_told_so(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    late, in_time = forward_of(session, "late"), forward_of(session, "in time")
    late.timeout.FromNanoseconds(0)
    in_time.timeout.FromSeconds(60)
    results = results_of(stub, api.ComputeRequest(operations=[late, in_time]))
    assert "DEADLINE_EXCEEDED" in str(results["late"].error.details[0])
    assert results["in time"].WhichOneof("result") == "forward"


def test_message_of_too_many_operations_is_refused_unparsed(stub: LayerServiceStub) -> None:
    request = api.ComputeRequest(operations=[api.ComputeOperation()] * 1025)
    refused = refusal(lambda: list(stub.Compute(iter([request]), timeout=60)))
    assert refused.reason == "INVALID_ARGUMENT"
    assert "1024" in refused.message


def test_streams_of_a_connection_are_bounded(stack: Stack) -> None:
    sessions: list[queue.Queue[api.ComputeRequest | None]] = []

    def open_stream(stub: LayerServiceStub) -> Iterator[api.ComputeResponse]:
        to_send: queue.Queue[api.ComputeRequest | None] = queue.Queue()
        sessions.append(to_send)
        answers: Iterator[api.ComputeResponse] = stub.Compute(iter(to_send.get, None), timeout=60)
        return answers

    with grpc.insecure_channel(stack.address) as channel:
        stub = LayerServiceStub(channel)
        session = new_session(stub, DROP)
        streams = [open_stream(stub) for _ in range(100)]
        for to_send in sessions:
            to_send.put(api.ComputeRequest(operations=[forward_of(session, "a")]))
        for stream in streams:
            next(stream)
        refused = refusal(lambda: next(open_stream(stub)))
        assert (refused.reason, refused.metadata["limit"]) == ("QUOTA", "100")
        sessions[0].put(None)
        assert list(streams[0]) == []
        again = open_stream(stub)
        sessions[-1].put(api.ComputeRequest(operations=[forward_of(session, "a")]))
        next(again)
        for to_send in sessions[1:]:
            to_send.put(None)
