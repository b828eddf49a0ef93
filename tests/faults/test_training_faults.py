"""Trainings while their worker, their server or Redis dies: the result of an undisturbed run."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
from edunn_client import Client, EdunnError, RemoteLayer, Training, TrainingState
from edunn_client import TrainingOutcome as Outcome
from edunn_client.optimizers import Adam
from grpc_health.v1 import health_pb2, health_pb2_grpc
from local_training import (
    BATCH,
    SEED,
    add_network,
    arrays_of,
    assert_same,
    train_locally,
)
from processes import await_restart, frozen, kill
from waiting import await_true

from edunn_serving import keys
from edunn_serving.pools import TRAINING
from standalone.processes import Child
from standalone.stack import Stack

EPOCHS = 40
SLICE_SECONDS = 0.3
SETTINGS = {"EDUNN_TRAINING_SLICE_SECONDS": str(SLICE_SECONDS)}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, workers=1, others={TRAINING: 1}, environment=SETTINGS) as running:
        yield running


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.address, timeout=60) as connected:
        yield connected


def begin(net: RemoteLayer, epochs: int = EPOCHS) -> Training:
    return net.fit("digits", "loss", Adam(lr=0.01), epochs=epochs, batch_size=BATCH, seed=SEED)


def await_share(training: Training, share: float) -> None:
    await_true(lambda: training.refresh().progress.share >= share, f"{share:.0%} of the training")


def health_of(stack: Stack, service: str) -> str:
    with grpc.insecure_channel(stack.address) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=30)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def check_undisturbed(
    training: Training, net: RemoteLayer, start: dict[str, np.ndarray], epochs: int = EPOCHS
) -> None:
    """Compare a training's result with that of a run that nothing has disturbed."""
    info = training.result(timeout=120)
    assert info.outcome is Outcome.APPLIED
    model, history = train_locally(start, epochs)
    assert_same(model, net.get_parameters())
    assert [each.training["loss"] for each in info.results] == list(history)


def test_a_worker_that_is_killed_costs_less_than_a_slice(stack: Stack, client: Client) -> None:
    (trainer,) = stack.other_workers
    with client.session(seed=1) as session:
        net = add_network(session)
        start = arrays_of(net)
        training = begin(net)
        for share in (0.05, 0.3, 0.55):
            await_share(training, share)
            before = training.refresh().progress.share
            starts = trainer.starts
            kill(trainer)
            # What was committed stays. The slice under way is computed again.
            at_once = training.refresh().progress.share
            assert at_once >= before
            await_restart(trainer, starts)
        check_undisturbed(training, net, start)
        epochs = [each.epoch.epoch for each in training.events() if each.epoch]
        assert epochs == list(range(1, EPOCHS + 1))


def test_a_worker_that_was_frozen_and_comes_back_does_not_count_twice(
    stack: Stack, client: Client
) -> None:
    (trainer,) = stack.other_workers
    with client.session(seed=1) as session:
        net = add_network(session)
        start = arrays_of(net)
        training = begin(net)
        await_share(training, 0.1)
        held = stack.redis_client().hgetall
        with frozen(trainer):
            # Its training waits for another worker, and then it comes back.
            await_true(lambda: not held(keys.held_trainings()), "the end of its hold")
            await_true(
                lambda: health_of(stack, "edunn_serving.v1.TrainingService") == "NOT_SERVING",
                "the health check's notice",
            )
            assert health_of(stack, "edunn_serving.v1.LayerService") == "SERVING"
        check_undisturbed(training, net, start)


def test_a_training_outlives_its_server_and_so_does_a_watcher(stack: Stack, client: Client) -> None:
    seen: list[str] = []
    epochs: list[int] = []
    with client.session(seed=1) as session:
        net = add_network(session)
        start = arrays_of(net)
        training = begin(net)

        def watch() -> None:
            for event in training.events():
                seen.append(event.event_id)
                if event.epoch:
                    epochs.append(event.epoch.epoch)

        watcher = threading.Thread(target=watch)
        watcher.start()
        await_true(lambda: len(epochs) > 3, "the first epochs")
        kill(stack.servers[0])
        watcher.join(60)
        assert not watcher.is_alive()
        # No event is lost, and none comes twice.
        assert epochs == list(range(1, EPOCHS + 1))
        assert len(set(seen)) == len(seen)
        check_undisturbed(training, net, start)


def test_redis_may_be_killed_under_a_training(stack: Stack, client: Client) -> None:
    with client.session(seed=1) as session:
        net = add_network(session)
        start = arrays_of(net)
        training = begin(net)
        await_share(training, 0.2)
        kill(stack.redis)
        check_undisturbed(training, net, start)


def test_redis_may_be_away_for_five_seconds(stack: Stack, client: Client) -> None:
    with client.session(seed=1) as session:
        net = add_network(session)
        start = arrays_of(net)
        training = begin(net)
        await_share(training, 0.2)
        with frozen(stack.redis):
            threading.Event().wait(5.0)
        check_undisturbed(training, net, start)


def test_a_cancellation_and_the_end_never_mix(client: Client) -> None:
    """Cancel trainings at about their end: each has ended in one way, and says which."""
    states = []
    for number in range(6):
        with client.session(seed=1) as session:
            net = add_network(session)
            start = arrays_of(net)
            training = begin(net, epochs=3)
            await_share(training, 0.3 + 0.1 * number)
            training.cancel()
            info = training.result()
            states.append(info.state)
            changed = not np.array_equal(net.get_parameters()["out(b)"], start["out(b)"])
            assert changed == (info.state is TrainingState.SUCCEEDED)
            assert (info.outcome is Outcome.APPLIED) == changed
            if not changed:
                training.resume()
                check_undisturbed(training, net, start, epochs=3)
    assert set(states) <= {TrainingState.SUCCEEDED, TrainingState.CANCELLED}


@contextmanager
def no_room(trainer: Child) -> Iterator[None]:
    """Let a worker write no file as large as a checkpoint during the block."""
    before = resource.prlimit(trainer.pid, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(trainer.pid, resource.RLIMIT_FSIZE, before)


def test_a_full_store_fails_the_training_and_keeps_its_checkpoint(
    stack: Stack, client: Client
) -> None:
    (trainer,) = stack.other_workers
    with client.session(seed=1) as session:
        net = add_network(session)
        start = arrays_of(net)
        training = begin(net)
        await_share(training, 0.1)
        with no_room(trainer):
            with pytest.raises(EdunnError) as failed:
                training.result(timeout=60)
            assert failed.value.reason == "STORE_FULL"
            assert training.info.state is TrainingState.FAILED
        training.resume()
        check_undisturbed(training, net, start)


def test_callers_share_the_workers_however_many_trainings_they_have(tmp_path: Path) -> None:
    settings = {**SETTINGS, "EDUNN_TOKENS": "many=many-secret,one=one-secret"}
    with (
        Stack(tmp_path, workers=1, others={TRAINING: 1}, environment=settings) as stack,
        Client(stack.address, token="many-secret") as many,
        Client(stack.address, token="one-secret") as one,
        many.session(seed=1) as busy,
        one.session(seed=1) as modest,
    ):
        net = add_network(busy)
        crowd = [begin(net, epochs=100_000) for _ in range(4)]
        alone = begin(add_network(modest), epochs=100_000)
        redis = stack.redis_client()

        def slices(caller: str, training: Training) -> int:
            return int(redis.hget(keys.training(caller, training.training_id), "slice") or 0)

        await_true(lambda: slices("one", alone) >= 6, "six slices")
        # The one training of one caller gets as much as the four of the other together.
        theirs = sum(slices("many", training) for training in crowd)
        assert 4 <= theirs <= 9
        for each in (*crowd, alone):
            each.cancel()
