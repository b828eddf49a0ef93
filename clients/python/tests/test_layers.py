"""Layer objects and the running service: whose forward a backward goes through, and arrays."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from edunn_client import (
    AsyncClient,
    Client,
    FailedPreconditionError,
    Forward,
    NotFoundError,
    Output,
    Phase,
    Session,
)

X = np.random.default_rng(5).random((4, 10)) + 0.5
G = np.random.default_rng(6).random((4, 10)) + 0.5


def test_a_layer_of_another_client_is_the_same_object_each_time(client: Client) -> None:
    with client.session() as session, client.attach(session.session_id) as attached:
        session.layer("drop", "Dropout", p=0.5)
        drop = attached.layer("drop")
        drop.set_phase("test")
        assert attached.layer("drop") is drop
        attached.refresh()
        assert attached.layer("drop") is attached.layers["drop"] is drop
        assert np.array_equal(attached.layer("drop").forward(X), X)


def test_a_layer_that_nobody_added_is_not_found(client: Client) -> None:
    with client.session() as session:
        session.layer("drop", "Dropout")
        with pytest.raises(NotFoundError, match="no layer 'dorp', only: drop") as caught:
            session.layer("dorp")
        assert caught.value.reason == "LAYER_NOT_FOUND"
        with pytest.raises(TypeError, match="of what type"):
            session.layer("other", p=0.5)


def test_a_backward_goes_through_the_forward_of_its_own_object(client: Client) -> None:
    with client.session() as session, client.attach(session.session_id) as attached:
        mine = session.layer("drop", "Dropout", p=0.5)
        theirs = attached.layer("drop")
        y = mine.forward(X)
        with pytest.raises(FailedPreconditionError, match="no forward here") as caught:
            theirs.backward(G)
        assert caught.value.reason == "NO_FORWARD"
        z = theirs.forward(X)
        for layer, output in ((mine, y), (theirs, z)):
            assert np.array_equal(layer.backward(G)[0] == 0, output == 0)


def test_a_forward_can_be_named_by_its_output(client: Client) -> None:
    with client.session() as session, client.attach(session.session_id) as attached:
        drop = session.layer("drop", "Dropout", p=0.5)
        outputs = [drop.forward(X) for _ in range(3)]
        assert [output.forward_id for output in outputs] == ["c1", "c2", "c3"]
        assert {output.phase for output in outputs} == {Phase.Training}
        for layer in (drop, attached.layer("drop")):
            for output in outputs:
                gradient, _ = layer.backward(G, forward_id=output)
                assert np.array_equal(gradient == 0, output == 0)


def test_so_it_can_by_a_result_and_by_an_operation(client: Client) -> None:
    with client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        operations = [Forward(drop, X) for _ in range(3)]
        results = {result.operation: result for result in client.compute(operations)}
        for number, operation in enumerate(operations, 1):
            result = results[operation]
            assert operation.forward_id == result.forward_id == f"c{number}"
            for forward in (operation, result, result.value):
                gradient, _ = drop.backward(G, forward_id=forward)
                assert np.array_equal(gradient == 0, result.value == 0)


def test_an_output_of_which_nothing_is_kept_is_refused(client: Client) -> None:
    with client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        for output in (drop.forward(X, untracked=True), drop.forward(X)[0]):
            with pytest.raises(ValueError, match="nothing goes back through this"):
                drop.backward(G, forward_id=output)


def test_what_is_made_of_an_output_is_a_plain_array(client: Client) -> None:
    with client.session(phase="test") as session:
        y = session.layer("drop", "Dropout").forward(X)
    assert isinstance(y, Output)
    for made in (y + 1, np.maximum(y, 0), pickle.loads(pickle.dumps(y))):  # noqa: S301
        assert type(made) is np.ndarray
    assert isinstance(y.sum(), np.float64)
    assert repr(y) == repr(X)
    y[0, 0] = 7.0
    assert y[0, 0] == 7.0


def batchnorm(session: Session) -> Any:
    return session.layer("norm", "BatchNorm", num_features=10)


def test_parameters_and_buffers_come_together(client: Client) -> None:
    with client.session(seed=3) as session:
        norm = batchnorm(session)
        norm.forward(X)
        saved = {name: array.copy() for name, array in norm.get_parameters().items()}
        assert saved.keys() == {parameter.name for parameter in norm.parameter_info}
        buffers = norm.get_buffers()
        assert {"running_mean", "running_var"} == buffers.keys() < saved.keys()
        assert norm.trained_parameters().keys() == saved.keys() - buffers.keys()
        assert norm.n_parameters() == 20
        expected = norm.forward(G, phase="test")
    with client.session(seed=4) as session:
        # A checkpoint has what the forward needs.
        norm = batchnorm(session)
        norm.set_parameters(saved)
        assert np.array_equal(norm.forward(G, phase="test"), expected)


def test_info_is_current_after_layers_were_added(client: Client) -> None:
    async def names() -> list[str]:
        async with AsyncClient(client.address) as twin, twin.session() as session:
            await session.layer("a", "ReLU")
            await session.layer("b", "ReLU")
            return [layer.name for layer in session.info.layers]

    with client.session() as session:
        assert not session.info.layers
        session.layer("a", "ReLU")
        session.layer("b", "ReLU")
        assert [layer.name for layer in session.info.layers] == ["a", "b"] == asyncio.run(names())
        assert session.info == client.get_session(session.session_id) or session.info.layers


@pytest.mark.parametrize("size", [10, 300])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_arrays_stay_live_after_others_were_set_in_any_dtype(
    client: Client, size: int, dtype: str
) -> None:
    x = np.ones((2, size))
    with client.session() as session:
        linear = session.layer("l1", "Linear", input_size=size, output_size=size)
        w = linear.get_parameters()["w"]
        linear.set_parameters({"w": np.full((size, size), 2.0, dtype)})
        assert w[0, 0] == 2.0
        assert linear.forward(x)[0, 0] == 2.0 * size
        w[:] = 1.0
        assert linear.forward(x)[0, 0] == size
        assert linear.get_parameters()["w"] is w


def test_looking_for_writes_costs_less_than_a_tenth_of_a_forward(client: Client) -> None:
    """In one run, alternating, the best of several: as little as can be of what else runs."""
    x = np.ones((1, 2048))
    with client.session() as session:
        # 32 MiB.
        linear = session.layer("l1", "Linear", input_size=2048, output_size=2048)
        held = linear.get_parameters()
        forward = fastest(lambda: linear.forward(x, untracked=True))
        look = fastest(lambda: linear._send_changed(None))
        assert held["w"].nbytes == 32 * 1024 * 1024
        assert look < forward / 10
        held["w"][:] = 1.0
        assert linear.forward(x)[0, 0] == 2048


def fastest(call: Callable[[], object]) -> float:
    times = []
    for _ in range(9):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


def nested(layers: int) -> dict[str, Any]:
    spec: dict[str, Any] = {"type": "Identity"}
    for _ in range(layers):
        spec = {"type": "Sequential", "config": {"layers": [spec]}}
    return spec


def test_layers_nest_as_deep_as_the_contract_says(client: Client) -> None:
    with client.session() as session:
        net = session.layer("net", "Sequential", layers=[nested(9)])
        assert net.forward([[1.0]]) == 1.0
        for depth in (10, 11, 32, 500):
            with pytest.raises(ValueError, match="layers lie at most 10 deep within each other"):
                session.layer("deep", "Sequential", layers=[nested(depth)])


def test_large_tensors_do_not_hold_up_the_event_loop(client: Client) -> None:
    """The longest silence of the loop is a small part of the call's own time."""
    x = np.ones((4, 1024, 1024))

    async def run() -> tuple[float, float]:
        silences: list[float] = []

        async def tick() -> None:
            while True:
                began = time.perf_counter()
                await asyncio.sleep(0)
                silences.append(time.perf_counter() - began)

        async with AsyncClient(client.address) as twin, twin.session() as session:
            relu = await session.layer("relu", "ReLU")
            await relu.forward(x, untracked=True)
            ticking = asyncio.create_task(tick())
            began = time.perf_counter()
            await relu.forward(x, untracked=True)
            whole = time.perf_counter() - began
            ticking.cancel()
            return max(silences), whole

    shares = []
    for _ in range(3):
        silence, whole = asyncio.run(run())
        shares.append(silence / whole)
    assert min(shares) < 0.35


def test_forwards_keep_their_order_whatever_their_size(client: Client) -> None:
    async def run() -> list[str]:
        async with AsyncClient(client.address) as twin, twin.session() as session:
            drop = await session.layer("drop", "Dropout", p=0.5)
            inputs = [np.ones((1024, 1024)), np.ones(4), np.ones((1024, 512)), np.ones(4)]
            outputs = await asyncio.gather(*(drop.forward(x) for x in inputs))
            return [output.forward_id for output in outputs]

    assert asyncio.run(run()) == ["c1", "c2", "c3", "c4"]
