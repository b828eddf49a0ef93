"""Checks a training before it starts, and takes a copy of the layer that it trains."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edunn.composite import walk
from edunn.datasets.splitting import held_out
from edunn.errors import ConfigError, LayerError
from edunn.estimate import ArraySpec
from edunn.losses.cross_entropy import BinaryCrossEntropy, CrossEntropyWithLabels
from edunn.losses.loss import Loss
from edunn.model import Model, Phase
from edunn.optimizers.catalogue import build_optimizer
from edunn_serving.errors import Reason, ServiceError, invalid_argument, invalid_arguments, quoted
from edunn_serving.internal.v1.training_pb2 import PrepareTrainingRequest, PrepareTrainingResponse
from edunn_serving.requests import nested_too_deeply
from edunn_serving.settings import Settings
from edunn_serving.v1.dataset_pb2 import Dataset
from edunn_serving.v1.training_pb2 import EarlyStopping, LearningRateSchedule, TrainingSpec
from worker.charges import charge_training
from worker.configs import TooDeepError, plain_config
from worker.gradients import check_finite_parameters
from worker.limits import check
from worker.open_session import OpenSession, described_layer
from worker.slots import PARAMETERS
from worker.tensors import DTYPE_OF_TYPE
from worker.training.checkpoints import build_bare, encode_model
from worker.training.measures import LOSS, METRICS

MAX_EPOCHS = 100_000
DEFAULT_BATCH_SIZE = 32
# Arrays besides the parameters that an optimizer keeps for each: Adam has two.
OPTIMIZER_COPIES = 2
# Bytes of a checkpoint besides its arrays.
CHECKPOINT_BYTES = 64 * 1024

Violations = list[tuple[str, str]]


def prepare_training(
    session: OpenSession, request: PrepareTrainingRequest, settings: Settings
) -> PrepareTrainingResponse:
    """Check a training and return what it needs of its session. The session does not change."""
    spec, dataset = request.spec, request.dataset
    layer = session.layer(spec.layer)
    described = described_layer(session.record, spec.layer)
    loss_described = described_layer(session.record, spec.loss)
    loss = build_bare(loss_described)
    if not isinstance(loss, Loss):
        raise invalid_argument(
            "spec.loss", f"expected a loss, but {spec.loss!r} is a {loss_described.type}"
        )
    if spec.batch_size == 0:
        spec.batch_size = DEFAULT_BATCH_SIZE
    if not spec.HasField("shuffle"):
        spec.shuffle = True
    violations = [*_check_numbers(spec, dataset), *_check_stopping(spec)]
    violations += _check_schedule(spec.schedule)
    _check_optimizer(spec, violations)
    if violations:
        raise invalid_arguments(violations)
    check_finite_parameters(layer)
    output = _check_shapes(layer.model, loss, spec, dataset, settings)
    _check_labels(output, loss, dataset)
    _check_metrics(output, spec, dataset)
    copies = 1 + OPTIMIZER_COPIES + int(spec.early_stopping.restore_best)
    arrays = {**layer.model.get_parameters(), **layer.model.get_buffers()}
    # The optimizer computes in float64.
    size = copies * sum(8 * array.size for array in arrays.values())
    return PrepareTrainingResponse(
        layer=described,
        loss=loss_described,
        incarnation=session.record.incarnation,
        parameters_version=layer.ready.versions[PARAMETERS.name],
        model=encode_model(described, layer.model),
        checkpoint_bytes=size + CHECKPOINT_BYTES,
        spec=spec,
    )


def _check_numbers(spec: TrainingSpec, dataset: Dataset) -> Violations:
    violations: Violations = []
    if not 1 <= spec.epochs <= MAX_EPOCHS:
        violations.append(("spec.epochs", f"expected 1 to {MAX_EPOCHS}, got {spec.epochs}"))
    if spec.batch_size < 1:
        violations.append(("spec.batch_size", f"expected 1 or more, got {spec.batch_size}"))
    share = spec.validation_share
    if not 0 <= share < 1:
        violations.append(
            ("spec.validation_share", f"expected at least 0 and less than 1, got {share:g}")
        )
    elif share and dataset.x.shape[0] < 2:
        violations.append(("spec.validation_share", "expected 0, the data set has one sample"))
    unknown = [name for name in spec.metrics if name not in METRICS]
    if unknown:
        violations.append(
            ("spec.metrics", f"expected some of {', '.join(METRICS)}, got {quoted(unknown[0])}")
        )
    if len(set(spec.metrics)) != len(spec.metrics):
        violations.append(("spec.metrics", "expected each metric once"))
    return violations


def _check_stopping(spec: TrainingSpec) -> Violations:
    if not spec.HasField("early_stopping"):
        return []
    stopping: EarlyStopping = spec.early_stopping
    field, violations = "spec.early_stopping", Violations()
    watched = (LOSS, *spec.metrics)
    if stopping.metric and stopping.metric not in watched:
        violations.append(
            (
                f"{field}.metric",
                f"expected one of {', '.join(watched)}, got {stopping.metric!r:.80}",
            )
        )
    if stopping.patience < 1:
        violations.append((f"{field}.patience", f"expected 1 or more, got {stopping.patience}"))
    if not (stopping.min_delta >= 0 and math.isfinite(stopping.min_delta)):
        violations.append(
            (f"{field}.min_delta", f"expected a finite number, 0 or more, got {stopping.min_delta}")
        )
    return violations


def _check_schedule(schedule: LearningRateSchedule) -> Violations:
    violations: Violations = []
    kind, field = schedule.WhichOneof("schedule"), "spec.schedule"
    if kind == "step":
        if schedule.step.epochs < 1:
            violations.append(
                (f"{field}.step.epochs", f"expected 1 or more, got {schedule.step.epochs}")
            )
        if not 0 < schedule.step.factor <= 1:
            violations.append(
                (f"{field}.step.factor", f"expected 0 < factor <= 1, got {schedule.step.factor:g}")
            )
    if kind == "cosine" and not 0 <= schedule.cosine.share <= 1:
        violations.append(
            (f"{field}.cosine.share", f"expected 0 to 1, got {schedule.cosine.share:g}")
        )
    return violations


def _check_optimizer(spec: TrainingSpec, violations: Violations) -> None:
    optimizer = spec.optimizer
    if not optimizer.type:
        violations.append(("spec.optimizer.type", "expected the name of an optimizer, got none"))
        return
    try:
        build_optimizer(optimizer.type, plain_config(optimizer.config))
    except TooDeepError as error:
        raise nested_too_deeply("spec.optimizer.config") from error
    except ConfigError as error:
        if error.argument == "type":
            raise ServiceError(
                Reason.OPTIMIZER_TYPE_NOT_FOUND,
                str(error),
                violations=[("spec.optimizer.type", str(error))],
                metadata={"type": optimizer.type},
            ) from error
        violations += [(f"spec.optimizer.config.{path}", text) for path, text in error.violations]


def _check_shapes(
    model: Model, loss: Loss, spec: TrainingSpec, dataset: Dataset, settings: Settings
) -> ArraySpec:
    """Check that the layer takes the samples and the loss its output. Return the output's shape."""
    samples = min(spec.batch_size, dataset.x.shape[0])
    x, y = _batch_of(dataset.x, samples), _batch_of(dataset.y, samples)
    model.set_phase(Phase.Training)
    try:
        forward = model.estimate(x)
    except LayerError as error:
        raise invalid_argument("spec.dataset", f"x of the data set: {error}") from error
    try:
        errors = loss.estimate(y, forward.output)
    except LayerError as error:
        field = "spec.dataset" if error.argument == "y_true" else "spec.loss"
        raise invalid_argument(
            field, f"y of the data set and the layer's output: {error}"
        ) from error
    check(charge_training(forward, errors, x, y), settings)
    _check_last_batch(model, spec, dataset)
    return forward.output


def _check_last_batch(model: Model, spec: TrainingSpec, dataset: Dataset) -> None:
    """Check that the layer takes the samples that are left at the end of an epoch."""
    samples = dataset.x.shape[0]
    if spec.validation_share:
        samples -= held_out(samples, spec.validation_share)
    last = samples % spec.batch_size
    if not last:
        return
    try:
        model.estimate(_batch_of(dataset.x, last))
    except LayerError as error:
        raise invalid_argument(
            "spec.batch_size", f"the last batch of an epoch would have {last} samples: {error}"
        ) from error


def _batch_of(array: Any, samples: int) -> ArraySpec:
    return ArraySpec((samples, *array.shape[1:]), np.dtype(DTYPE_OF_TYPE[array.data_type]))


def _check_labels(output: ArraySpec, loss: Loss, dataset: Dataset) -> None:
    """Check that every label is of a class that the output has."""
    parts = list(walk(loss))
    if any(isinstance(part, CrossEntropyWithLabels) for part in parts):
        classes = output.shape[-1]
    elif any(isinstance(part, BinaryCrossEntropy) for part in parts):
        classes = 2
    else:
        return
    labels = dataset.labels
    if dataset.HasField("labels") and not 0 <= labels.smallest <= labels.largest < classes:
        raise invalid_argument(
            "spec.dataset",
            f"y of the data set: expected labels from 0 to {classes - 1}, "
            f"got {labels.smallest} to {labels.largest}",
        )


def _check_metrics(output: ArraySpec, spec: TrainingSpec, dataset: Dataset) -> None:
    samples = output.shape[0]
    y = _batch_of(dataset.y, samples)
    violations = [
        ("spec.metrics", f"{name} {fault}")
        for name in spec.metrics
        if (fault := METRICS[name].fault(y.shape, y.dtype.kind, output.shape))
    ]
    if violations:
        raise invalid_arguments(violations)
