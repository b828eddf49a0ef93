"""A remote layer among the layers of the local library, which the program brings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from edunn_client import Client

nn = pytest.importorskip("edunn", reason="the library edunn is not installed")
model = pytest.importorskip("edunn.model")

X = np.random.default_rng(5).normal(size=(4, 6))


def test_a_remote_layer_stands_in_a_local_sequential(client: Client) -> None:
    with client.session(seed=3) as session:
        remote = session.layer("l1", "Linear", input_size=6, output_size=5)
        local = nn.Linear(5, 2, name="l2")
        net = nn.Sequential([remote, nn.ReLU(), local])
        parameters = net.get_parameters()
        w1, w2 = parameters["l1(w)"], parameters["l2(w)"]

        y = net.forward(X)
        assert np.allclose(y, np.maximum(X @ w1, 0) @ w2)
        g = np.ones_like(y)
        gx, gradients = net.backward(g)
        inner = (g @ w2.T) * (X @ w1 > 0)
        assert np.allclose(gx, inner @ w1.T)
        assert np.allclose(gradients["l1(w)"], X.T @ inner)

        # One step of gradient descent, as an optimizer of the library makes it.
        for name, parameter in net.get_parameters().items():
            parameter[:] = parameter - 0.1 * gradients[name]
        assert np.allclose(net.forward(X), np.maximum(X @ w1, 0) @ w2)
        assert "l1" in net.summary()


def test_the_phase_is_passed_down(client: Client) -> None:
    with client.session() as session:
        net = nn.Sequential([session.layer("drop", "Dropout", p=0.5)])
        net.set_phase(model.Phase.Test)
        assert np.array_equal(net.forward(X), X)
        net.set_phase(model.Phase.Training)
        assert not np.array_equal(net.forward(X), X)


def test_a_local_cache_goes_back_to_an_earlier_forward(client: Client) -> None:
    with client.session() as session:
        net = nn.Sequential([session.layer("drop", "Dropout", p=0.5)])
        y = net.forward(X)
        cache = net.get_cache()
        net.forward(X)
        net.set_cache(cache)
        gradient, _ = net.backward(np.ones_like(X))
        assert np.array_equal(gradient == 0, y == 0)


def test_a_frozen_layer_gives_no_parameter_gradients(client: Client) -> None:
    with client.session() as session:
        remote = session.layer("l1", "Linear", input_size=6, output_size=5)
        remote.frozen = True
        remote.forward(X)
        assert remote.backward(np.ones((4, 5)))[1] == {}


def test_numerical_gradients_agree(client: Client) -> None:
    """Central differences through the calls that `edunn.utils.check_gradient` makes."""
    with client.session(seed=3) as session:
        layer = session.layer("l1", "Linear", input_size=6, output_size=2)
        g = np.random.default_rng(1).normal(size=(4, 2))
        w = layer.get_parameters()["w"]
        numerical = np.zeros_like(w)
        for at in np.ndindex(w.shape):
            kept = w[at]
            for step in (1e-4, -1e-4):
                w[at] = kept + step
                numerical[at] += np.sum(layer.forward(X) * g) / (2 * step)
            w[at] = kept
        layer.forward(X)
        _, gradients = layer.backward(g)
        assert np.allclose(gradients["w"], numerical, atol=1e-6)


def check_gradient() -> Any:
    return pytest.importorskip("edunn.utils", reason="no edunn.utils").check_gradient


@pytest.mark.parametrize(
    ("layer_type", "config"),
    [
        ("Linear", {"input_size": 6, "output_size": 2}),
        ("BatchNorm", {"num_features": 6}),
        ("TanH", {}),
        ("Sequential", {"layers": [{"type": "Bias", "config": {"output_size": 6}}, "Sigmoid"]}),
    ],
)
def test_check_gradient_takes_remote_layers(
    client: Client, layer_type: str, config: dict[str, Any]
) -> None:
    with client.session(seed=3) as session:
        layer = session.layer("l1", layer_type, **config)
        before = {name: value.copy() for name, value in layer.get_parameters().items()}
        found = check_gradient().common_layer(layer, (4, 6))
        assert found, str(found)
        for name, value in layer.get_parameters().items():
            assert np.array_equal(value, before[name])


def test_check_gradient_takes_a_remote_dropout_in_the_test_phase(client: Client) -> None:
    with client.session() as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        # In training every forward has a mask of its own, and the check says so.
        assert not check_gradient().common_layer(drop, (4, 6))
        drop.set_phase("test")
        assert check_gradient().common_layer(drop, (4, 6))


def test_check_gradient_takes_a_remote_loss_and_a_mixed_network(client: Client) -> None:
    with client.session(seed=3) as session:
        assert check_gradient().squared_error(session.layer("e", "SquaredError"), (4, 3))
        remote = session.layer("l1", "Linear", input_size=6, output_size=3)
        net = nn.Sequential([nn.Linear(6, 6), nn.TanH(), remote])
        found = check_gradient().common_layer(net, (4, 6))
        assert found, str(found)


def test_a_remote_loss_is_a_loss_of_the_library(client: Client) -> None:
    y_true, y = X, X + 1
    with client.session() as session:
        remote = session.layer("e", "SquaredError")
        local = nn.SquaredError()
        assert np.allclose(remote.forward(y_true, y), local.forward(y_true, y))
        # Without an argument, as a local one.
        assert np.allclose(remote.backward()[0], local.backward()[0])
        mean, local_mean = nn.MeanError(remote), nn.MeanError(nn.SquaredError())
        assert np.allclose(mean.forward(y_true, y), local_mean.forward(y_true, y))
        assert np.allclose(mean.backward()[0], local_mean.backward()[0])
        # The gradient is of the dtype of y.
        remote.forward(y_true.astype("f4"), y.astype("f4"))
        assert remote.backward()[0].dtype == np.float32
        assert remote.backward(np.ones((4, 1)))[0].dtype == np.float32
        with pytest.raises(nn.ConfigError):
            nn.Sequential([remote])


def test_an_optimizer_of_the_library_trains_a_remote_network(client: Client) -> None:
    def train(make: Any, loss: Any) -> list[float]:
        rng = np.random.default_rng(2)
        net = nn.Sequential([make, nn.ReLU()])
        optimizer = nn.GradientDescent(batch_size=4, epochs=5, lr=0.01, shuffle=False)
        history: list[float] = optimizer.optimize(net, X, rng.random((4, 5)), loss, verbose=False)
        return history

    with client.session(seed=3) as session:
        remote = session.layer("l1", "Linear", input_size=6, output_size=5)
        local = nn.Linear(6, 5, name="l1")
        start = {name: np.array(p) for name, p in remote.get_parameters().items()}
        local.set_parameters(start)
        expected = train(local, nn.MeanError(nn.SquaredError()))
        for loss in (session.layer("e", "SquaredError"), nn.MeanError(session.layer("e"))):
            remote.set_parameters(start)
            assert np.allclose(train(remote, loss), expected)
