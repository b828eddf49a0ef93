"""Every step counts exactly once, whatever dies or stands still while a loop trains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from edunn_client import Client, layers
from processes import await_restart, frozen, kill
from waiting import await_true, await_workers

import edunn as nn
from standalone.stack import Stack

STEPS = 500
RNG = np.random.default_rng(5)
BATCHES = [(RNG.normal(size=(8, 16)), RNG.integers(0, 4, 8)) for _ in range(STEPS)]
# The second layer's slots are large, so that they are stored apart.
NETWORK = {
    "hidden": layers.Dense(16, 600, "relu"),
    "norm": layers.BatchNorm(600),
    "out": layers.Dense(600, 4, "softmax"),
}
LOSS = layers.MeanError(layers.CrossEntropyWithLabels())
SEED = 11
WORKER_TIMEOUT = 2.5

State = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"EDUNN_WORKER_TIMEOUT_SECONDS": str(WORKER_TIMEOUT)}
    with Stack(tmp_path_factory.mktemp("steps"), others={}, environment=settings) as running:
        await_workers(running)
        yield running


class Training:
    """A loop of steps over the service, of which a test can await the progress."""

    def __init__(self, stack: Stack, share_stream: bool) -> None:
        self._stack = stack
        self._share_stream = share_stream
        self.done = 0
        self.losses: list[float] = []

    def run(self) -> tuple[State, State]:
        """Train, and return the arrays before and after it."""
        with (
            Client(self._stack.address, timeout=90, share_stream=self._share_stream) as client,
            client.session(SEED) as session,
        ):
            net = session.layer("net", layers.Sequential(NETWORK))
            session.layer("loss", LOSS)
            before = {name: each.copy() for name, each in net.get_parameters().items()}
            for x, y in BATCHES:
                loss = net.train_step(x, y, "loss", nn.Adam(lr=0.001))
                self.losses.append(float(loss))
                self.done += 1
                assert loss.steps == self.done
            return before, {name: each.copy() for name, each in net.get_parameters().items()}

    def await_step(self, number: int, ended: threading.Event) -> None:
        await_true(lambda: self.done >= number or ended.is_set(), f"step {number}", 120)


def train(
    stack: Stack,
    disturb: Callable[[Callable[[int], None]], None],
    *,
    share_stream: bool = False,
) -> tuple[list[float], State, State]:
    """Train while something is disturbed; return losses, and the arrays before and after."""
    training = Training(stack, share_stream)
    ended = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(training.run)
        running.add_done_callback(lambda _: ended.set())
        disturb(lambda number: training.await_step(number, ended))
        before, after = running.result(timeout=120)
    return training.losses, before, after


@cache
def locally(first: tuple[tuple[str, bytes], ...]) -> tuple[list[float], State]:
    """Train as the library's own loop does, from the same arrays."""
    net = nn.build("Sequential", {"layers": layers.Sequential(NETWORK).config()["layers"]})
    arrays = {name: np.frombuffer(data) for name, data in first}
    for name, array in {**net.get_parameters(), **net.get_buffers()}.items():
        array[...] = arrays[name].reshape(array.shape)
    loss, loop, losses = nn.MeanError(nn.CrossEntropyWithLabels()), nn.Adam(lr=0.001), []
    for x, y in BATCHES:
        _, gradients, error = loop.backpropagation(net, x, y, loss)
        loop.optimize_batch(net, gradients, 0, 0)
        losses.append(error)
    return losses, {**net.get_parameters(), **net.get_buffers()}


def assert_as_locally(trained: tuple[list[float], State, State]) -> None:
    losses, before, after = trained
    expected, arrays = locally(tuple((name, each.tobytes()) for name, each in before.items()))
    assert losses == expected
    assert after.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name)


def test_killed_workers_and_a_killed_server(stack: Stack) -> None:
    def disturb(await_step: Callable[[int], None]) -> None:
        # One worker has the session at hand and runs all of its batches.
        for number in (100, 200):
            await_step(number)
            before = [child.starts for child in stack.workers]
            for child in stack.workers:
                kill(child)
            for child, starts in zip(stack.workers, before, strict=True):
                await_restart(child, starts)
            await_workers(stack)
        await_step(350)
        (server,) = stack.servers
        starts = server.starts
        kill(server)
        await_restart(server, starts)

    assert_as_locally(train(stack, disturb))


def test_killed_redis_and_redis_away_for_five_seconds_under_a_shared_stream(stack: Stack) -> None:
    # What a kill costs must not depend on how slow the disk is.
    stack.redis_client().config_set("appendfsync", "no")

    def disturb(await_step: Callable[[int], None]) -> None:
        await_step(150)
        starts = stack.redis.starts
        kill(stack.redis)
        await_restart(stack.redis, starts)
        await_step(300)
        stop = threading.Event()
        with frozen(stack.redis):
            # A frozen process gives no event to wait for: five seconds are the fault itself.
            stop.wait(5.0)

    assert_as_locally(train(stack, disturb, share_stream=True))
