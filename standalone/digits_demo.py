"""The second half of `make demo`: trains a small network on digits at the service and here.

Run it as `python -m standalone.digits_demo localhost:50051`. It shows a live bar, then the accuracy
of both networks, and fails unless they are equal bit for bit.
"""

from __future__ import annotations

import sys

import numpy as np
from edunn_client import Client, EdunnError, RemoteLayer, optimizers

import edunn as nn
from edunn import datasets

EPOCHS, BATCH_SIZE, SEED, VALIDATION = 30, 32, 7, 0.2
LEARNING_RATE = 0.005
LAYERS = [
    {
        "name": "hidden",
        "type": "Dense",
        "config": {"input_size": 64, "output_size": 64, "activation_name": "relu"},
    },
    {"name": "drop", "type": "Dropout", "config": {"p": 0.2}},
    {
        "name": "out",
        "type": "Dense",
        "config": {"input_size": 64, "output_size": 10, "activation_name": "softmax"},
    },
]


def main() -> int:
    """Train at both places and return the exit code."""
    (address,) = sys.argv[1:]
    print("\nTraining a small network on digits, as a job of the service", flush=True)
    try:
        with Client(address) as client:
            return demonstrate(client)
    except EdunnError as error:
        print(f"the service at {address}: {error}", file=sys.stderr)
        return 1


def demonstrate(client: Client) -> int:
    """Train at the service with a bar, then with the library alone, and compare."""
    with client.session(seed=SEED) as session:
        net = session.layer("net", "Sequential", layers=LAYERS)
        loss = session.layer("loss", "CrossEntropyWithLabels")
        start = {name: array.copy() for name, array in net.get_parameters().items()}
        training = net.fit(
            "digits",
            loss,
            optimizers.Adam(lr=LEARNING_RATE),
            epochs=EPOCHS,
            batch_size=BATCH_SIZE,
            validation_share=VALIDATION,
            metrics=["accuracy"],
            seed=SEED,
        )
        info = training.watch()
        local, test = train_here(start)
        here = nn.metrics.accuracy(test.y_test, local.forward(test.x_test).argmax(axis=1))
        same = _are_equal(net, local)
    print(f"  accuracy on samples not trained with: {info.results[-1].validation['accuracy']:.4f}")
    print(f"  the same with edunn alone, here:      {here:.4f}")
    print(f"  {'ok    ' if same else 'FAILED'}  the two networks are equal, bit for bit")
    return 0 if same else 1


def train_here(start: dict[str, np.ndarray]) -> tuple[nn.Model, datasets.Split]:
    """Return the network that the library alone trains, and the samples."""
    rng = np.random.default_rng(SEED)
    x, y, _ = datasets.load_classification("digits")
    samples = datasets.split(x, y, VALIDATION, rng)
    model = nn.build("Sequential", {"layers": LAYERS})
    model.set_parameters(start)
    model.rng = rng
    optimizer = nn.Adam(BATCH_SIZE, EPOCHS, lr=LEARNING_RATE, rng=rng)
    error = nn.CrossEntropyWithLabels()
    optimizer.optimize(model, samples.x_train, samples.y_train, error, verbose=False)
    return model, samples


def _are_equal(remote: RemoteLayer, local: nn.Model) -> bool:
    arrays = remote.get_parameters()
    return all(array.tobytes() == arrays[name].tobytes() for name, array in
               local.get_parameters().items())  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
