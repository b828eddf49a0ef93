"""A training in memory: the model, where it stands, and one batch after the other."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edunn.answers import backward_of, forward_of
from edunn.datasets import split
from edunn.errors import LayerError
from edunn.model import Model, ParameterSet, Phase
from edunn.optimizers.catalogue import build_optimizer
from edunn.optimizers.update_rule import UpdateRule
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.v1.training_pb2 import EpochResult, TrainingProgress, TrainingSpec
from worker.configs import plain_config
from worker.training.measures import LOSS, Measures, is_better
from worker.training.samples import Samples
from worker.training.schedules import rate_factor


@dataclass
class Position:
    """Where a training stands: everything that a checkpoint needs besides arrays."""

    # Epochs and batches of the present epoch that are done.
    epoch: int = 0
    batch: int = 0
    # Of the generator: before it drew the order of the present epoch, and now.
    epoch_generator: dict[str, Any] = field(default_factory=dict)
    generator: dict[str, Any] = field(default_factory=dict)
    # The sums of the present epoch.
    sums: dict[str, list[float]] = field(default_factory=dict)
    # Computing time of the present epoch.
    seconds: float = 0.0
    # Early stopping: the best value and its epoch from 1 on, and the epochs since then.
    best: float | None = None
    best_epoch: int = 0
    waited: int = 0
    stopped_early: bool = False


class TrainingRun:
    """A training that advances batch by batch, as edunn's `optimize` does.

    Parameters
    ----------
    model, loss
        The model has the parameters of the position.
    optimizer_state
        What the last step left.
    best
        Parameters and buffers of the best epoch, if they are to be restored.
    """

    def __init__(
        self,
        spec: TrainingSpec,
        model: Model,
        loss: Model,
        samples: Samples,
        position: Position,
        optimizer_state: Mapping[str, np.ndarray],
        best: tuple[ParameterSet, ParameterSet] | None,
    ) -> None:
        self.spec = spec
        self.model = model
        self.position = position
        self.optimizer_state = dict(optimizer_state)
        self.best = best
        self._loss = loss
        rng = np.random.default_rng(spec.seed)
        self._rng = rng
        self._validation: Samples | None = None
        self._training = samples
        if spec.validation_share:
            parts = split(*samples, spec.validation_share, rng)
            self._training = Samples(parts.x_train, parts.y_train)
            self._validation = Samples(parts.x_test, parts.y_test)
        if position.generator:
            rng.bit_generator.state = position.epoch_generator
            self._order = self._draw_order()
            rng.bit_generator.state = position.generator
        else:
            self._begin_epoch()
        model.rng = rng
        model.set_phase(Phase.Training)
        self._measures = Measures(spec.metrics, position.sums)
        self.position.sums = self._measures.sums
        self._optimizer = self._optimizer_of(position.epoch)
        # Of this run alone: samples and seconds of computing.
        self._samples_done, self._seconds = 0, 0.0

    @property
    def training_samples(self) -> int:
        return len(self._training.x)

    @property
    def validation_samples(self) -> int:
        return len(self._validation.x) if self._validation else 0

    @property
    def batches(self) -> int:
        """The batches of an epoch."""
        return math.ceil(self.training_samples / self.spec.batch_size)

    @property
    def is_done(self) -> bool:
        return self.position.stopped_early or self.position.epoch >= self.spec.epochs

    def advance(self) -> EpochResult | None:
        """Train with the next batch. After the last one of an epoch, return its result.

        Raises
        ------
        ServiceError
            NOT_FINITE: the parameters are as they were before the batch. INVALID_ARGUMENT: the
            model or the loss does not take the samples.
        """
        began = time.perf_counter()
        position = self.position
        start = position.batch * self.spec.batch_size
        chosen = self._order[start : start + self.spec.batch_size]
        x, y = self._training.x[chosen], self._training.y[chosen]
        try:
            error, output = self._step(x, y)
        except LayerError as refused:
            raise self._refused(str(refused)) from refused
        self._measures.add(error, y, output)
        position.batch += 1
        position.seconds += self._count(len(x), began)
        if position.batch < self.batches:
            return None
        return self._end_epoch()

    def _step(self, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        """Train with a batch; return the mean of its errors and its output."""
        output = forward_of(self.model, x)
        errors = forward_of(self._loss, y, output)
        error = float(errors if errors.ndim == 0 else np.mean(errors, dtype=np.float64))
        if not math.isfinite(error):
            raise self._not_finite(f"the loss is {error}")
        gradient, _ = backward_of(self._loss, 1.0 / max(1, errors.size))
        gradients = self.model.parameter_gradients(gradient)
        if not self.model.frozen:
            parameters = self.model.get_parameters()
            after, self.optimizer_state = self._optimizer.update(
                parameters, gradients, self.optimizer_state
            )
            for name in gradients:
                parameters[name][...] = after[name]
        return error, output

    def _end_epoch(self) -> EpochResult:
        position = self.position
        began = time.perf_counter()
        validation = self._validate()
        position.seconds += time.perf_counter() - began
        position.epoch += 1
        result = EpochResult(
            epoch=position.epoch,
            training=self._measures.values(),
            validation=validation,
            learning_rate=self._rate_of(position.epoch - 1),
        )
        result.duration.FromNanoseconds(int(position.seconds * 1e9))
        self._watch(result.validation or result.training)
        position.batch, position.seconds = 0, 0.0
        self._measures = Measures(self.spec.metrics)
        position.sums = self._measures.sums
        if not self.is_done:
            self._begin_epoch()
            self._optimizer = self._optimizer_of(position.epoch)
        return result

    def _validate(self) -> dict[str, float]:
        """Measure the validation samples in the test phase."""
        if self._validation is None:
            return {}
        measures = Measures(self.spec.metrics)
        self.model.set_phase(Phase.Test)
        try:
            for start in range(0, self.validation_samples, self.spec.batch_size):
                part = slice(start, start + self.spec.batch_size)
                x, y = self._validation.x[part], self._validation.y[part]
                output = forward_of(self.model, x)
                errors = forward_of(self._loss, y, output)
                measures.add(float(np.mean(errors, dtype=np.float64)), y, output)
        except LayerError as refused:
            raise self._refused(str(refused)) from refused
        finally:
            self.model.set_phase(Phase.Training)
        return measures.values()

    def _watch(self, values: Mapping[str, float]) -> None:
        """Note whether the epoch is the best, and stop if none has been for long."""
        position, stopping = self.position, self.spec.early_stopping
        if not self.spec.HasField("early_stopping"):
            return
        metric = stopping.metric or LOSS
        value = values[metric]
        is_first = position.best is None and math.isfinite(value)
        if is_first or (
            position.best is not None
            and is_better(metric, value, position.best, stopping.min_delta)
        ):
            position.best, position.best_epoch, position.waited = value, position.epoch, 0
            if stopping.restore_best:
                self.best = _copied(self.model.get_parameters()), _copied(self.model.get_buffers())
            return
        position.waited += 1
        position.stopped_early = position.waited >= stopping.patience

    def finish(self) -> None:
        """Give the model the parameters that are the result."""
        if self.best is not None:
            self.model.set_parameters(self.best[0])
            self.model.set_buffers(self.best[1])

    def check_parameters(self) -> None:
        """Refuse parameters that are not finite: no checkpoint may have them."""
        for name, array in self.model.get_parameters().items():
            if not np.isfinite(array).all():
                raise self._not_finite(f"the parameter {name!r} is not finite")

    def progress(self) -> TrainingProgress:
        """Return how far the training is."""
        position, epochs = self.position, self.spec.epochs
        # Of one reading of the position, because another thread asks.
        epoch, batch = position.epoch, position.batch
        share = min(1.0, (epoch + batch / self.batches) / epochs)
        speed = self._samples_done / self._seconds if self._seconds else 0.0
        progress = TrainingProgress(
            epochs_done=epoch,
            batches_done=batch,
            batches=self.batches,
            loss=self._measures.loss,
            samples_per_second=speed,
            share=share,
        )
        if speed:
            left = (1.0 - share) * epochs * self.training_samples / speed
            progress.time_left.FromMilliseconds(int(min(left, 1e9) * 1000))
        return progress

    def note_generator(self) -> Position:
        """Return the position with the present state of the generator."""
        self.position.generator = dict(self._rng.bit_generator.state)
        return self.position

    def _count(self, samples: int, began: float) -> float:
        seconds = time.perf_counter() - began
        self._samples_done += samples
        self._seconds += seconds
        return seconds

    def _begin_epoch(self) -> None:
        self.position.epoch_generator = dict(self._rng.bit_generator.state)
        self._order = self._draw_order()

    def _draw_order(self) -> np.ndarray:
        order = np.arange(self.training_samples)
        if self.spec.shuffle:
            self._rng.shuffle(order)
        return order

    def _rate_of(self, epoch: int) -> float:
        factor = rate_factor(self.spec.schedule, epoch, self.spec.epochs)
        optimizer: Any = build_optimizer(
            self.spec.optimizer.type, plain_config(self.spec.optimizer.config)
        )
        return float(optimizer.lr) * factor

    def _optimizer_of(self, epoch: int) -> UpdateRule:
        config = plain_config(self.spec.optimizer.config)
        return build_optimizer(self.spec.optimizer.type, {**config, "lr": self._rate_of(epoch)})

    def _not_finite(self, what: str) -> ServiceError:
        at = f"epoch {self.position.epoch + 1}, batch {self.position.batch + 1}"
        return ServiceError(
            Reason.NOT_FINITE,
            f"in {at}: {what}; the last checkpoint stays",
            metadata={
                "epoch": str(self.position.epoch + 1),
                "batch": str(self.position.batch + 1),
            },
        )

    def _refused(self, why: str) -> ServiceError:
        at = f"epoch {self.position.epoch + 1}, batch {self.position.batch + 1}"
        return ServiceError(Reason.INVALID_ARGUMENT, f"in {at}: {why}")


def _copied(arrays: Mapping[str, np.ndarray]) -> ParameterSet:
    return {name: array.copy() for name, array in arrays.items()}
