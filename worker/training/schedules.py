"""The learning rate of each epoch."""

from __future__ import annotations

import math

from edunn_serving.v1.training_pb2 import LearningRateSchedule


def rate_factor(schedule: LearningRateSchedule, epoch: int, epochs: int) -> float:
    """Return what the learning rate is multiplied by in an epoch, counted from 0.

    The formulas are those of PyTorch's StepLR and CosineAnnealingLR, stepped after each epoch.
    """
    kind = schedule.WhichOneof("schedule")
    if kind == "step":
        return float(schedule.step.factor ** (epoch // schedule.step.epochs))
    if kind == "cosine":
        share = schedule.cosine.share
        return share + (1 - share) * (1 + math.cos(math.pi * epoch / epochs)) / 2
    return 1.0
