"""Large tensors: 64 MiB in and out by default, and beyond the limits an error that names them."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, array, backward, forward, new_session, refusal, spec, tensor
from edunn_client import Client, EdunnError
from google.rpc import error_details_pb2

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

MEBIBYTE = 1024 * 1024
LIMIT = 2 * MEBIBYTE
DROP = spec("drop", "Dropout", p=0.5)
# One number in, 4096 out: a small request can have a large answer.
WIDEN = spec("widen", "Linear", input_size=1, output_size=4096)
X = np.random.default_rng(1).uniform(1, 2, (8, 64))


def large() -> np.ndarray:
    return np.random.default_rng(1).uniform(1, 2, (64, 131_072))


def assert_pair_is_right(x: np.ndarray, output: np.ndarray, gradient: np.ndarray) -> None:
    kept = output != 0
    assert 0.49 < kept.mean() < 0.51
    np.testing.assert_array_equal(output, np.where(kept, 2 * x, 0.0))
    np.testing.assert_array_equal(gradient, output)


def test_64_mebibytes_go_in_and_out_by_default(client: Client) -> None:
    x = large()
    assert x.nbytes == 64 * MEBIBYTE
    with client.session() as session:
        layer = session.layer("drop", "Dropout", p=0.5)
        output = layer.forward(x, timeout=120)
        gradient, _ = layer.backward(x, timeout=120)
    assert_pair_is_right(x, output, gradient)


def test_64_mebibytes_go_in_and_out_of_a_stream_by_default(stub: LayerServiceStub) -> None:
    x = large()
    session = new_session(stub, DROP)
    message = tensor(x)
    forwarding = api.ForwardRequest(session_id=session, layer="drop", inputs=[message])
    gradient = api.BackwardRequest(session_id=session, layer="drop", output_gradient=message)
    messages = [
        api.ComputeRequest(operations=[operation])
        for operation in (
            api.ComputeOperation(request_id="forward", forward=forwarding),
            api.ComputeOperation(request_id="backward", backward=gradient),
        )
    ]
    results = {
        result.request_id: result
        for answer in stub.Compute(iter(messages), timeout=120)
        for result in answer.results
    }
    output = array(results["forward"].forward.output)
    assert_pair_is_right(x, output, array(results["backward"].backward.input_gradient))
    stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)


def test_answers_that_are_too_much_for_one_batch_come_by_several_in_their_order(
    stub: LayerServiceStub,
) -> None:
    # From one number to 15 MB, ten times: a batch brings 64 MiB and the one that it had begun.
    config = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "padding": [700, 700]}
    session = new_session(stub, spec("pad", "Conv2d", **config))
    one = tensor(np.ones((1, 1, 1, 1)))
    request = api.ForwardRequest(session_id=session, layer="pad", inputs=[one], untracked=True)
    operations = [
        api.ComputeOperation(request_id=str(number), forward=request) for number in range(10)
    ]
    messages = iter([api.ComputeRequest(operations=operations)])
    results = [
        result for answer in stub.Compute(messages, timeout=120) for result in answer.results
    ]
    assert {result.forward.output.shape[2] for result in results} == {1401}
    assert [result.forward.forward_id for result in results] == [f"#{at}" for at in range(1, 11)]
    stub.DeleteSession(api.DeleteSessionRequest(session_id=session), timeout=30)


@pytest.fixture(scope="module")
def small_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service that takes little, so that tests of its limits need send little."""
    settings = {"EDUNN_MAX_MESSAGE_BYTES": str(LIMIT)}
    with Stack(
        tmp_path_factory.mktemp("small"), workers=1, others={}, environment=settings
    ) as running:
        yield running


@pytest.fixture(scope="module")
def small(small_stack: Stack) -> Iterator[LayerServiceStub]:
    with grpc.insecure_channel(small_stack.address, UNLIMITED) as channel:
        yield LayerServiceStub(channel)


def test_request_beyond_the_limit_is_refused_by_its_size(small: LayerServiceStub) -> None:
    session = new_session(small, DROP)
    refused = refusal(lambda: forward(small, session, "drop", np.ones((1, LIMIT // 8))))
    # gRPC itself refuses, before the service has read anything.
    assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(LIMIT) in refused.message
    forward(small, session, "drop", X)


def test_answer_beyond_the_limit_is_refused_by_its_size(small: LayerServiceStub) -> None:
    session = new_session(small, WIDEN)
    refused = refusal(lambda: forward(small, session, "widen", np.ones((64, 1))))
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_LARGE")
    assert str(LIMIT) in refused.message
    assert array(forward(small, session, "widen", np.ones((4, 1))).output).shape == (4, 4096)


def test_parameters_that_no_message_can_bring_are_refused_unread(small: LayerServiceStub) -> None:
    session = new_session(small, spec("bias", "Bias", output_size=LIMIT // 8))
    request = api.GetParametersRequest(session_id=session, layer="bias")
    refused = refusal(lambda: small.GetParameters(request, timeout=30))
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_LARGE")
    assert refused.metadata["what"] == "bytes of answer"
    assert int(refused.metadata["estimate"]) > int(refused.metadata["limit"]) == LIMIT


def test_gradients_that_no_message_can_bring_are_refused_uncomputed(
    small: LayerServiceStub,
) -> None:
    size = LIMIT // 16
    session = new_session(small, spec("widen", "Linear", input_size=2, output_size=size))
    forward(small, session, "widen", np.ones((1, 2)))
    refused = refusal(lambda: backward(small, session, "widen", np.ones((1, size))))
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_LARGE")
    assert int(refused.metadata["estimate"]) > int(refused.metadata["limit"]) == LIMIT


def test_answer_beyond_the_limit_is_its_own_error_on_a_stream(small: LayerServiceStub) -> None:
    session = new_session(small, WIDEN)

    def operation(request_id: str, samples: int) -> api.ComputeOperation:
        request = api.ForwardRequest(
            session_id=session, layer="widen", inputs=[tensor(np.ones((samples, 1)))]
        )
        return api.ComputeOperation(request_id=request_id, forward=request)

    # The second is beyond the limit; two of the others are beyond it together.
    samples = [4, 64, 40, 40, 4]
    operations = [operation(str(at), count) for at, count in enumerate(samples)]
    results = {
        result.request_id: result
        for answer in small.Compute(iter([api.ComputeRequest(operations=operations)]), timeout=60)
        for result in answer.results
    }
    kinds = [results[str(at)].WhichOneof("result") for at in range(len(samples))]
    assert kinds == ["forward", "error", "forward", "forward", "forward"]
    info = error_details_pb2.ErrorInfo()
    assert results["1"].error.details[0].Unpack(info)
    assert info.reason == "TOO_LARGE"


def test_client_library_says_what_is_too_large(small_stack: Stack) -> None:
    with Client(small_stack.address) as client, client.session() as session:
        layer = session.layer("drop", "Dropout", p=0.5)
        with pytest.raises(EdunnError) as refused:
            layer.forward(np.ones((1, LIMIT // 8)))
        assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert str(LIMIT) in str(refused.value)
        layer.forward(X)
