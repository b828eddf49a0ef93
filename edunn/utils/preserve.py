"""Running a model many times and leaving it as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from edunn.composite import walk
from edunn.model import Model


@dataclass(frozen=True)
class Replay:
    """Where all sources of randomness stood, to be put back there."""

    generators: tuple[tuple[np.random.Generator, Mapping[str, Any]], ...]
    global_state: dict[str, Any]

    def rewind(self) -> None:
        """Make the next forward draw the same numbers as the last."""
        for generator, state in self.generators:
            generator.bit_generator.state = state
        np.random.set_state(self.global_state)


@contextmanager
def preserved(model: Model) -> Iterator[Replay]:
    """Let a model be run and its parameters be moved, and restore it.

    Parameters, buffers and generators, NumPy's global one included, are afterwards as they
    were. The last forward is not: its cache is that of the last run.
    """
    generators = [part.rng for part in walk(model) if part.rng is not None]
    replay = Replay(
        tuple((g, g.bit_generator.state) for g in generators), np.random.get_state(legacy=False)
    )
    parameters = _copies(model.get_parameters())
    buffers = _copies(model.get_buffers())
    try:
        yield replay
    finally:
        for live, saved in (
            (model.get_parameters(), parameters),
            (model.get_buffers(), buffers),
        ):
            for name, value in saved.items():
                live[name][...] = value
        replay.rewind()


def _copies(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: array.copy() for name, array in arrays.items()}
