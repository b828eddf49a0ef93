"""Operations of one session run in their order; sessions do not wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from contract import UNLIMITED, array, forward, new_session, spec, tensor
from slow_layer import DEEP, SLOW, input_for
from verified_load import VerifiedLoad

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

ROUNDS = 100
DROP = spec("drop", "Dropout", p=0.5)
SHIFT = spec("shift", "Bias", output_size=3)
X = np.random.default_rng(1).uniform(1, 2, (8, 64))


def set_shift(session: str, number: float) -> api.SetParametersRequest:
    values = {"b": tensor(np.full(3, float(number)))}
    return api.SetParametersRequest(session_id=session, layer="shift", parameters=values)


def forward_request(session: str, layer: str, x: np.ndarray) -> api.ForwardRequest:
    return api.ForwardRequest(session_id=session, layer=layer, inputs=[tensor(x)])


def await_arrival(stub: LayerServiceStub) -> None:
    """Wait until the server has taken what was sent before.

    Calls sent together may overtake each other on their way: a bare gRPC echo shows it too. The
    catalogue needs no worker, so that its answer says nothing of what the workers have done.
    """
    stub.ListLayerTypes(api.ListLayerTypesRequest(), timeout=60)


def test_unary_calls_of_a_session_take_effect_in_the_order_of_arrival(
    stub: LayerServiceStub,
) -> None:
    session = new_session(stub, SHIFT)
    x = np.zeros((1, 3))
    setting, answers = [], []
    for number in range(ROUNDS):
        setting.append(stub.SetParameters.future(set_shift(session, number), timeout=60))
        await_arrival(stub)
        answers.append(stub.Forward.future(forward_request(session, "shift", x), timeout=60))
        await_arrival(stub)
    assert [array(each.result().output)[0, 0] for each in answers] == list(range(ROUNDS))
    assert all(each.code() is grpc.StatusCode.OK for each in setting)


def test_backward_sent_right_behind_its_forward_meets_that_forward(stub: LayerServiceStub) -> None:
    session = new_session(stub, DROP)
    gradient = api.BackwardRequest(session_id=session, layer="drop", output_gradient=tensor(X))
    pairs = []
    for _ in range(ROUNDS):
        sent = stub.Forward.future(forward_request(session, "drop", X), timeout=60)
        await_arrival(stub)
        # No forward_id: the latest forward, whichever that is when its turn comes.
        pairs.append((sent, stub.Backward.future(gradient, timeout=60)))
        await_arrival(stub)
    for output, back in pairs:
        mask = array(output.result().output) != 0
        np.testing.assert_array_equal(array(back.result().input_gradient) != 0, mask)


def test_compute_and_unary_calls_share_one_order(stub: LayerServiceStub) -> None:
    """Each answer is awaited on one way before the next is sent on the other."""
    session = new_session(stub, SHIFT)
    x = np.zeros((1, 3))
    for number in range(20):
        stub.SetParameters(set_shift(session, number), timeout=60)
        operations = [
            api.ComputeOperation(request_id=str(at), forward=forward_request(session, "shift", x))
            for at in range(3)
        ]
        answers = stub.Compute(iter([api.ComputeRequest(operations=operations)]), timeout=60)
        results = [result for answer in answers for result in answer.results]
        assert [array(each.forward.output)[0, 0] for each in results] == [number] * 3


def test_compute_runs_interleaved_sessions_each_in_its_order(stub: LayerServiceStub) -> None:
    sessions = [new_session(stub, DROP, seed=number) for number in range(5)]

    def requests() -> Iterator[api.ComputeRequest]:
        for number in range(ROUNDS):
            for session in sessions:
                request_id = f"{session}/{number}"
                yield api.ComputeRequest(
                    operations=[
                        api.ComputeOperation(
                            request_id=f"{request_id}/forward",
                            forward=forward_request(session, "drop", X),
                        ),
                        api.ComputeOperation(
                            request_id=f"{request_id}/backward",
                            backward=api.BackwardRequest(
                                session_id=session, layer="drop", output_gradient=tensor(X)
                            ),
                        ),
                    ]
                )

    results = {
        result.request_id: result
        for answer in stub.Compute(requests(), timeout=120)
        for result in answer.results
    }
    for session in sessions:
        for number in range(ROUNDS):
            output = results[f"{session}/{number}/forward"].forward
            back = results[f"{session}/{number}/backward"].backward
            assert output.forward_id == f"#{number + 1}"
            kept = array(output.output) != 0
            np.testing.assert_array_equal(array(back.input_gradient) != 0, kept)


def test_slow_session_does_not_hold_up_others_while_a_worker_is_free(
    stub: LayerServiceStub,
) -> None:
    x = input_for(stub, seconds=2.0)
    slow, quick = new_session(stub, SLOW), new_session(stub, DROP)
    request = forward_request(slow, "slow", x)
    request.untracked = True
    sent = stub.Forward.future(request, timeout=120)
    answers = 0
    while not sent.done():
        forward(stub, quick, "drop", X)
        answers += 1
    assert sent.code() is grpc.StatusCode.OK
    # If the slow one held them up, there would be one answer.
    assert answers > 5


def test_slow_session_does_not_hold_up_a_load_while_a_worker_is_free(
    stub: LayerServiceStub, stack: Stack
) -> None:
    """The first slow operation leaves together with others, which must not wait for it."""
    x = input_for(stub, seconds=4.0, deep=True)
    slow = new_session(stub, DEEP)
    request = forward_request(slow, "slow", x)
    request.untracked = True
    with VerifiedLoad(stack.address, callers=16) as load:
        for _ in range(2):
            sent = stub.Forward.future(request, timeout=120)
            load.await_each_caller(10)
            assert not sent.done(), "every caller had to wait for the slow session"
            sent.result()
    load.check()


@pytest.fixture(scope="module")
def two_servers(stack: Stack) -> Iterator[list[LayerServiceStub]]:
    with (
        grpc.insecure_channel(stack.address, UNLIMITED) as first,
        grpc.insecure_channel(stack.add_server(), UNLIMITED) as second,
    ):
        yield [LayerServiceStub(first), LayerServiceStub(second)]


def test_two_servers_lose_no_update_of_one_session(two_servers: list[LayerServiceStub]) -> None:
    """Running statistics: after n forwards they are a known function of n alone."""
    momentum, calls = 0.01, 60
    layer = spec("norm", "BatchNorm", num_features=3, momentum=momentum)
    session = new_session(two_servers[0], layer)
    x = np.random.default_rng(2).normal(5.0, 1.0, (16, 3))

    def call(stub: LayerServiceStub) -> None:
        for _ in range(calls):
            forward(stub, session, "norm", x)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(call, two_servers * 2))
    stored = two_servers[1].GetParameters(
        api.GetParametersRequest(session_id=session, layer="norm"), timeout=30
    )
    mean = array(stored.parameters["running_mean"])
    expected = x.mean(axis=0) * (1 - (1 - momentum) ** (4 * calls))
    np.testing.assert_allclose(mean, expected, rtol=1e-12)


@pytest.mark.parametrize("layer", ["drop", "slow"])
def test_slow_operation_comes_through_beside_quick_ones_of_another_server(
    two_servers: list[LayerServiceStub], layer: str
) -> None:
    """Also where all of them change the same layer: the quick ones wait then."""
    session = new_session(two_servers[0], DROP, SLOW)
    request = forward_request(session, "slow", input_for(two_servers[0], seconds=0.5))
    x = X if layer == "drop" else np.ones((1, 3, 1))
    slow = two_servers[0].Forward.future(request, timeout=60)
    ids = []
    while not slow.done():
        ids.append(forward(two_servers[1], session, layer, x).forward_id)
    assert slow.code() is grpc.StatusCode.OK
    if layer == "slow":
        ids.append(slow.result().forward_id)
    numbers = sorted(int(each.removeprefix("#")) for each in ids)
    assert numbers == list(range(1, len(ids) + 1))


def test_two_servers_number_the_forwards_of_one_session_once(
    two_servers: list[LayerServiceStub],
) -> None:
    session = new_session(two_servers[0], DROP, SHIFT)
    calls = 50

    def number_forwards(stub: LayerServiceStub) -> list[str]:
        return [forward(stub, session, "drop", X).forward_id for _ in range(calls)]

    def shift(stub: LayerServiceStub) -> None:
        for number in range(calls):
            stub.SetParameters(set_shift(session, number), timeout=60)

    with ThreadPoolExecutor(4) as threads:
        shifting = threads.submit(shift, two_servers[1])
        given = [each for ids in threads.map(number_forwards, two_servers) for each in ids]
        shifting.result()
    assert sorted(int(each.removeprefix("#")) for each in given) == list(range(1, 2 * calls + 1))
    last = forward(two_servers[0], session, "shift", np.zeros((1, 3)))
    np.testing.assert_array_equal(array(last.output), np.full((1, 3), calls - 1.0))
