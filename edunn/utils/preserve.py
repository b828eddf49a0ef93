"""Running a model many times and leaving it as it was."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from edunn.composite import walk
from edunn.model import Model

_OURS = "edunn."
# The memory of a Mersenne Twister's state: 624 words of 32 bits and a position.
_TWISTER_BYTES = 625 * 4
# The memory of NumPy's global generator and the state that it stood for, when last asked.
_latest: tuple[bytes, Any] = (b"", None)


@dataclass(frozen=True)
class Replay:
    """Where all sources of randomness of a model stood, to be put back there."""

    generators: tuple[tuple[np.random.Generator, Mapping[str, Any]], ...]
    global_state: Any

    @classmethod
    def of(cls, model: Model) -> Replay:
        """Return where they stand now: those of all that is within, and NumPy's global one."""
        generators = [part.rng for part in walk(model) if part.rng is not None]
        states = tuple((g, g.bit_generator.state) for g in generators)
        return cls(states, _global_state())

    def rewind(self) -> None:
        """Make the next forward draw the same numbers as the last."""
        for generator, state in self.generators:
            generator.bit_generator.state = state
        np.random.set_state(self.global_state)

    def is_where_it_was(self) -> bool:
        """Tell whether no number has been drawn since."""
        now = _global_state()
        return (now is self.global_state or _same(now, self.global_state)) and all(
            _same(generator.bit_generator.state, state) for generator, state in self.generators
        )


def _global_state() -> Any:
    """Return the state of NumPy's global generator.

    NumPy takes longer to tell it than a small layer's whole check takes. Its memory is read in a
    hundredth of that time, and while that is as it was, so is the state.
    """
    global _latest
    memory = _global_memory()
    if memory and memory == _latest[0]:
        return _latest[1]
    state = np.random.get_state(legacy=False)
    # A normal number may be kept besides for the next draw, which then leaves the memory as it is.
    _latest = (b"" if state["has_gauss"] else memory, state)
    return state


def _global_memory() -> bytes:
    """Return the memory of NumPy's global generator; nothing if it is of another kind."""
    generator = getattr(np.random, "get_bit_generator", lambda: None)()
    if not isinstance(generator, np.random.MT19937):
        return b""
    return ctypes.string_at(generator.ctypes.state_address, _TWISTER_BYTES)


def is_known(model: Model) -> bool:
    """Tell whether a model runs only what this library has, and nothing that somebody wrote."""
    # What is not of this library may be no Model, as the layers of the service's client.
    return all(
        _is_ours(type(part))
        and _is_ours(type(part).forward)
        and _is_ours(type(part).backward)
        and not ("forward" in part.__dict__ or "backward" in part.__dict__)
        for part in walk(model)
    )


def _is_ours(thing: Any) -> bool:
    return bool(thing.__module__.startswith(_OURS))


@contextmanager
def preserved(model: Model) -> Iterator[None]:
    """Let a model be run and its parameters and buffers be moved, and put these back.

    The last forward is not put back: the cache is that of the last run.
    """
    parameters = _copies(model.get_parameters())
    buffers = _copies(model.get_buffers())
    try:
        yield
    finally:
        for name, live in model.get_parameters().items():
            if name in parameters:
                live[...] = parameters[name]
        if buffers:
            model.set_buffers(buffers)


def _copies(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.array(array) for name, array in arrays.items()}


def _same(one: Any, other: Any) -> bool:
    """Compare states of generators: numbers and arrays in tuples and dictionaries."""
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else bool(one == other)
