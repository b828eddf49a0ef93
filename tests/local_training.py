"""The network of the tests of trainings, at the service and as the library's own loop trains it."""

from __future__ import annotations

from typing import Any

import numpy as np
from edunn_client import RemoteLayer, Session

import edunn as nn
from edunn import datasets

SEED = 11
BATCH = 32


def network(inputs: int = 64, classes: int = 10) -> list[dict[str, Any]]:
    """Return a network with everything that training touches: masks and running statistics."""
    return [
        {
            "name": "hidden",
            "type": "Dense",
            "config": {"input_size": inputs, "output_size": 32, "activation_name": "relu"},
        },
        {"name": "norm", "type": "BatchNorm", "config": {"num_features": 32}},
        {"name": "drop", "type": "Dropout", "config": {"p": 0.2}},
        {
            "name": "out",
            "type": "Dense",
            "config": {"input_size": 32, "output_size": classes, "activation_name": "softmax"},
        },
    ]


def add_network(session: Session, name: str = "net") -> RemoteLayer:
    """Add the network and its loss to a session."""
    session.layer("loss", "CrossEntropyWithLabels")
    return session.layer(name, "Sequential", layers=network())


def arrays_of(layer: RemoteLayer) -> dict[str, np.ndarray]:
    """Return copies of a layer's parameters and buffers."""
    return {name: array.copy() for name, array in layer.get_parameters().items()}


def train_locally(
    start: dict[str, np.ndarray], epochs: int, validation_share: float = 0.0, lr: float = 0.01
) -> tuple[nn.Sequential, np.ndarray]:
    """Return the network as edunn's own loop trains it, and the loss of each epoch."""
    model = nn.build("Sequential", {"layers": network()})
    assert isinstance(model, nn.Sequential)
    model.set_parameters({name: start[name] for name in model.get_parameters()})
    model.set_buffers({name: start[name] for name in model.get_buffers()})
    rng = np.random.default_rng(SEED)
    x, y, _ = datasets.load_classification("digits")
    if validation_share:
        parts = datasets.split(x, y, validation_share, rng)
        x, y = parts.x_train, parts.y_train
    model.rng = rng
    optimizer = nn.Adam(BATCH, epochs, lr=lr, rng=rng)
    history = optimizer.optimize(model, x, y, nn.CrossEntropyWithLabels(), verbose=False)
    return model, history


def assert_same(model: nn.Sequential, arrays: dict[str, np.ndarray]) -> None:
    """Compare a local network with a remote one, bit for bit."""
    local = {**model.get_parameters(), **model.get_buffers()}
    assert local.keys() == arrays.keys()
    for name, array in local.items():
        assert array.tobytes() == arrays[name].tobytes(), name
