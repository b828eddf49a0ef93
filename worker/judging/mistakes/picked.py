"""Formulas that find in an answer which of several functions a layer computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from worker.judging.challenges import Floats
from worker.judging.formulas.formula import Formula
from worker.judging.rounding import Rounded

#: What a layer may compute of its inputs, as arrays.
Function = Callable[..., Floats]
#: Functions by what they are called in a message.
Named = dict[str, Function]

# Rounding in float32, of the largest number, in any order of the operations.
_ALIKE = 2e-5
# The errors of a function that may be computed in any way, in units of its largest number.
_ROOM = 16.0


def each_through(named: Named, how: Callable[..., Floats]) -> Iterator[tuple[str, Function]]:
    """Yield named functions as functions of the inputs' values: `how` is given one, and these."""
    for name, function in named.items():
        yield name, partial(how, function)


class Picked(Formula):
    """Computes the first of several functions that gives what was answered.

    Which one it is shows at the first forward, and is kept for all.
    """

    picked: Function | None = None
    tried = False

    def candidates(self) -> Iterator[tuple[str, Function]]:
        """Yield functions of the inputs' values, each with its name."""
        raise NotImplementedError

    def learn(self, inputs: tuple[Rounded, ...], output: Floats) -> None:
        if self.tried or not output.any():
            return
        self.tried = True
        values = [each.value for each in inputs]
        for name, function in self.candidates():
            if _are_alike(function(*values), output):
                self.finding, self.picked = name, function
                return

    def forward(self, *inputs: Rounded) -> Rounded:
        # What the backward needs.
        super().forward(*inputs)
        if self.picked is None:
            raise LookupError("the answer is none of these functions")
        value = np.asarray(self.picked(*(each.value for each in inputs)), np.float64)
        largest = float(np.abs(value[np.isfinite(value)]).max(initial=0.0))
        return Rounded(value, _ROOM * (np.abs(value) + largest))


def _are_alike(value: Floats, output: Floats) -> bool:
    value = np.asarray(value)
    known = np.isfinite(value)
    if value.shape != output.shape or not known.any() or (known != np.isfinite(output)).any():
        return False
    room = _ALIKE * float(np.abs(output[known]).max())
    return bool((np.abs(value[known] - output[known]) <= room).all())
