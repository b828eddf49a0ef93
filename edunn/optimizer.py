"""The optimizers under the name of the file that the course keeps them in."""

from __future__ import annotations

from collections.abc import Sequence

from edunn.optimizers.gradient import (
    Adam,
    GradientDescent,
    MomentumGD,
    NesterovMomentumGD,
    RMSprop,
    SignGD,
)
from edunn.optimizers.optimizer import BatchedGradientOptimizer, Optimizer
from edunn.utils.batches import batch_arrays

__all__ = [
    "Adam",
    "BatchedGradientOptimizer",
    "GradientDescent",
    "MomentumGD",
    "NesterovMomentumGD",
    "Optimizer",
    "RMSprop",
    "SignGD",
    "all_equal",
    "batch_arrays",
]


def all_equal(list: Sequence[object]) -> bool:
    """Tell whether all items are equal, as those of an empty list are."""
    return all(item == list[0] for item in list)
