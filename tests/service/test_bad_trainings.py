"""Trainings that cannot be: refused before anything is made, with every field at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edunn_client import (
    Client,
    CosineSchedule,
    EarlyStopping,
    EdunnError,
    RemoteLayer,
    Session,
    StepSchedule,
    Training,
    optimizers,
)
from local_training import network

from edunn_serving.pools import TRAINING
from standalone.stack import Stack


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.address) as connected:
        x, y = np.random.default_rng(1).random((30, 64)), np.arange(30)
        connected.upload_dataset("thirty-classes", x, y)
        connected.upload_dataset("negative", x, y % 10 - 1)
        connected.upload_dataset("integers", np.ones((30, 64), np.int64), y % 10)
        connected.upload_dataset("numbers", x, x[:, :1])
        connected.upload_dataset("one", x[:1], y[:1])
        yield connected


@pytest.fixture(scope="module")
def session(client: Client) -> Iterator[Session]:
    with client.session(seed=1) as created:
        created.layer("net", "Sequential", layers=network())
        created.layer("loss", "CrossEntropyWithLabels")
        created.layer("squares", "SquaredError")
        yield created


def fit(net: RemoteLayer, **changes: Any) -> Training:
    options: dict[str, Any] = {
        "dataset": "digits", "loss": "loss", "optimizer": optimizers.Adam(lr=0.01), "epochs": 1,
    }  # fmt: skip
    return net.fit(**{**options, **changes})


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown data set": ({"dataset": "none"}, "DATASET_NOT_FOUND", ""),
    "no data set": ({"dataset": ""}, "INVALID_ARGUMENT", "spec.dataset"),
    "an unknown loss": ({"loss": "none"}, "LAYER_NOT_FOUND", ""),
    "a loss that is none": ({"loss": "net"}, "INVALID_ARGUMENT", "spec.loss"),
    "labels out of range": ({"dataset": "thirty-classes"}, "INVALID_ARGUMENT", "spec.dataset"),
    "negative labels": ({"dataset": "negative"}, "INVALID_ARGUMENT", "spec.dataset"),
    "another number of features": ({"dataset": "iris"}, "INVALID_ARGUMENT", "spec.dataset"),
    "integers for numbers": ({"dataset": "integers"}, "INVALID_ARGUMENT", "spec.dataset"),
    "numbers for labels": ({"dataset": "numbers"}, "INVALID_ARGUMENT", "spec.dataset"),
    "an output that does not fit the loss": (
        {"dataset": "numbers", "loss": "squares"}, "INVALID_ARGUMENT", "spec.dataset",
    ),
    "an unknown optimizer": ({"optimizer": "Adan"}, "OPTIMIZER_TYPE_NOT_FOUND", ""),
    "an argument out of bounds": (
        {"optimizer": optimizers.Adam(lr=-1)}, "INVALID_ARGUMENT", "spec.optimizer.config.lr",
    ),
    "no epoch": ({"epochs": 0}, "INVALID_ARGUMENT", "spec.epochs"),
    "too many epochs": ({"epochs": 10**9}, "INVALID_ARGUMENT", "spec.epochs"),
    "a negative batch": ({"batch_size": -1}, "INVALID_ARGUMENT", "spec.batch_size"),
    # The network has a BatchNorm, and the digits are 1797 samples, of which 1438 are not kept.
    "a last batch of one sample": ({"batch_size": 449}, "INVALID_ARGUMENT", "spec.batch_size"),
    "a last batch of one sample beside a validation": (
        {"batch_size": 479, "validation_share": 0.2}, "INVALID_ARGUMENT", "spec.batch_size",
    ),
    "a share of one": ({"validation_share": 1.0}, "INVALID_ARGUMENT", "spec.validation_share"),
    "a share that is no number": (
        {"validation_share": float("nan")}, "INVALID_ARGUMENT", "spec.validation_share",
    ),
    "nothing left to train with": (
        {"dataset": "one", "validation_share": 0.5}, "INVALID_ARGUMENT", "spec.validation_share",
    ),
    "an unknown metric": ({"metrics": ["beauty"]}, "INVALID_ARGUMENT", "spec.metrics"),
    "a metric twice": ({"metrics": ["accuracy"] * 2}, "INVALID_ARGUMENT", "spec.metrics"),
    "a metric of other targets": ({"metrics": ["rmse"]}, "INVALID_ARGUMENT", "spec.metrics"),
    "no patience": (
        {"early_stopping": EarlyStopping(patience=0)},
        "INVALID_ARGUMENT", "spec.early_stopping.patience",
    ),
    "a metric that is not measured": (
        {"early_stopping": EarlyStopping(patience=1, metric="accuracy")},
        "INVALID_ARGUMENT", "spec.early_stopping.metric",
    ),
    "a negative difference": (
        {"early_stopping": EarlyStopping(patience=1, min_delta=-1)},
        "INVALID_ARGUMENT", "spec.early_stopping.min_delta",
    ),
    "a factor of zero": (
        {"schedule": StepSchedule(1, 0)}, "INVALID_ARGUMENT", "spec.schedule.step.factor",
    ),
    "no epochs of a schedule": (
        {"schedule": StepSchedule(0)}, "INVALID_ARGUMENT", "spec.schedule.step.epochs",
    ),
    "a share of two": (
        {"schedule": CosineSchedule(2)}, "INVALID_ARGUMENT", "spec.schedule.cosine.share",
    ),
    "a path for a name": ({"training_id": "../x"}, "INVALID_ARGUMENT", "training_id"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "reason", "field"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named_and_nothing_is_made(
    session: Session, client: Client, changes: dict[str, Any], reason: str, field: str
) -> None:
    before = [each.training_id for each in client.trainings()]
    with pytest.raises(EdunnError) as refused:
        fit(session.layer("net"), **changes)
    assert refused.value.reason == reason
    if field:
        assert [violation.field for violation in refused.value.violations] == [field]
    assert [each.training_id for each in client.trainings()] == before


def test_every_number_at_fault_is_named(session: Session) -> None:
    with pytest.raises(EdunnError) as refused:
        fit(session.layer("net"), epochs=0, batch_size=-1, metrics=["beauty"], validation_share=2)
    assert {violation.field for violation in refused.value.violations} == {
        "spec.epochs", "spec.batch_size", "spec.metrics", "spec.validation_share",
    }  # fmt: skip


def test_a_batch_of_no_samples_is_not_one_that_is_left_out(session: Session) -> None:
    with pytest.raises(ValueError, match="batch_size should be 1 or more, but got 0"):
        fit(session.layer("net"), batch_size=0)


def test_what_is_somebody_else_s_is_not_found(tmp_path: Path) -> None:
    settings = {"EDUNN_TOKENS": "ann=ann-secret,..=bob-secret"}
    with (
        Stack(tmp_path, workers=1, others={TRAINING: 1}, environment=settings) as stack,
        Client(stack.address, token="ann-secret") as ann,
        Client(stack.address, token="bob-secret") as bob,
        ann.session(seed=1, session_id="s") as session,
    ):
        ann.upload_dataset("mine", np.ones((4, 64)), np.arange(4))
        net = session.layer("net", "Sequential", layers=network())
        session.layer("loss", "CrossEntropyWithLabels")
        training = fit(net, dataset="mine", training_id="t")
        training.result()
        found = Training(bob._caller, training.info)
        calls: dict[str, Callable[[], object]] = {
            "get": lambda: bob.training("t"),
            "cancel": found.cancel,
            "resume": found.resume,
            "watch": found.result,
            "download": lambda: found.save(tmp_path / "m.safetensors"),
        }
        for call in calls.values():
            with pytest.raises(EdunnError) as refused:
                call()
            assert refused.value.reason == "TRAINING_NOT_FOUND"
        with pytest.raises(EdunnError) as refused:
            bob.delete_dataset("mine")
        assert refused.value.reason == "DATASET_NOT_FOUND"
        assert not list(bob.trainings())
        # The same bytes are his own where he has them: nothing tells that she has them too.
        bob.upload_dataset("mine", np.ones((4, 64)), np.arange(4))
        # No name of a caller leaves the folder of artifacts.
        places = {each.parent for each in tmp_path.rglob("*.safetensors")}
        assert len(places) == 3
        assert all(place.is_relative_to(tmp_path / "artifacts") for place in places)


def test_a_layer_that_is_not_finite_is_not_trained(client: Client) -> None:
    with client.session(seed=1) as session:
        session.layer("loss", "CrossEntropyWithLabels")
        net = session.layer("net", "Sequential", layers=network())
        bias = net.get_parameters()["out(b)"]
        net.set_parameters({"out(b)": np.full_like(bias, np.nan)})
        with pytest.raises(EdunnError, match=r"parameter 'out\(b\)' of layer 'net'") as refused:
            fit(net)
    assert refused.value.reason == "NOT_FINITE"


def test_what_no_event_has_as_its_id_is_refused(session: Session) -> None:
    ended = fit(session.layer("net"))
    ended.result(timeout=60)
    for after in ("9" * 20 + "-0", f"{2**64 - 1}-{2**64 - 1}", f"{2**63}-0", "1", "$", "1-1-1"):
        with pytest.raises(EdunnError, match="after_event_id"):
            list(ended.events(after, timeout=30))
    assert list(ended.events(f"{2**63 - 1}-{2**63 - 1}", timeout=30)) == []
