"""Layers as students write them: right ones and wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np

import edunn as nn
from edunn.model import Phase

Array = Any


class Dropout(nn.Model):
    """A right one, with a generator of its own."""

    def __init__(self, p: float = 0.5, name: str | None = None) -> None:
        super().__init__(name=name)
        self.p = p
        self.mask: Array = None

    def forward(self, x: Array) -> Array:
        if self.phase == Phase.Test:
            self.mask = np.ones_like(x)
        else:
            kept = np.random.default_rng().random(x.shape) >= self.p
            self.mask = kept.astype(x.dtype) / (x.dtype.type(1) - x.dtype.type(self.p))
        return x * self.mask

    def backward(self, δEδy: Array) -> tuple[Array, dict[str, Array]]:
        return δEδy * self.mask, {}


class NotScaled(Dropout):
    """Does not divide what it keeps by 1 - p."""

    def forward(self, x: Array) -> Array:
        super().forward(x)
        self.mask = (self.mask != 0).astype(x.dtype)
        return x * self.mask


class Raising(Dropout):
    """Fails in its forward."""

    def forward(self, x: Array) -> Array:
        raise ZeroDivisionError("there is no p")


class Linear(nn.Linear):
    """A right one."""


RIGHT = {"Dropout": Dropout, "Linear": Linear}
WRONG = {"Dropout": NotScaled, "Linear": Linear}
