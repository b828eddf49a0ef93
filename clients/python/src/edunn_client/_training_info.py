"""What the service tells about data sets and trainings, as plain objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from edunn_client._config import decode_config
from edunn_client._errors import EdunnError, error_from_status
from edunn_client._stubs import dataset_pb2, tensor_pb2, training_pb2

_DATA_TYPES = tensor_pb2.DESCRIPTOR.enum_types_by_name["DataType"]


class TrainingState(Enum):
    """Where a training stands."""

    QUEUED = training_pb2.TRAINING_STATE_QUEUED
    RUNNING = training_pb2.TRAINING_STATE_RUNNING
    SUCCEEDED = training_pb2.TRAINING_STATE_SUCCEEDED
    FAILED = training_pb2.TRAINING_STATE_FAILED
    CANCELLED = training_pb2.TRAINING_STATE_CANCELLED

    @property
    def has_ended(self) -> bool:
        return self in (TrainingState.SUCCEEDED, TrainingState.FAILED, TrainingState.CANCELLED)


class TrainingOutcome(Enum):
    """What became of the parameters of a training."""

    NONE = training_pb2.TRAINING_OUTCOME_UNSPECIFIED
    """It has not succeeded."""
    APPLIED = training_pb2.TRAINING_OUTCOME_APPLIED
    """The session's layer has them."""
    PARAMETERS_CHANGED = training_pb2.TRAINING_OUTCOME_PARAMETERS_CHANGED
    """The layer's own have changed meanwhile, so they stay as a file: `Training.save`."""
    SESSION_GONE = training_pb2.TRAINING_OUTCOME_SESSION_GONE
    """The session is no more, so they stay as a file."""


@dataclass(frozen=True)
class ArraySpec:
    """The element type and the shape of an array."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class DatasetInfo:
    """A data set that trainings can use."""

    name: str
    x: ArraySpec
    y: ArraySpec
    size_bytes: int
    digest: str
    bundled: bool
    """Whether the service brings it."""
    create_time: datetime | None


@dataclass(frozen=True)
class Progress:
    """How far a training is."""

    epochs_done: int
    batches_done: int
    batches: int
    """The batches of an epoch."""
    loss: float
    """The mean of the present epoch so far."""
    samples_per_second: float
    seconds_left: float | None
    share: float
    """Of the whole training, 0 to 1."""


@dataclass(frozen=True)
class Epoch:
    """What was measured of an epoch: `loss` and the metrics, by name."""

    epoch: int
    training: Mapping[str, float]
    validation: Mapping[str, float]
    learning_rate: float
    seconds: float


@dataclass(frozen=True)
class TrainingInfo:
    """A training as it stands."""

    training_id: str
    session_id: str
    layer: str
    dataset: str
    optimizer: str
    optimizer_config: Mapping[str, Any]
    epochs: int
    """How many it has at most."""
    batch_size: int
    seed: int
    state: TrainingState
    outcome: TrainingOutcome
    error: EdunnError | None
    progress: Progress
    results: tuple[Epoch, ...]
    """The epochs that are done: the last 1000. Empty in a list of trainings."""
    best_epoch: int
    stopped_early: bool
    cancel_requested: bool
    create_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    expire_time: datetime | None


@dataclass(frozen=True)
class TrainingEvent:
    """Something that happened to a training; of the last four at most one is given."""

    event_id: str
    time: datetime
    started: Started | None = None
    progress: Progress | None = None
    epoch: Epoch | None = None
    ended: TrainingInfo | None = None


@dataclass(frozen=True)
class Started:
    """How a training begins, or goes on after it was resumed."""

    training_samples: int
    validation_samples: int
    epochs_done: int = field(default=0)


def decode_dataset(message: dataset_pb2.Dataset) -> DatasetInfo:
    return DatasetInfo(
        name=message.name,
        x=_spec(message.x),
        y=_spec(message.y),
        size_bytes=message.size_bytes,
        digest=message.digest,
        bundled=message.bundled,
        create_time=_time(message, "create_time"),
    )


def decode_training(message: training_pb2.Training) -> TrainingInfo:
    spec = message.spec
    return TrainingInfo(
        training_id=message.training_id,
        session_id=spec.session_id,
        layer=spec.layer,
        dataset=spec.dataset,
        optimizer=spec.optimizer.type,
        optimizer_config=decode_config(spec.optimizer.config),
        epochs=spec.epochs,
        batch_size=spec.batch_size,
        seed=spec.seed,
        state=TrainingState(message.state),
        outcome=TrainingOutcome(message.outcome),
        error=error_from_status(message.error) if message.HasField("error") else None,
        progress=_progress(message.progress),
        results=tuple(map(_epoch, message.epochs)),
        best_epoch=message.best_epoch,
        stopped_early=message.stopped_early,
        cancel_requested=message.cancel_requested,
        create_time=message.create_time.ToDatetime(UTC),
        start_time=_time(message, "start_time"),
        end_time=_time(message, "end_time"),
        expire_time=_time(message, "expire_time"),
    )


def decode_event(message: training_pb2.TrainingEvent) -> TrainingEvent:
    kind = message.WhichOneof("event")
    return TrainingEvent(
        message.event_id,
        message.time.ToDatetime(UTC),
        started=Started(
            message.started.training_samples,
            message.started.validation_samples,
            message.started.epochs_done,
        )
        if kind == "started"
        else None,
        progress=_progress(message.progress) if kind == "progress" else None,
        epoch=_epoch(message.epoch) if kind == "epoch" else None,
        ended=decode_training(message.ended) if kind == "ended" else None,
    )


def _progress(message: training_pb2.TrainingProgress) -> Progress:
    left = message.time_left
    return Progress(
        epochs_done=message.epochs_done,
        batches_done=message.batches_done,
        batches=message.batches,
        loss=message.loss,
        samples_per_second=message.samples_per_second,
        seconds_left=left.seconds + left.nanos / 1e9 if message.HasField("time_left") else None,
        share=message.share,
    )


def _epoch(message: training_pb2.EpochResult) -> Epoch:
    return Epoch(
        epoch=message.epoch,
        training=dict(message.training),
        validation=dict(message.validation),
        learning_rate=message.learning_rate,
        seconds=message.duration.seconds + message.duration.nanos / 1e9,
    )


def _spec(message: dataset_pb2.ArraySpec) -> ArraySpec:
    name: str = _DATA_TYPES.values_by_number[message.data_type].name
    return ArraySpec(name.removeprefix("DATA_TYPE_").lower(), tuple(message.shape))


def _time(message: Any, name: str) -> datetime | None:
    found: datetime = getattr(message, name).ToDatetime(UTC)
    return found if message.HasField(name) else None
