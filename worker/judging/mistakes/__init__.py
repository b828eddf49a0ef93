"""The mistakes that are known. Importing this package registers all of them."""

from __future__ import annotations

from worker.judging.mistakes import (
    activations,
    adaptive_steps,
    any_layer,
    batchnorm,
    constants,
    convolution,
    cross_entropy,
    dropout,
    gelu,
    linear,
    mean_error,
    momentum,
    optimizers,
    pooling,
    rnn,
    running_statistics,
    sequence_cross_entropy,
    softmax,
    squared_error,
    windows,
)
from worker.judging.mistakes.registry import MISTAKES, Mistake, mistakes_of, mistakes_of_any

__all__ = [
    "MISTAKES",
    "Mistake",
    "activations",
    "adaptive_steps",
    "any_layer",
    "batchnorm",
    "constants",
    "convolution",
    "cross_entropy",
    "dropout",
    "gelu",
    "linear",
    "mean_error",
    "mistakes_of",
    "mistakes_of_any",
    "momentum",
    "optimizers",
    "pooling",
    "rnn",
    "running_statistics",
    "sequence_cross_entropy",
    "softmax",
    "squared_error",
    "windows",
]
