"""Writes the steps of a challenge."""

from __future__ import annotations

import itertools
from typing import Any

from worker.judging.challenges import Array, Backward, Forward, SetPhase, Step
from worker.judging.draws import Draws
from worker.judging.subjects import floats


class Script:
    """Steps with ids of their own, in the dtype that is set."""

    def __init__(self, draws: Draws, dtype: str, backward: bool = True) -> None:
        self.draws = draws
        self.dtype = dtype
        self.asks_backward = backward
        self.steps: list[Step] = []
        self._numbers = itertools.count(1)

    def set_phase(self, phase: str) -> None:
        self.steps.append(SetPhase(self._id("phase"), phase))

    def forward(self, *inputs: Any) -> None:
        """Add a forward; what is not integers is given in the dtype."""
        arrays = tuple(
            array if array.dtype.kind == "i" else floats(array, self.dtype) for array in inputs
        )
        self.steps.append(Forward(self._id("forward"), arrays))

    def backward(self, output_gradient: Array) -> None:
        """Add a backward, if the check asks for gradients."""
        if self.asks_backward:
            gradient = floats(output_gradient, self.dtype)
            self.steps.append(Backward(self._id("backward"), gradient))

    def _id(self, kind: str) -> str:
        return f"{next(self._numbers)}-{kind}"
