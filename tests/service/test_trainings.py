"""Trainings as jobs of the service: what they compute, how they are watched, how they end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from celery import Celery
from edunn_client import (
    Client,
    CosineSchedule,
    EarlyStopping,
    EdunnError,
    FailedPreconditionError,
    NotFoundError,
    Session,
    StepSchedule,
    Training,
    TrainingOutcome,
    TrainingState,
    optimizers,
)
from local_training import (
    BATCH,
    SEED,
    add_network,
    arrays_of,
    assert_same,
    train_locally,
)
from waiting import await_true

from edunn import model_file
from edunn_serving.pools import TRAINING
from edunn_serving.redis_url import RedisUrl
from standalone.stack import Stack

# Several slices for each training.
SETTINGS = {"EDUNN_TRAINING_SLICE_SECONDS": "0.1", "EDUNN_TRAINING_HISTORY_SECONDS": "600"}
ADAM = optimizers.Adam(lr=0.01)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("trainings")
    with Stack(folder, workers=1, others={TRAINING: 1}, environment=SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.address) as connected:
        yield connected


@pytest.fixture
def session(client: Client) -> Iterator[Session]:
    with client.session(seed=1) as created:
        yield created


def begin_long(session: Session, **more: object) -> Training:
    """Begin a training that goes on until it is cancelled."""
    options: dict[str, object] = {"epochs": 100_000, "batch_size": BATCH, "seed": SEED, **more}
    return add_network(session).fit("digits", "loss", ADAM, **options)  # type: ignore[arg-type]


def test_a_training_is_bit_equal_to_the_loop_of_the_library(session: Session) -> None:
    net = add_network(session)
    start = arrays_of(net)
    held = net.get_parameters()
    training = net.fit(
        "digits", "loss", ADAM,
        epochs=12, batch_size=BATCH, seed=SEED, validation_share=0.25, metrics=["accuracy"],
    )  # fmt: skip
    info = training.result()
    model, history = train_locally(start, 12, 0.25)
    assert (info.state, info.outcome) == (TrainingState.SUCCEEDED, TrainingOutcome.APPLIED)
    # The copy of the parameters that the client had handed out is brought up to date too.
    assert_same(model, net.get_parameters())
    assert held["out(b)"].tobytes() == model.get_parameters()["out(b)"].tobytes()
    assert [each.training["loss"] for each in info.results] == list(history)
    assert info.results[-1].validation["accuracy"] > 0.9
    assert info.progress.share == 1.0


def test_watchers_see_every_epoch_from_any_event_on(session: Session) -> None:
    net = add_network(session)
    training = net.fit("digits", "loss", ADAM, epochs=8, batch_size=BATCH, seed=SEED)
    seen = list(training.events())
    assert seen[0].started is not None and seen[0].started.training_samples == 1797
    assert [each.epoch.epoch for each in seen if each.epoch] == list(range(1, 9))
    assert seen[-1].ended is not None and seen[-1].ended.state is TrainingState.SUCCEEDED
    ids = [each.event_id for each in seen if not each.progress]
    # Another watcher begins anywhere, also after the end.
    third = [each.event_id for each in training.events(after=ids[3])]
    assert [each for each in third if each in ids] == ids[4:]
    times = [each.time for each in seen if each.progress]
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
    assert all(gap >= 0.15 for gap in gaps)


def test_epochs_and_cancellations_do_not_wait_for_the_end_of_a_slice(tmp_path: Path) -> None:
    long = {"EDUNN_TRAINING_SLICE_SECONDS": "60"}
    with (
        Stack(tmp_path, workers=1, others={TRAINING: 1}, environment=long) as stack,
        Client(stack.address, timeout=60) as client,
        client.session(seed=1) as session,
    ):
        training = begin_long(session)
        events = training.events()
        epochs = itertools.islice((each.epoch for each in events if each.epoch), 5)
        assert [each.epoch for each in epochs] == [1, 2, 3, 4, 5]
        training.cancel()
        rest = list(events)
        assert rest[-1].ended is not None and rest[-1].ended.state is TrainingState.CANCELLED
        # The first checkpoint is that of the cancellation, and the watchers heard of each epoch.
        assert training.refresh().progress.epochs_done == 5 + sum(1 for each in rest if each.epoch)


def test_a_cancelled_training_keeps_its_checkpoint_and_goes_on(session: Session) -> None:
    net = add_network(session)
    start = arrays_of(net)
    training = net.fit("digits", "loss", ADAM, epochs=40, batch_size=BATCH, seed=SEED)
    events = training.events()
    next(each for each in events if each.epoch)
    training.cancel()
    assert training.cancel().cancel_requested
    rest = list(events)
    assert rest[-1].ended is not None and rest[-1].ended.state is TrainingState.CANCELLED
    assert training.refresh().progress.share < 1
    # The session's layer is as it was.
    assert arrays_of(net).items() and all(
        np.array_equal(array, start[name]) for name, array in arrays_of(net).items()
    )
    assert training.resume().state is not TrainingState.CANCELLED
    assert training.result().outcome is TrainingOutcome.APPLIED
    model, history = train_locally(start, 40)
    assert_same(model, net.get_parameters())
    assert [each.training["loss"] for each in training.info.results] == list(history)
    with pytest.raises(FailedPreconditionError) as refused:
        training.resume()
    assert refused.value.reason == "TRAINING_ENDED"
    # A cancellation that comes after the end changes nothing.
    assert training.cancel().state is TrainingState.SUCCEEDED


def test_a_training_that_waits_is_cancelled_at_once(session: Session, client: Client) -> None:
    running = begin_long(session)
    with client.session(seed=2) as other:
        waiting = begin_long(other)
        await_true(
            lambda: running.refresh().state is TrainingState.RUNNING, "the first training's start"
        )
        waiting.cancel()
        running.cancel()
        for each in (waiting, running):
            assert each.result().state is TrainingState.CANCELLED


def test_parameters_that_have_changed_meanwhile_stay(
    session: Session, client: Client, tmp_path: Path
) -> None:
    net = add_network(session)
    training = net.fit("digits", "loss", ADAM, epochs=30, batch_size=BATCH, seed=SEED)
    mine = np.full(10, 0.5)
    net.set_parameters({"out(b)": mine})
    info = training.result()
    assert info.outcome is TrainingOutcome.PARAMETERS_CHANGED
    assert np.array_equal(net.get_parameters()["out(b)"], mine)
    # The result is there all the same, as a file.
    file = model_file.decode(training.save(tmp_path / "result.safetensors").read_bytes())
    assert not np.array_equal(file.parameters["out(b)"], mine)
    loaded = client.load(tmp_path / "result.safetensors", session=session, name="trained")
    assert_same_arrays(loaded.get_parameters(), {**file.parameters, **file.buffers})


def test_a_training_outlives_its_session(client: Client) -> None:
    with client.session(seed=1) as gone:
        training = add_network(gone).fit("digits", "loss", ADAM, epochs=3, batch_size=BATCH)
    info = training.result()
    assert (info.state, info.outcome) == (TrainingState.SUCCEEDED, TrainingOutcome.SESSION_GONE)


def test_early_stopping_restores_the_best_epoch(session: Session) -> None:
    net = add_network(session)
    training = net.fit(
        "digits", "loss", ADAM, epochs=500, batch_size=BATCH, seed=SEED, validation_share=0.3,
        metrics=["accuracy"],
        early_stopping=EarlyStopping(patience=3, metric="accuracy", restore_best=True),
    )  # fmt: skip
    info = training.result()
    accuracies = [each.validation["accuracy"] for each in info.results]
    assert info.stopped_early
    assert len(accuracies) < 500
    assert info.best_epoch == 1 + accuracies.index(max(accuracies)) == len(accuracies) - 3


def test_schedules_change_the_learning_rate_from_epoch_to_epoch(
    session: Session, client: Client
) -> None:
    net = add_network(session)

    def rates(schedule: StepSchedule | CosineSchedule) -> list[float]:
        training = net.fit("hundred", "loss", ADAM, epochs=6, schedule=schedule, batch_size=200)
        return [each.learning_rate for each in training.result().results]

    x = np.random.default_rng(1).random((100, 64))
    client.upload_dataset("hundred", x, np.arange(100) % 10)
    halved = [0.01, 0.01, 0.005, 0.005, 0.0025, 0.0025]
    assert rates(StepSchedule(epochs=2, factor=0.5)) == pytest.approx(halved)
    expected = [0.001 + 0.009 * (1 + np.cos(np.pi * e / 6)) / 2 for e in range(6)]
    assert rates(CosineSchedule(share=0.1)) == pytest.approx(expected)


def test_a_loss_that_is_not_finite_stops_the_training(session: Session) -> None:
    session.layer("squares", "SquaredError")
    line = session.layer("line", "LinearRegression", input_size=10, output_size=1)
    # The steps grow from batch to batch, until the loss is no number.
    training = line.fit(
        "diabetes", "squares", optimizers.GradientDescent(lr=1e100), epochs=50, seed=SEED
    )
    with pytest.raises(FailedPreconditionError, match="epoch 1, batch") as stopped:
        training.result()
    assert stopped.value.reason == "NOT_FINITE"
    assert stopped.value.metadata["epoch"] == "1"
    assert training.info.state is TrainingState.FAILED
    with pytest.raises(FailedPreconditionError):
        training.resume()
        training.result()


def test_trainings_are_listed_in_pages_and_belong_to_their_caller(
    client: Client, session: Session
) -> None:
    net = add_network(session)
    started = [
        net.fit("digits", "loss", ADAM, epochs=1, training_id=f"listed-{number}")
        for number in range(3)
    ]
    listed = [info.training_id for info in client.trainings()]
    assert listed[:3] == ["listed-2", "listed-1", "listed-0"]
    # The same request again is the same training. Another one of the name is refused.
    again = net.fit("digits", "loss", ADAM, epochs=1, training_id="listed-0")
    assert again.info.create_time == started[0].info.create_time
    with pytest.raises(EdunnError) as refused:
        net.fit("digits", "loss", ADAM, epochs=2, training_id="listed-0")
    assert refused.value.reason == "TRAINING_EXISTS"
    with pytest.raises(NotFoundError) as unknown:
        client.training("nobody's")
    assert unknown.value.reason == "TRAINING_NOT_FOUND"
    for each in started:
        each.result()


def test_celery_shows_the_slice_that_is_computed(stack: Stack, session: Session) -> None:
    training = begin_long(session)
    inspect = Celery(broker=RedisUrl.parse(stack.redis_url).broker_url).control.inspect(timeout=1)

    def names() -> set[str]:
        active = inspect.active() or {}
        return {task["name"] for tasks in active.values() for task in tasks}

    await_true(lambda: names() == {"training.slice"}, "an active slice")
    training.cancel()
    training.result()
    assert stack.redis_client().zcard(TRAINING.signs_of_life) == 1


def test_nothing_stays_of_trainings_but_the_models_of_those_that_succeeded(
    session: Session, stack: Stack
) -> None:
    net = add_network(session)
    training = net.fit("digits", "loss", ADAM, epochs=20, batch_size=BATCH, seed=SEED)
    training.result()
    folders = list((stack.data / "artifacts").glob("*/trainings/*"))
    assert folders
    newest = max(folders, key=lambda folder: folder.stat().st_mtime)

    def names() -> list[str]:
        return [path.suffix for path in newest.iterdir()]

    await_true(lambda: names() == [".safetensors"], "the removal of old checkpoints")


def assert_same_arrays(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    assert all(np.array_equal(array, b[name]) for name, array in a.items())


def test_a_frozen_layer_is_trained_as_by_the_library(session: Session) -> None:
    layers = [
        {"name": "a", "type": "Dense", "frozen": True,
         "config": {"input_size": 64, "output_size": 16, "activation_name": "tanh"}},
        {"name": "b", "type": "Dense",
         "config": {"input_size": 16, "output_size": 10, "activation_name": "softmax"}},
    ]  # fmt: skip
    session.layer("loss", "CrossEntropyWithLabels")
    net = session.layer("net", "Sequential", layers=layers)
    start = arrays_of(net)
    net.fit("digits", "loss", "GradientDescent", epochs=2, seed=SEED).result()
    after = net.get_parameters()
    assert np.array_equal(after["a(w)"], start["a(w)"])
    assert not np.array_equal(after["b(w)"], start["b(w)"])
