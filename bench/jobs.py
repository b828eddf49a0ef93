"""`python -m bench.jobs`: trainings as jobs beside the library alone, and uploads beside a stream.

Every ratio is of one run on one machine: the reference is measured between the rounds of ours.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from edunn_client import Client, RemoteLayer, Session, Training, optimizers

import edunn as nn
from bench import sink
from edunn_serving import keys
from standalone.stack import Stack

RESULTS = Path(__file__).parent / "jobs.md"
ROOT = Path(__file__).resolve().parent.parent
SAMPLES, FEATURES, CLASSES, BATCH = 20_000, 784, 10, 64
LAYERS = [
    {
        "name": "hidden",
        "type": "Dense",
        "config": {"input_size": FEATURES, "output_size": 128, "activation_name": "relu"},
    },
    {
        "name": "out",
        "type": "Dense",
        "config": {"input_size": 128, "output_size": CLASSES, "activation_name": "softmax"},
    },
]
UPLOAD_BYTES = 200 * 1024 * 1024
CHUNK_BYTES = 2 * 1024 * 1024
TEXT = """\
# Trainings as jobs

Ratios of one run, medians of {rounds} rounds. A job trains Dense(784, 128, relu) + Dense(128, 10,
softmax) with {samples} samples, batch 64, Adam; the reference is edunn's own `optimize` of the same
data in one process. The interactive caller runs 8x64 Dropout forwards, one after the other, with a
worker of each pool. The upload has 200 MiB in chunks of 2 MiB; the reference is a bare `grpc.aio`
server that reads the same messages and keeps nothing. Before the run {load:.1f} programs wanted to
compute on the machine's {cores} cores.

| figure | measured | mark |
| --- | --- | --- |
{rows}
"""


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(prog="python -m bench.jobs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    load, cores = os.getloadavg()[0], os.cpu_count()
    with (
        tempfile.TemporaryDirectory(prefix="edunn-bench-") as folder,
        Stack(Path(folder), workers=1) as stack,
        Client(stack.address) as client,
    ):
        job = measure_job(client, options.rounds, options.epochs)
        latency = measure_latency(client, stack, options.rounds)
        upload = measure_upload(client, options.rounds)
    rows = [
        f"| a job, of the local `optimize` | {job:.2f} | at least 0.9 |",
        f"| p50 of one caller with a job, of without | {latency:.2f} | at most 1.5 |",
        f"| upload of 200 MiB, of a plain stream | {upload:.2f} | at least 0.5 |",
    ]
    text = TEXT.format(
        rounds=options.rounds, samples=SAMPLES, load=load, cores=cores, rows="\n".join(rows)
    )
    RESULTS.write_text(text)
    print(text)


def measure_job(client: Client, rounds: int, epochs: int) -> float:
    """Return the speed of a job in that of the local loop."""
    rng = np.random.default_rng(1)
    x, y = rng.random((SAMPLES, FEATURES)), rng.integers(0, CLASSES, SAMPLES)
    client.upload_dataset("bench", x, y)
    ratios = []
    with client.session(seed=1) as session:
        net = add_network(session)
        for _ in range(rounds):
            training = fit(net, epochs)
            info = training.result()
            if info.start_time is None or info.end_time is None:
                raise RuntimeError("a training without times")
            seconds = (info.end_time - info.create_time).total_seconds()
            ratios.append(seconds_of_local(x, y, epochs) / seconds)
    return statistics.median(ratios)


def seconds_of_local(x: np.ndarray, y: np.ndarray, epochs: int) -> float:
    model = nn.build("Sequential", {"layers": LAYERS}, rng=np.random.default_rng(1))
    optimizer = nn.Adam(BATCH, epochs, lr=0.001, rng=np.random.default_rng(1))
    began = time.perf_counter()
    optimizer.optimize(model, x, y, nn.CrossEntropyWithLabels(), verbose=False)
    return time.perf_counter() - began


def measure_latency(client: Client, stack: Stack, rounds: int) -> float:
    """Return the median latency of a caller with a job under way, in that without."""
    x = np.random.default_rng(1).random((8, 64))
    ratios = []
    with client.session(seed=1) as session:
        net = add_network(session)
        drop = session.layer("drop", "Dropout", p=0.5)

        def p50() -> float:
            return statistics.median(timed(lambda: drop.forward(x)) for _ in range(1500))

        p50()
        for _ in range(rounds):
            without = p50()
            training = fit(net, 100_000)
            await_running(stack, training)
            ratios.append(p50() / without)
            training.cancel()
            training.result()
    return statistics.median(ratios)


def measure_upload(client: Client, rounds: int) -> float:
    """Return the speed of an upload in that of a plain stream of the same messages."""
    samples = UPLOAD_BYTES // (FEATURES * 8)
    ratios = []
    with running_sink() as address, grpc.insecure_channel(address) as channel:
        plain: Any = channel.stream_unary(sink.METHOD)
        for number in range(rounds):
            x = np.random.default_rng(number).random((samples, FEATURES))
            y = np.zeros(samples, np.int64)
            data = x.reshape(-1).view(np.uint8).data
            chunks = [bytes(data[at : at + CHUNK_BYTES]) for at in range(0, len(data), CHUNK_BYTES)]
            reference = timed(partial(plain, iter(chunks)))
            ours = timed(partial(client.upload_dataset, "large", x, y))
            ratios.append(reference / ours)
            # Beside one of the same shape the client would compute a digest first.
            client.delete_dataset("large")
    return statistics.median(ratios)


def add_network(session: Session) -> RemoteLayer:
    session.layer("loss", "CrossEntropyWithLabels")
    return session.layer("net", "Sequential", layers=LAYERS)


def fit(net: RemoteLayer, epochs: int) -> Training:
    rate = optimizers.Adam(lr=0.001)
    return net.fit("bench", "loss", rate, epochs=epochs, batch_size=BATCH, seed=1)


def await_running(stack: Stack, training: Training) -> None:
    """Wait until a worker computes a training."""
    key = keys.training("", training.training_id)
    redis = stack.redis_client()
    while not int(redis.hget(key, "slice") or 0):
        time.sleep(0.01)


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


@contextmanager
def running_sink() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.sink"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        if process.stdout is None:
            raise RuntimeError("the sink has no output")
        try:
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
