"""The calls about trainings as values."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from edunn_client._calls import Call
from edunn_client._layer_state import LayerState
from edunn_client._steps import LossLike, OptimizerLike, encode_optimizer
from edunn_client._stubs import training_pb2
from edunn_client._stubs import training_service_pb2 as pb
from edunn_client._training_info import DatasetInfo, TrainingInfo, decode_training


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when `metric`, of validation if there is one, is not better for `patience` epochs."""

    patience: int
    metric: str = "loss"
    min_delta: float = 0.0
    restore_best: bool = False
    """Whether the parameters of the best epoch are the result, not those of the last one."""


@dataclass(frozen=True)
class StepSchedule:
    """Multiply the learning rate by `factor` after every `epochs` epochs."""

    epochs: int
    factor: float = 0.1


@dataclass(frozen=True)
class CosineSchedule:
    """Let the learning rate fall along half a cosine, to a `share` of what it was."""

    share: float = 0.0


_PAGE_SIZE = 100

Schedule = StepSchedule | CosineSchedule | Literal["constant"]


def start_training(
    layer: LayerState,
    dataset: str | DatasetInfo,
    loss: LossLike,
    optimizer: OptimizerLike,
    *,
    epochs: int,
    batch_size: int,
    shuffle: bool,
    validation_share: float,
    seed: int | None,
    early_stopping: EarlyStopping | None,
    metrics: Iterable[str],
    schedule: Schedule,
    training_id: str | None,
) -> Call[TrainingInfo]:
    if batch_size == 0:
        # The service would take it for one that is left out.
        raise ValueError("batch_size should be 1 or more, but got 0")
    spec = training_pb2.TrainingSpec(
        session_id=layer.session_id,
        layer=layer.name,
        loss=loss if isinstance(loss, str) else loss.name,
        optimizer=encode_optimizer(optimizer),
        dataset=dataset if isinstance(dataset, str) else dataset.name,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        validation_share=validation_share,
        seed=seed,
        metrics=metrics,
        schedule=_schedule(schedule),
    )
    if early_stopping is not None:
        spec.early_stopping.metric = early_stopping.metric
        spec.early_stopping.patience = early_stopping.patience
        spec.early_stopping.min_delta = early_stopping.min_delta
        spec.early_stopping.restore_best = early_stopping.restore_best
    # Named here, so that a repetition finds the training that the first attempt has made.
    request = pb.StartTrainingRequest(
        spec=spec, training_id=training_id or secrets.token_urlsafe(12)
    )
    return Call("StartTraining", request, _training, repeatable=True)


def get_training(training_id: str) -> Call[TrainingInfo]:
    return Call("GetTraining", pb.GetTrainingRequest(training_id=training_id), _training, True)


def cancel_training(training_id: str) -> Call[TrainingInfo]:
    request = pb.CancelTrainingRequest(training_id=training_id)
    return Call("CancelTraining", request, _training, True)


def resume_training(training_id: str) -> Call[TrainingInfo]:
    request = pb.ResumeTrainingRequest(training_id=training_id)
    return Call("ResumeTraining", request, _training, True)


def list_trainings(token: str) -> Call[tuple[list[TrainingInfo], str]]:
    def decode(reply: pb.ListTrainingsResponse) -> tuple[list[TrainingInfo], str]:
        return list(map(decode_training, reply.trainings)), reply.next_page_token

    request = pb.ListTrainingsRequest(page_size=_PAGE_SIZE, page_token=token)
    return Call("ListTrainings", request, decode, repeatable=True)


def _training(reply: Any) -> TrainingInfo:
    return decode_training(reply.training)


def _schedule(schedule: Schedule) -> training_pb2.LearningRateSchedule | None:
    match schedule:
        case "constant":
            return None
        case StepSchedule():
            step = training_pb2.StepSchedule(epochs=schedule.epochs, factor=schedule.factor)
            return training_pb2.LearningRateSchedule(step=step)
        case CosineSchedule():
            cosine = training_pb2.CosineSchedule(share=schedule.share)
            return training_pb2.LearningRateSchedule(cosine=cosine)
    raise TypeError(f"schedule must be a StepSchedule, a CosineSchedule or 'constant': {schedule}")
