"""Measures training over the service as ratios to the same loop with the library in one process.

Run it from the repository's root: ``python -m bench.training``. It writes bench/training.md and
exits with 1 if a mark is missed. Rounds of ours and of the reference are interleaved.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from edunn_client import Client, MeanLoss, RemoteLayer, Session, layers

import edunn as nn
from standalone.stack import Stack

SAMPLES, INPUTS, HIDDEN, CLASSES = 64, 784, 128, 10
# As many steps of a stream are sent ahead of the answers.
IN_FLIGHT = 16
RULES: dict[str, nn.BatchedGradientOptimizer] = {
    "GradientDescent": nn.GradientDescent(lr=0.01),
    "Adam": nn.Adam(lr=0.001),
}
RESULTS = Path(__file__).parent / "training.md"
TEXT = """\
# Steps over the service

Training steps of 64 samples through Dense(784, 128, relu) + Dense(128, 10, softmax), as ratios to
the same loop with edunn in one process: medians of {rounds} interleaved rounds. The stream has
{ahead} steps under way; unary, one caller awaits each. Before the run {load:.1f} programs wanted to
compute on the machine's {cores} cores. The local loop has them for itself, and the service's
processes share them with the client.

| loop | steps a second | of the local loop | at least |
| --- | --- | --- | --- |
{rows}
"""
# Takes steps for some seconds, and returns how many it took in a second.
Loop = Callable[[float], float]


@dataclass
class Figure:
    """Ours beside the local loop, round by round."""

    name: str
    mark: float
    loop: Loop
    steps: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    @property
    def met(self) -> bool:
        return statistics.median(self.ratios) >= self.mark

    def row(self) -> str:
        """Return the figure as a row of the table."""
        ratio = statistics.median(self.ratios)
        between = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}"
        missed = "" if self.met else " MISSED"
        return (
            f"| {self.name} | {statistics.median(self.steps):.0f} | {ratio:.2f} ({between}) "
            f"| {self.mark:g}{missed} |"
        )


def batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(SAMPLES, INPUTS)), rng.integers(0, CLASSES, SAMPLES)


def counted(step: Callable[[], object], seconds: float) -> float:
    """Return how often a second a function can be called."""
    began = time.perf_counter()
    count = 0
    while (taken := time.perf_counter() - began) < seconds:
        step()
        count += 1
    return count / taken


def local_loop(rule: nn.BatchedGradientOptimizer) -> Loop:
    """Return the loop of one process, step by step as `optimize` takes them."""
    net = nn.Sequential(
        [
            nn.Dense(INPUTS, HIDDEN, activation_name="relu"),
            nn.Dense(HIDDEN, CLASSES, activation_name="softmax"),
        ]
    )
    loss = nn.MeanError(nn.CrossEntropyWithLabels())
    x, y = batch()

    def step() -> None:
        _, gradients, _ = rule.backpropagation(net, x, y, loss)
        rule.optimize_batch(net, gradients, 0, 0)

    return lambda seconds: counted(step, seconds)


def network(session: Session) -> RemoteLayer:
    """Return a network of the session, beside its loss `loss`."""
    session.layer("loss", layers.MeanError(layers.CrossEntropyWithLabels()))
    parts = [layers.Dense(INPUTS, HIDDEN, "relu"), layers.Dense(HIDDEN, CLASSES, "softmax")]
    return session.layer("net", layers.Sequential(parts))


def unary_loop(net: RemoteLayer, rule: nn.BatchedGradientOptimizer) -> Loop:
    """Return the loop of one caller that awaits every step."""
    x, y = batch()
    return lambda seconds: counted(lambda: net.train_step(x, y, "loss", rule), seconds)


def stream_loop(client: Client, net: RemoteLayer, rule: nn.BatchedGradientOptimizer) -> Loop:
    """Return the loop of a stream, some steps ahead of the answers."""
    x, y = batch()

    def run(seconds: float) -> float:
        under_way: deque[Future[MeanLoss]] = deque()
        with client.stream() as stream:

            def step() -> None:
                under_way.append(stream.train_step(net, x, y, "loss", rule))
                if len(under_way) >= IN_FLIGHT:
                    under_way.popleft().result()

            began = time.perf_counter()
            rate = counted(step, seconds)
            steps = rate * (time.perf_counter() - began)
            for future in under_way:
                future.result()
            return steps / (time.perf_counter() - began)

    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round of each loop")
    options = parser.parse_args()
    figures: list[Figure] = []
    load, cores = os.getloadavg()[0], os.cpu_count()
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder)) as stack,
        Client(stack.address) as client,
    ):
        for name, rule in RULES.items():
            with client.session(seed=0) as streaming, client.session(seed=0) as stepping:
                stream = stream_loop(client, network(streaming), rule)
                unary = unary_loop(network(stepping), rule)
                ours = [
                    Figure(f"stream, {name}", 0.6, stream),
                    Figure(f"unary, {name}", 0.4, unary),
                ]
                measure(local_loop(rule), ours, options.rounds, options.seconds)
                figures += ours
    rows = "\n".join(figure.row() for figure in figures)
    text = TEXT.format(rounds=options.rounds, ahead=IN_FLIGHT, load=load, cores=cores, rows=rows)
    RESULTS.write_text(text)
    print(text)
    return 0 if all(figure.met for figure in figures) else 1


def measure(reference: Loop, figures: list[Figure], rounds: int, seconds: float) -> None:
    """Measure the figures in turns with the reference. The first turn warms up."""
    for turn in range(rounds + 1):
        local = reference(seconds if turn else 0.2)
        for figure in figures:
            steps = figure.loop(seconds if turn else 0.2)
            if turn:
                figure.steps.append(steps)
                figure.ratios.append(steps / local)


if __name__ == "__main__":
    sys.exit(main())
