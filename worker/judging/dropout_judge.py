"""Judges an answer about Dropout, and names its mistakes."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from edunn_serving.assignments import Check
from worker.judging.binomial import acceptance
from worker.judging.challenges import Answer, Array, Backward, Challenge, Forward, SetPhase
from worker.judging.comparison import Fault, Likeness, as_answered, compare
from worker.judging.dropout import FALSE_ALARMS, Mask, find_alarm
from worker.judging.parts import INPUT_GRADIENT, OUTPUT, Part, answered, judged
from worker.judging.rounding import Rounded, exact, rounded
from worker.judging.values import step_dtype

# How near a number is to another, of its size, that may be the same.
_NEAR = 1e-3
# How surely a rate is told to be that of p taken for the probability of keeping.
_UNSURE = 1e-4

# What a layer with another p does.
_OF_ANOTHER_P = ("wrong-rate", "dropout-scale-wrong")

Candidates = Iterable[tuple[str, Rounded]]


def judge_dropout(check: Check, p: float, challenge: Challenge, answer: Answer) -> list[Part]:
    """Return the parts of an answer about a Dropout that drops with probability p."""
    judge = _Judge(check, p, answer)
    phase = "training"
    for step in challenge.steps:
        if isinstance(step, SetPhase):
            phase = step.phase
        elif isinstance(step, Forward | Backward) and phase == "test":
            judge.test_step(step)
        elif isinstance(step, Forward):
            judge.training_forward(step)
        elif isinstance(step, Backward):
            judge.training_backward(step)
    parts = [*judge.parts, *judge.masks()]
    if {part.bug for part in parts} >= {"wrong-rate", "dropout-scale-wrong"}:
        return [
            replace(part, bug="p-ignored") if part.bug in _OF_ANOTHER_P else part for part in parts
        ]
    return parts


@dataclass(slots=True)
class _Seen:
    """What training forwards of one shape were given, and where they dropped."""

    inputs: list[Array] = field(default_factory=list)
    dropped: list[Mask] = field(default_factory=list)


class _Judge:
    def __init__(self, check: Check, p: float, answer: Answer) -> None:
        self.check, self.p, self.answer = check, p, answer
        self.parts: list[Part] = []
        scale = 1.0 / (1.0 - rounded(p))
        self._scale = float(scale.value)
        # Of what is scaled, as a share of itself: from the scale, and from the product.
        self._error = float(scale.error) / self._scale + 1
        self._seen: dict[tuple[int, ...], _Seen] = defaultdict(_Seen)
        # Where inputs are zero: whether the gradient is too.
        self._at_zeros: list[Mask] = []
        self._x = np.zeros(0)
        # Where the last forward dropped; None if its output does not show it.
        self._dropped: Mask | None = None

    def training_forward(self, step: Forward) -> None:
        (self._x,) = step.inputs
        self._dropped = None
        given = answered(self.answer, step, OUTPUT)
        kept = self._x
        array = _usable(given, kept.shape)
        if array is not None:
            self._dropped = array == 0
            if self._x.all():
                seen = self._seen[kept.shape]
                seen.inputs.append(self._x)
                seen.dropped.append(self._dropped)
            kept = np.where(self._dropped, 0, kept)
        candidates = itertools.chain(self._scalings(kept), self._otherwise(array, kept))
        self._add(step, OUTPUT, "training", given, self._scaled(kept), candidates)

    def training_backward(self, step: Backward) -> None:
        given = answered(self.answer, step, INPUT_GRADIENT)
        g = step.output_gradient
        array = _usable(given, self._x.shape)
        zero = np.zeros(g.shape, bool) if array is None else np.asarray(array == 0)
        if self._dropped is not None and array is not None:
            self._at_zeros.append(zero[self._x == 0])
        # Where the input was zero, and where there is no output, the forward shows no mask.
        dropped = zero if self._dropped is None else np.where(self._x == 0, zero, self._dropped)
        kept = np.where(dropped, 0, g)
        candidates = self._gradients(g, kept, np.where(zero, 0, g))
        self._add(step, INPUT_GRADIENT, "training", given, self._scaled(kept), candidates)

    def test_step(self, step: Forward | Backward) -> None:
        if isinstance(step, Forward):
            name, same = OUTPUT, exact(step.inputs[0])
            bugs = "scaled-in-test", "dropped-in-test"
        else:
            name, same = INPUT_GRADIENT, exact(step.output_gradient)
            bugs = "gradient-scaled-in-test", "gradient-masked-in-test"
        given = answered(self.answer, step, name)
        self._add(step, name, "test", given, same, self._in_test(bugs, given, same))

    def masks(self) -> Iterator[Part]:
        """Judge the masks of the training forwards of each shape together."""
        share = FALSE_ALARMS / (len(self._seen) + 1)
        for seen in self._seen.values():
            inputs, dropped = np.stack(seen.inputs), np.stack(seen.dropped)
            alarm = find_alarm(dropped, inputs, self.p, share)
            if alarm is None:
                yield Part("", "training mask")
                continue
            bug = self._rate_bug(dropped) if alarm.bug == "wrong-rate" else alarm.bug
            got, expected = f"{alarm.count}/{alarm.trials}", f"{alarm.low}-{alarm.high}"
            yield Part("", "training mask", Fault(bug, got, expected), bug)
        yield from self._mask_at_zeros(share)

    def _mask_at_zeros(self, share: float) -> Iterator[Part]:
        """Judge what was dropped where the input is zero, which the gradient alone shows."""
        dropped = np.concatenate([np.zeros(0, bool), *self._at_zeros])
        if not dropped.size:
            return
        count = int(np.count_nonzero(dropped))
        low, high = acceptance(dropped.size, self.p, share)
        if low <= count <= high:
            yield Part("", "training mask")
            return
        bug = "mask-from-output" if dropped.all() else "mask-depends-on-input"
        fault = Fault(bug, f"{count}/{dropped.size}", f"{low}-{high}")
        yield Part("", "training mask", fault, bug)

    def _rate_bug(self, dropped: Mask) -> str:
        count = np.count_nonzero(dropped)
        if count == 0:
            return "nothing-dropped"
        low, high = acceptance(dropped.size, 1 - self.p, _UNSURE)
        return "p-as-keep" if low <= count <= high else "wrong-rate"

    def _add(
        self,
        step: Forward | Backward,
        name: str,
        phase: str,
        given: Any,
        expected: Rounded,
        candidates: Candidates,
    ) -> None:
        dtype = step_dtype(step)
        fault = judged(given, expected, (dtype,), self.check.tolerance)
        part = Part(step.step_id, f"{phase} {name}", fault)
        array = _usable(given, expected.shape)
        if fault is not None and fault.bug == "wrong-values" and array is not None:
            bugs = (
                bug
                for bug, other in candidates
                if compare(array, other, dtype, Likeness(dtype)) is None
            )
            part = replace(part, bug=next(bugs, ""))
        self.parts.append(part)

    def _scaled(self, kept: Array) -> Rounded:
        value = kept.astype(np.float64) * self._scale
        return Rounded(value, np.abs(value) * self._error)

    def _in_test(self, bugs: tuple[str, str], given: Any, same: Rounded) -> Candidates:
        """Give what is scaled, and what is dropped and perhaps scaled."""
        p, (scaled, dropped) = self.p, bugs
        array = _usable(given, same.shape)
        some = same if array is None else same.where(array != 0)
        factors = [1 / (1 - p), 1 - p, *([p, 1 / p] if p else [])]
        yield from ((scaled, same * factor) for factor in factors)
        yield from ((dropped, some * factor) for factor in (1.0, *factors))

    def _scalings(self, elements: Array) -> Candidates:
        """Give what an output is with another factor."""
        kept = exact(elements)
        yield "not-scaled", kept
        yield "scale-inverted", kept * (1 - self.p)
        if self.p:
            yield "p-as-keep", kept * (1 / self.p)
            yield "scale-inverted", kept * self.p
        yield "scaled-by-kept-share", kept * _share_of_kept(elements)

    def _otherwise(self, array: Array | None, kept: Array) -> Candidates:
        """Give what an output is if another factor, or another number for zero, is found in it."""
        if array is None or not kept.any():
            return
        factor = float(np.median(array[kept != 0] / kept[kept != 0]))
        yield "dropout-scale-wrong", exact(kept) * factor
        near = np.abs(array - kept * self._scale) <= _NEAR * np.abs(kept * self._scale)
        if self.p / 2 < 1 - near.mean() < (1 + self.p) / 2:
            # What is not scaled was dropped, and is not zero.
            yield "dropped-not-zero", exact(np.where(near, kept * self._scale, array))

    def _gradients(self, all_elements: Array, with_mask: Array, with_own: Array) -> Candidates:
        """Give what the gradient is with other factors and masks.

        Parameters
        ----------
        all_elements, with_mask, with_own : ndarray
            The gradient of the output: as it is, with the forward's mask, and with zeros where
            the answered gradient has them.
        """
        g, kept, some, x = map(exact, (all_elements, with_mask, with_own, self._x))
        scale, p = self._scale, self.p
        yield "gradient-not-scaled", kept
        yield "gradient-scaled-twice", kept * scale**2
        yield "gradient-scale-inverted", kept * (1 - p)
        if p:
            yield "gradient-p-as-keep", kept * (1 / p)
            yield "gradient-scale-inverted", kept * p
        yield "scaled-by-kept-share", kept * _share_of_kept(with_mask)
        yield "gradient-negated", kept * -scale
        yield "gradient-times-output", kept * x * scale
        yield "gradient-times-output", kept * x * scale**2
        yield "gradient-without-output-gradient", Rounded(np.sign(np.abs(kept.value)) * scale)
        yield "gradient-without-output-gradient", Rounded(np.sign(np.abs(kept.value)))
        yield "gradient-mask-inverted", (g - kept) * scale
        yield "gradient-mask-inverted", g - kept
        yield "gradient-not-masked", g
        yield "gradient-not-masked", g * scale
        yield "mask-drawn-again", some * scale
        yield "mask-drawn-again", some


def _share_of_kept(elements: Array) -> float:
    """Return what elements are scaled by if the share that was kept is taken for 1 - p."""
    return elements.size / max(1, int(np.count_nonzero(elements)))


def _usable(given: Any, shape: tuple[int, ...]) -> Array | None:
    """Return an answer as an array of that shape; None if it is none, or no numbers."""
    if isinstance(given, Fault):
        return None
    array = as_answered(given)
    return array if array is not None and array.shape == shape else None
