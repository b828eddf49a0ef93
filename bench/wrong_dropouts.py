"""Dropouts that students wrote, one right and the others wrong in one way each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edunn.arrays import Array
from edunn.model import Phase


class StudentDropout:
    """A right one, in parts that the wrong ones replace."""

    def __init__(self, p: float, rng: np.random.Generator) -> None:
        self.p, self.rng = p, rng
        self.training = True

    def set_phase(self, phase: Phase) -> None:
        self.training = phase is Phase.Training

    def drawn(self, x: Array) -> Array:
        return self.rng.random(x.shape) >= self.p

    def scale(self) -> float:
        return 1 / (1 - self.p)

    def forward(self, x: Array) -> Array:
        self.was_training = self.training
        if not self.training:
            return x
        self.mask = self.drawn(x).astype(x.dtype)
        return np.asarray(x * self.mask * x.dtype.type(self.scale()))

    def backward(self, g: Array) -> tuple[Array, dict[str, Array]]:
        if not self.was_training:
            return g, {}
        return np.asarray(g * self.mask * g.dtype.type(self.scale())), {}


class NotScaled(StudentDropout):
    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return y * x.dtype.type(1 - self.p) if self.training else y


class PAsKeep(StudentDropout):
    def drawn(self, x: Array) -> Array:
        return self.rng.random(x.shape) < self.p

    def scale(self) -> float:
        return 1 / self.p


class ScaleInverted(StudentDropout):
    def scale(self) -> float:
        return 1 - self.p


class DividedInTest(StudentDropout):
    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return y if self.training else x / x.dtype.type(1 - self.p)


class MultipliedInTest(StudentDropout):
    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return y if self.training else x * x.dtype.type(1 - self.p)


class DroppedInTest(StudentDropout):
    def set_phase(self, phase: Phase) -> None:
        pass


class MaskDrawnAgain(StudentDropout):
    def backward(self, g: Array) -> tuple[Array, dict[str, Array]]:
        if self.was_training:
            self.mask = self.drawn(g).astype(g.dtype)
        return super().backward(g)


class GradientNotScaled(StudentDropout):
    def backward(self, g: Array) -> tuple[Array, dict[str, Array]]:
        return (g * self.mask if self.was_training else g), {}


class GradientNotMasked(StudentDropout):
    def backward(self, g: Array) -> tuple[Array, dict[str, Array]]:
        return g, {}


class MaskFromOutput(StudentDropout):
    """The gradient is zero where the output is, also where the input was zero and kept."""

    def forward(self, x: Array) -> Array:
        self.y = super().forward(x)
        return self.y

    def backward(self, g: Array) -> tuple[Array, dict[str, Array]]:
        if not self.was_training:
            return g, {}
        return np.asarray(g * (self.y != 0) * g.dtype.type(self.scale())), {}


class GradientOfOnes(StudentDropout):
    def backward(self, g: Array) -> tuple[Array, dict[str, Array]]:
        return super().backward(np.ones_like(g))


class GradientNegated(StudentDropout):
    def backward(self, g: Array) -> tuple[Array, dict[str, Array]]:
        return (-super().backward(g)[0] if self.was_training else g), {}


class MaskedInTest(StudentDropout):
    """The backward looks at no phase: after a test forward it has the last training mask."""

    def backward(self, g: Array) -> tuple[Array, dict[str, Array]]:
        self.mask = np.resize(self.mask, g.shape)
        return np.asarray(g * self.mask * g.dtype.type(self.scale())), {}


class OneMaskForTheBatch(StudentDropout):
    def drawn(self, x: Array) -> Array:
        return np.broadcast_to(self.rng.random(x.shape[1:]) >= self.p, x.shape)


class MaskPerRow(StudentDropout):
    def drawn(self, x: Array) -> Array:
        row = (x.shape[0], *[1] * (x.ndim - 1))
        return np.broadcast_to(self.rng.random(row) >= self.p, x.shape)


class MaskNotRedrawn(StudentDropout):
    """A mask of each shape is drawn once."""

    def __init__(self, p: float, rng: np.random.Generator) -> None:
        super().__init__(p, rng)
        self.masks: dict[tuple[int, ...], Array] = {}

    def drawn(self, x: Array) -> Array:
        return self.masks.setdefault(x.shape, super().drawn(x))


class SeedInForward(StudentDropout):
    def drawn(self, x: Array) -> Array:
        return np.random.default_rng(7).random(x.shape) >= self.p


class FixedNumber(StudentDropout):
    """Of each row, the same number of units is dropped."""

    def drawn(self, x: Array) -> Array:
        rows = x.reshape(x.shape[0], -1)
        kept = rows.shape[1] - round(rows.shape[1] * self.p)
        order = np.argsort(self.rng.random(rows.shape), axis=1)
        return (order < kept).reshape(x.shape)


class FixedNumberOfAll(StudentDropout):
    """Of the whole batch, the same number of units is dropped."""

    def drawn(self, x: Array) -> Array:
        order = self.rng.permutation(x.size).reshape(x.shape)
        return np.asarray(order >= round(x.size * self.p))


class ScaledByShare(StudentDropout):
    """Scales by the share that happened to be kept."""

    def scale(self) -> float:
        return float(self.mask.size / max(1.0, self.mask.sum()))


class DropsWhatIsNegative(StudentDropout):
    def drawn(self, x: Array) -> Array:
        rate = np.where(x < 0, 1.5 * self.p, 0.5 * self.p)
        return np.asarray(self.rng.random(x.shape) >= rate)


class NormalForUniform(StudentDropout):
    def drawn(self, x: Array) -> Array:
        return self.rng.normal(size=x.shape) >= self.p


class NothingDropped(StudentDropout):
    def drawn(self, x: Array) -> Array:
        return np.ones(x.shape, bool)


class HalfTheBatchTwice(StudentDropout):
    """The mask of the first half is that of the second as well."""

    def drawn(self, x: Array) -> Array:
        mask = super().drawn(x)
        half = x.shape[0] // 2
        if half:
            mask[half : 2 * half] = mask[:half]
        return mask


class EverySecond(StudentDropout):
    """No randomness at all: the units are dropped in turn."""

    def drawn(self, x: Array) -> Array:
        turn = np.arange(x.size).reshape(x.shape) * self.p
        return np.asarray(np.floor(turn + self.p) == np.floor(turn))


class Blocks(StudentDropout):
    """Neighbours are dropped in pairs."""

    def drawn(self, x: Array) -> Array:
        pairs = self.rng.random((x.size + 1) // 2) >= self.p
        return np.repeat(pairs, 2)[: x.size].reshape(x.shape)


Maker = Callable[[float, np.random.Generator], Any]

#: The wrong ones, each with the bug that its report names.
WRONG: dict[Maker, str] = {
    NotScaled: "not-scaled",
    PAsKeep: "p-as-keep",
    ScaleInverted: "scale-inverted",
    DividedInTest: "scaled-in-test",
    MultipliedInTest: "scaled-in-test",
    DroppedInTest: "dropped-in-test",
    MaskDrawnAgain: "mask-drawn-again",
    GradientNotScaled: "gradient-not-scaled",
    GradientNotMasked: "gradient-not-masked",
    MaskFromOutput: "mask-from-output",
    GradientOfOnes: "gradient-without-output-gradient",
    GradientNegated: "gradient-negated",
    MaskedInTest: "gradient-masked-in-test",
    OneMaskForTheBatch: "one-mask-for-the-batch",
    MaskPerRow: "mask-per-row",
    MaskNotRedrawn: "mask-not-redrawn",
    SeedInForward: "mask-not-redrawn",
    FixedNumber: "fixed-number-dropped",
    FixedNumberOfAll: "fixed-number-dropped",
    ScaledByShare: "scaled-by-kept-share",
    DropsWhatIsNegative: "mask-depends-on-input",
    NormalForUniform: "wrong-rate",
    NothingDropped: "nothing-dropped",
    HalfTheBatchTwice: "mask-not-independent",
    EverySecond: "mask-not-redrawn",
    Blocks: "mask-not-independent",
}
