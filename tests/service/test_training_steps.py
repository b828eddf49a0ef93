"""Training step by step over the service: by the client's calls, its asyncio ones, and streams."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from edunn_client import (
    AsyncClient,
    Client,
    FailedPreconditionError,
    LiveArray,
    RemoteLayer,
    Session,
    layers,
    optimizers,
)

import edunn as nn
from edunn_serving.v1 import optimizer_pb2
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub
from standalone.stack import Stack

NETWORK = {
    "hidden": layers.Dense(3, 4, "relu"),
    "norm": layers.BatchNorm(4),
    "out": layers.Dense(4, 2, "softmax"),
}
LOSS = layers.CrossEntropyWithLabels()
RNG = np.random.default_rng(3)
BATCHES = [(RNG.normal(size=(6, 3)), RNG.integers(0, 2, 6)) for _ in range(8)]
ADAM = optimizers.Adam(lr=0.01, betas=(0.8, 0.99))


@pytest.fixture
def session(client: Client) -> Iterator[Session]:
    with client.session(seed=3) as created:
        created.layer("net", layers.Sequential(NETWORK))
        created.layer("loss", LOSS)
        yield created


def local_copy(layer: RemoteLayer) -> nn.Model:
    net = nn.build("Sequential", layer.config)
    arrays = {name: each.copy() for name, each in layer.get_parameters().items()}
    net.set_parameters({name: arrays[name] for name in net.get_parameters()})
    net.set_buffers({name: arrays[name] for name in net.get_buffers()})
    return net


def train_locally(net: nn.Model, batches: list[tuple[Any, Any]] = BATCHES) -> list[float]:
    """Train as the library's own loop does, and return the losses."""
    loop, losses = nn.Adam(lr=0.01, betas=(0.8, 0.99)), []
    for x, y in batches:
        _, gradients, loss = loop.backpropagation(net, x, y, nn.CrossEntropyWithLabels())
        loop.optimize_batch(net, gradients, 0, 0)
        losses.append(loss)
    return losses


def assert_equal(layer: RemoteLayer, net: nn.Model) -> None:
    remote = layer.get_parameters()
    for name, expected in {**net.get_parameters(), **net.get_buffers()}.items():
        np.testing.assert_array_equal(remote[name], expected, err_msg=name)


@pytest.mark.parametrize("share_stream", [False, True])
def test_calls_train_as_the_local_loop(stack: Stack, share_stream: bool) -> None:
    with Client(stack.address, share_stream=share_stream) as client, client.session(3) as session:
        net = session.layer("net", layers.Sequential(NETWORK))
        loss = session.layer("loss", LOSS)
        local = local_copy(net)
        losses = [net.train_step(x, y, loss, ADAM) for x, y in BATCHES]
        assert losses == train_locally(local)
        assert [each.steps for each in losses] == list(range(1, 9))
        assert_equal(net, local)


def test_stream_trains_as_the_local_loop_without_waiting(client: Client, session: Session) -> None:
    net, loss = session.layers["net"], session.layers["loss"]
    local = local_copy(net)
    with client.stream() as stream:
        futures = [stream.train_step(net, x, y, loss, nn.Adam(lr=0.01, betas=(0.8, 0.99)))
                   for x, y in BATCHES]  # fmt: skip
        assert [future.result() for future in futures] == train_locally(local)
    assert_equal(net, local)


def test_asyncio_trains_as_the_local_loop(stack: Stack, session: Session) -> None:
    async def train() -> list[float]:
        async with AsyncClient(stack.address) as client:
            attached = await client.attach(session.session_id)
            net = attached.layers["net"]
            losses = [await net.train_step(x, y, "loss", ADAM) for x, y in BATCHES[:4]]
            async with client.stream() as stream:
                futures = [stream.train_step(net, x, y, "loss") for x, y in BATCHES[4:]]
                return [float(each) for each in losses + list(await asyncio.gather(*futures))]

    local = local_copy(session.layers["net"])
    assert asyncio.run(train()) == train_locally(local)
    assert_equal(session.layers["net"], local)


def test_micro_batches_and_a_step(client: Client, session: Session) -> None:
    net, loss = session.layers["net"], session.layers["loss"]
    local = local_copy(net)
    rule = nn.Adam(lr=0.01, betas=(0.8, 0.99))
    summed: dict[str, np.ndarray] = {}
    with client.stream() as stream:
        for at, (x, y) in enumerate(BATCHES[:4]):
            errors = loss.forward(y, net.forward(x))
            gradient, _ = loss.backward(np.full_like(errors, 1 / 6))
            if at < 2:
                _, by_name = net.backward(gradient, accumulate=True)
            else:
                _, by_name = stream.backward(net, gradient, accumulate=True).result()
            assert not by_name
            _, gradients, _ = rule.backpropagation(local, x, y, nn.CrossEntropyWithLabels())
            for name, each in gradients.items():
                summed[name] = summed[name] + each if name in summed else each
        assert stream.step(net, ADAM).result() == 1
    rule.optimize_batch(local, summed, 0, 0)
    assert_equal(net, local)
    with pytest.raises(FailedPreconditionError) as refused:
        net.step()
    assert refused.value.reason == "NO_GRADIENTS"


def test_kept_gradients_can_be_forgotten(session: Session) -> None:
    net = session.layers["net"]
    net.forward(BATCHES[0][0])
    net.backward(np.full((6, 2), np.nan), accumulate=True)
    with pytest.raises(FailedPreconditionError) as refused:
        net.step("SignGD")
    assert (refused.value.reason, refused.value.metadata["parameter"]) == (
        "NOT_FINITE",
        "hidden(w)",
    )
    net.clear_gradients()
    net.forward(BATCHES[0][0])
    net.backward(np.ones((6, 2)), accumulate=True)
    steps = net.step("SignGD", step_id="mine")
    assert (steps, steps.step_id) == (1, "mine")
    assert net.step("SignGD", step_id="mine") == 1


def test_copies_of_parameters_notice_a_step(session: Session) -> None:
    net, loss = session.layers["net"], session.layers["loss"]
    x, y = BATCHES[0]
    parameters = net.get_parameters()
    w = parameters["out(w)"]
    assert isinstance(w, LiveArray)
    w[...] *= 0.5
    # What was written before the step is sent before it.
    net.train_step(x, y, loss, ADAM)
    assert w.is_outdated
    w[...] *= 2
    with pytest.raises(FailedPreconditionError) as refused:
        net.forward(x)
    assert refused.value.reason == "PARAMETERS_OUTDATED"
    net.get_parameters()
    assert not w.is_outdated
    w[...] *= 2
    doubled = w.copy()
    net.forward(x)
    np.testing.assert_array_equal(net.get_parameters()["out(w)"], doubled)


def test_catalogue_of_optimizers_tells_their_arguments(
    client: Client, stub: LayerServiceStub
) -> None:
    kinds = {each.type: each for each in client.optimizer_types()}
    assert list(kinds) == [
        "Adam", "GradientDescent", "MomentumGD", "NesterovMomentumGD", "RMSprop", "SignGD",
    ]  # fmt: skip
    fields = {each.name: each for each in kinds["Adam"].config_fields}
    assert list(fields) == ["lr", "betas", "eps"]
    assert (fields["lr"].type, fields["lr"].default, fields["lr"].bounds) == (
        "float", 0.1, "0 <= lr",
    )  # fmt: skip
    assert fields["betas"].default == [0.9, 0.999]
    assert kinds["Adam"].summary.startswith("Divide the running gradient")
    answer = stub.ListOptimizerTypes(optimizer_pb2.ListOptimizerTypesRequest(), timeout=30)
    assert len(answer.optimizer_types) == 6
