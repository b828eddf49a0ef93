"""Layers, losses and optimizers of students, each with a mistake that its answers tell."""

from __future__ import annotations

from typing import Any

import numpy as np

import edunn as nn
from bench.students import run_layer, run_optimizer
from edunn.catalogue import build
from edunn_serving.assignments import Check
from worker.judging import Answer, Challenge

State = dict[str, Any]
RNG = np.random.default_rng(0)


def windows(x: np.ndarray, pool: Any, begin: int = 0) -> Any:
    """Return the elements of each window along the last axis."""
    (height, width), (down, right) = pool.kernel_size, pool.stride
    views = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(2, 3))
    rows, columns = views[:, :, ::down, ::right].shape[2:4]
    padded = np.pad(x, [(0, 0), (0, 0), (0, height), (0, width)], constant_values=np.nan)
    views = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    found = views[:, :, begin::down, begin::right][:, :, :rows, :columns]
    return found.reshape(*found.shape[:4], -1)


class MedianPool(nn.AvgPool2d):
    def forward(self, x: np.ndarray) -> Any:
        super().forward(x)
        return np.median(windows(x, self), axis=-1)


class RootMeanSquarePool(nn.MaxPool2d):
    def forward(self, x: np.ndarray) -> Any:
        super().forward(x)
        return np.sqrt(np.square(windows(x, self)).mean(axis=-1))


class ShiftedPool(nn.AvgPool2d):
    def forward(self, x: np.ndarray) -> Any:
        super().forward(x)
        return np.nanmean(windows(x, self, begin=1), axis=-1)


class FlippedRows(nn.Conv2d):
    def forward(self, x: np.ndarray) -> Any:
        right = self.get_parameters()
        self.set_parameters({**right, "w": right["w"][:, :, ::-1]})
        y = super().forward(x)
        self.set_parameters(right)
        return y


class FourthPower(nn.SquaredError):
    def forward(self, y_true: np.ndarray, y: np.ndarray) -> Any:
        super().forward(y_true, y)
        return ((y - y_true) ** 4).reshape(len(y), -1).sum(axis=1, keepdims=True)


class Focal(nn.CrossEntropyWithLabels):
    def forward(self, y_true: np.ndarray, y: np.ndarray) -> Any:
        p = np.take_along_axis(y, y_true.reshape(-1, 1), axis=1)
        return (1 - p) ** 2 * super().forward(y_true, y)


class Entropy(nn.BinaryCrossEntropy):
    def forward(self, y_true: np.ndarray, y: np.ndarray) -> Any:
        super().forward(y_true, y)
        inside = np.clip(y, 1e-12, 1 - 1e-12)
        return -inside * np.log(inside) - (1 - inside) * np.log(1 - inside)


class LargestError(nn.MeanError):
    def forward(self, y_true: np.ndarray, y: np.ndarray) -> Any:
        super().forward(y_true, y)
        return self.sample_error_layer.forward(y_true, y).max()


class Perplexity(nn.SequenceCrossEntropyWithLabels):
    def forward(self, y_true: np.ndarray, y: np.ndarray) -> Any:
        return np.exp(super().forward(y_true, y))


class Power(nn.MultiplyConstant):
    def forward(self, x: np.ndarray) -> Any:
        super().forward(x)
        return np.abs(x) ** self.value


class LargestProduct(nn.Linear):
    def forward(self, x: np.ndarray) -> Any:
        super().forward(x)
        return (x[:, :, np.newaxis] * self.get_parameters()["w"]).max(axis=1)


class OwnWeights(nn.Linear):
    def forward(self, x: np.ndarray) -> Any:
        super().forward(x)
        if not hasattr(self, "own"):
            self.own = RNG.normal(size=self.get_parameters()["w"].shape)
        return x @ self.own


class RandomBias(nn.Bias):
    def forward(self, x: np.ndarray) -> Any:
        return super().forward(x) + RNG.normal(size=x.shape[1])


def summed(p: np.ndarray, g: np.ndarray, state: State) -> tuple[np.ndarray, State]:
    """Momentum that keeps two steps of three."""
    v = 0.7 * state.get("v", np.zeros_like(g)) + g
    return p - 0.1 * (v + 0.3 * g), {"v": v}


def starting_at_one(p: np.ndarray, g: np.ndarray, state: State) -> tuple[np.ndarray, State]:
    v = 0.9 * state.get("v", np.ones_like(g)) + g
    return p - 0.1 * v, {"v": v}


def fixed_beta(p: np.ndarray, g: np.ndarray, state: State) -> tuple[np.ndarray, State]:
    r = 0.7 * state.get("r", np.zeros_like(g)) + 0.3 * g * g
    return p - 0.01 * g / (np.sqrt(r) + 1e-8), {"r": r}


def with_momentum(p: np.ndarray, g: np.ndarray, state: State) -> tuple[np.ndarray, State]:
    r = 0.9 * state.get("r", np.zeros_like(g)) + 0.1 * g * g
    v = 0.5 * state.get("v", np.zeros_like(g)) + g / (np.sqrt(r) + 1e-8)
    return p - 0.01 * v, {"r": r, "v": v}


#: The check, what a student has for its type, and the bug.
STUDENTS: list[tuple[str, Any, str]] = [
    ("AvgPool2d overlapping", MedianPool, "pool-another-function"),
    ("MaxPool2d tiles", RootMeanSquarePool, "pool-another-function"),
    ("AvgPool2d steps-apart", ShiftedPool, "pool-another-window"),
    ("Conv2d plain", FlippedRows, "kernel-used-otherwise"),
    ("Conv2d all", FlippedRows, "kernel-used-otherwise"),
    ("SquaredError images", FourthPower, "squared-error-another-function"),
    ("CrossEntropyWithLabels batch", Focal, "cross-entropy-another-function"),
    ("BinaryCrossEntropy batch", Entropy, "binary-another-function"),
    ("MeanError squares", LargestError, "mean-error-another-mean"),
    ("SequenceCrossEntropyWithLabels padded", Perplexity, "sequence-another-error"),
    ("MultiplyConstant stretch", Power, "constant-used-otherwise"),
    ("Linear wide", LargestProduct, "product-another-operation"),
    ("Linear wide", OwnWeights, "weights-otherwise"),
    ("Bias bias", RandomBias, "bias-drawn-again"),
    ("MomentumGD steps", summed, "gradients-weighted-otherwise"),
    ("MomentumGD steps", starting_at_one, "velocity-starts-otherwise"),
    ("RMSprop steps", fixed_beta, "beta-fixed"),
    ("RMSprop steps", with_momentum, "earlier-steps-added"),
]
#: The bugs that are found in answers alone: nothing can be planted before there is one.
FOUND_IN_ANSWERS = frozenset(bug for _, _, bug in STUDENTS)


def answer_of(student: Any, check: Check, challenge: Challenge) -> Answer:
    """Answer a challenge as a student's code does."""
    if check.kind == "optimizer":
        return run_optimizer(student, challenge)
    right = build(check.type, dict(check.config))
    right.set_parameters(challenge.parameters)
    layer = student.__new__(student)
    layer.__dict__.update(right.__dict__)
    return run_layer(layer, challenge)
