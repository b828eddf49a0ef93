"""The program of `probe.py numbers`, whose lines are the same in every language.

clients/conformance/program says what it does.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from edunn_client import (
    Backward,
    Client,
    Forward,
    Operation,
    RemoteLayer,
    Session,
    UnavailableError,
    optimizers,
)
from edunn_client._tensors import Array

LAYERS = Path(__file__).resolve().parents[2] / "conformance" / "program" / "layers.json"
# What is odd of numbers, as bits: NaNs with payloads, infinities, zeros, subnormals, the extremes.
ODD = {
    "float64": [
        *(0x7FF8000000000000, 0x7FF8000000000ABC, 0xFFF8DEADBEEF0001, 0x7FF0000000000000),
        *(0xFFF0000000000000, 0x0000000000000000, 0x8000000000000000, 0x0000000000000001),
        *(0x800FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF, 0x3FF0000000000001),
    ],
    "float32": [
        *(0x7FC00000, 0x7FC00ABC, 0xFFDEAD01, 0x7F800000),
        *(0xFF800000, 0x00000000, 0x80000000, 0x00000001),
        *(0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0x3F800001),
    ],
}
STREAMED = 2500
DIGESTED_TOGETHER = 250


def print_numbers(client: Client, sessions: int) -> None:
    """Run the program and print its lines."""
    for dtype in ("float64", "float32"):
        with client.session(seed=7) as session:
            run_layers(session, dtype)
        with client.session(seed=8) as session:
            run_forwards_in_flight(session, dtype)
            train(session, dtype)
            train_at_the_service(session, dtype)
            pass_odd_numbers(session, dtype)
    with client.session(seed=9) as session:
        run_large(session)
    run_sessions(client, sessions)
    with client.session(seed=10) as session:
        run_stream(client, session)


def run_layers(session: Session, dtype: str) -> None:
    for case in json.loads(LAYERS.read_text()):
        layer = session.layer(case["name"], case["type"], **case["config"])
        for phase in ("training", "test"):
            what = f"{dtype} {layer.name} {phase}"
            output = layer.forward(ramp(case["shape"], dtype), phase=phase)
            gradient, by_name = layer.backward(ramp(output.shape, dtype))
            show(f"{what} output", output)
            show(f"{what} gradient", gradient)
            show_all(what, by_name)
        show_all(f"{dtype} {layer.name} kept", layer.get_parameters())


def run_forwards_in_flight(session: Session, dtype: str) -> None:
    drop = session.layer("drop", "Dropout", p=0.5)
    x = ramp((4, 8), dtype)
    outputs = [drop.forward(x) for _ in range(3)]
    for at in (1, 2, 0):
        show(f"{dtype} in flight output {at}", outputs[at])
        gradient, _ = drop.backward(x, forward_id=outputs[at])
        show(f"{dtype} in flight gradient {at}", gradient)


def train(session: Session, dtype: str) -> None:
    net = session.layer("net", "Linear", input_size=3, output_size=2)
    loss = session.layer("loss", "MeanError", sample_error="SquaredError")
    x, goal, one = ramp((4, 3), dtype), ramp((4, 2), dtype), np.ones((), dtype)
    rate = np.array(0.125, dtype)
    # The service keeps parameters in float64; this program trains in its own dtype.
    w = net.get_parameters()["w"].astype(dtype)
    for step in range(5):
        net.set_parameters({"w": w})
        show(f"{dtype} training loss {step}", loss.forward(goal, net.forward(x)))
        _, gradients = net.backward(loss.backward(one)[0])
        w = w - rate * gradients["w"]
    show(f"{dtype} training w", w)


def train_at_the_service(session: Session, dtype: str) -> None:
    """Step by training steps, then on two backwards that leave their gradients there."""
    net = session.layer("stepped", "Linear", input_size=3, output_size=2)
    loss = session.layer("squared", "SquaredError")
    x, goal = ramp((4, 3), dtype), ramp((4, 2), dtype)
    for _ in range(3):
        mean = net.train_step(x, goal, loss, optimizers.Adam(lr=0.125))
        show(f"{dtype} training step {mean.steps} loss", np.array(float(mean)))
    show(f"{dtype} training steps w", net.get_parameters()["w"])
    for _ in range(2):
        output = net.forward(x)
        net.backward(ramp(output.shape, dtype), accumulate=True)
    steps = net.step(optimizers.GradientDescent(lr=0.125))
    show(f"{dtype} step {steps:d} w", net.get_parameters()["w"])


def pass_odd_numbers(session: Session, dtype: str) -> None:
    drop = session.layers["drop"]
    odd = np.array(ODD[dtype], f"u{np.dtype(dtype).itemsize}").view(dtype)
    for phase in ("test", "training"):
        output = drop.forward(odd, phase=phase)
        show(f"{dtype} odd {phase} output", output)
        show(f"{dtype} odd {phase} gradient", drop.backward(odd)[0])


def run_large(session: Session) -> None:
    drop = session.layer("drop", "Dropout", p=0.5)
    x = ramp((2560, 1024), "float64")
    show("20 MiB output", drop.forward(x))
    show("20 MiB gradient", drop.backward(x)[0])


def run_sessions(client: Client, count: int) -> None:
    def run(seed: int) -> tuple[Array, Array]:
        with client.session(seed=seed) as session:
            drop = session.layer("drop", "Dropout", p=0.5)
            output = drop.forward(ramp((4, 8), "float64"))
            return output, drop.backward(ramp((4, 8), "float64"))[0]

    with ThreadPoolExecutor(count) as pool:
        both = list(pool.map(run, range(count)))
    show("sessions", *(array for pair in both for array in pair))


def run_stream(client: Client, session: Session) -> None:
    """Send all operations through one stream, and what a broken stream leaves through another."""
    drop = session.layer("drop", "Dropout", p=0.5)
    answers: dict[int, Array] = {}
    while len(answers) < 2 * STREAMED:
        left = [at for at in range(2 * STREAMED) if at not in answers]
        numbers: dict[Operation, int] = {operation(drop, at): at for at in left}
        for result in client.compute(numbers):
            if isinstance(result.error, UnavailableError):
                continue
            if result.error is not None:
                raise result.error
            value = result.value
            answers[numbers[result.operation]] = value[0] if isinstance(value, tuple) else value
    for begin in range(0, 2 * STREAMED, DIGESTED_TOGETHER):
        together = [answers[at] for at in range(begin, begin + DIGESTED_TOGETHER)]
        show(f"stream {begin}", *together)


def operation(drop: RemoteLayer, at: int) -> Operation:
    """Return forward 0, backward 0, forward 1, ...: named, so that they can be repeated."""
    x, name = ramp((4, 8), "float64"), f"s{at // 2}"
    return Backward(drop, x, forward_id=name) if at % 2 else Forward(drop, x, forward_id=name)


def ramp(shape: tuple[int, ...] | list[int], dtype: str) -> Array:
    """Return numbers that every language computes alike: no rounding, in float32 neither."""
    count = int(np.prod(shape))
    return ((np.arange(count) * 7919 % 2003) / 1024 - 1).astype(dtype).reshape(shape)


def show_all(what: str, arrays: dict[str, Array]) -> None:
    for name in sorted(arrays):
        show(f"{what} {name}", arrays[name])


def show(what: str, *arrays: Array) -> None:
    """Print a digest of the arrays' bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    print(what, digest.hexdigest()[:16], flush=True)
