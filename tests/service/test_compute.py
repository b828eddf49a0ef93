"""The Compute stream: many operations under way, answered as they finish."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import numpy as np
from contract import array, new_session, spec, tensor

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub

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
