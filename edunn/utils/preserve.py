"""Running a model many times and leaving it as it was."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from edunn.composite import walk
from edunn.model import Model

_OURS = "edunn."
# The memory of a Mersenne Twister's state: 624 words of 32 bits and a position.
_TWISTER_BYTES = 625 * 4
# The memory of NumPy's global generator and the state that it stood for, when last asked.
_latest: tuple[bytes, Any] = (b"", None)


#: A source of random numbers besides NumPy's global one. To name it loads nothing of NumPy.
Generator: TypeAlias = "np.random.Generator | np.random.RandomState | random.Random"


@dataclass(frozen=True)
class Replay:
    """Where all sources of randomness of a model stood, to be put back there."""

    generators: tuple[tuple[Generator, Any], ...]
    global_state: Any

    @classmethod
    def of(cls, model: Model) -> Replay:
        """Return where they stand now: those of all that is within, and NumPy's global one."""
        generators = [part.rng for part in walk(model) if part.rng is not None]
        return cls(tuple((each, _state(each)) for each in generators), _global_state())

    @classmethod
    def of_all(cls, model: Model) -> Replay:
        """Return where those stand that somebody's layer may draw from by whatever name.

        They are attributes of all that is within, variables of the notebook or file where it was
        written, and Python's own. To look takes longer than a small layer's whole check.
        """
        # The functions of the module `random` belong to an object of its own.
        found: list[Any] = [random.random.__self__]  # type: ignore[attr-defined]
        for part in walk(model):
            beside = getattr(type(part).forward, "__globals__", {})
            found += [*vars(part).values(), *beside.values()]
        generators = {id(each): each for each in found if _is_generator(each)}
        states = tuple((each, _state(each)) for each in generators.values())
        return cls(states, _global_state())

    def rewind(self) -> None:
        """Make the next forward draw the same numbers as the last."""
        for generator, state in self.generators:
            _set_state(generator, state)
        np.random.set_state(self.global_state)

    def is_where_it_was(self) -> bool:
        """Tell whether no number has been drawn since."""
        now = _global_state()
        return (now is self.global_state or _same(now, self.global_state)) and all(
            _same(_state(generator), state) for generator, state in self.generators
        )


def _is_generator(value: object) -> bool:
    return isinstance(value, np.random.Generator | np.random.RandomState | random.Random)


def _state(generator: Generator) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.bit_generator.state


def _set_state(generator: Generator, state: Any) -> None:
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.bit_generator.state = state


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
