"""Writes the steps of a challenge."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from worker.judging.challenges import (
    Array,
    Backward,
    ChallengeError,
    Forward,
    SetParameters,
    SetPhase,
    Step,
)
from worker.judging.draws import Draws
from worker.judging.subjects import floats

# All arrays of a challenge together: what a student's program is sent at once.
_MOST_BYTES = 32 * 2**20


class Script:
    """Steps with ids of their own, in the dtype that is set."""

    def __init__(self, draws: Draws, dtype: str, backward: bool = True) -> None:
        self.draws = draws
        self.dtype = dtype
        self.asks_backward = backward
        self.steps: list[Step] = []
        self._numbers = itertools.count(1)
        self._bytes = 0

    def set_phase(self, phase: str) -> None:
        self.steps.append(SetPhase(self._id("phase"), phase))

    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Add a step that sets parameters, in the dtype."""
        values = {name: floats(value, self.dtype) for name, value in parameters.items()}
        self._count(*values.values())
        self.steps.append(SetParameters(self._id("parameters"), values))

    def forward(self, *inputs: Any) -> None:
        """Add a forward; what is not integers is given in the dtype."""
        arrays = tuple(
            array if array.dtype.kind == "i" else floats(array, self.dtype) for array in inputs
        )
        self._count(*arrays)
        self.steps.append(Forward(self._id("forward"), arrays))

    def backward(self, output_gradient: Array) -> None:
        """Add a backward, if the check asks for gradients."""
        if self.asks_backward:
            gradient = floats(output_gradient, self.dtype)
            self._count(gradient)
            self.steps.append(Backward(self._id("backward"), gradient))

    def _count(self, *arrays: Array) -> None:
        self._bytes += sum(array.nbytes for array in arrays)
        if self._bytes > _MOST_BYTES:
            raise ChallengeError(
                f"the challenge would have more than {_MOST_BYTES // 2**20} MiB of arrays: "
                "ask for smaller shapes or fewer repetitions"
            )

    def _id(self, kind: str) -> str:
        # Of this attempt alone, so that an answer to another one is known by its steps.
        return f"{next(self._numbers)}-{kind}-{self.draws.label}"
