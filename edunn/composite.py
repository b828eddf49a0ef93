"""Models made of models: one naming, `layer(entry)`, for all that is within."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np

from edunn.arrays import Array
from edunn.caches import Cache, CacheValue, entries_of, row_of
from edunn.live_arrays import live
from edunn.model import Model, ParameterSet, Phase

Value = TypeVar("Value")


class Composite(Model):
    """A model that runs other models.

    Parameters, buffers and cache entries of a child are called ``child(entry)``; within a
    composite inside a composite, ``outer(inner(entry))``. The phase and the source of
    randomness are passed down.
    """

    #: What the composite itself puts into the cache, besides what its children put.
    own_cache_entries: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._children: dict[str, Model] = {}

    @property
    def children(self) -> Mapping[str, Model]:
        """The models within, by the names they have here."""
        return self._children

    def set_phase(self, phase: Phase) -> None:
        super().set_phase(phase)
        for child in self.children.values():
            child.set_phase(phase)

    @property
    def rng(self) -> np.random.Generator | None:
        """Where random numbers come from, here and in every child."""
        return self._rng

    @rng.setter
    def rng(self, rng: np.random.Generator | None) -> None:
        # The base class checks the value.
        Model.rng.fset(self, rng)  # type: ignore[attr-defined]
        for child in self.children.values():
            child.rng = rng

    def get_parameters(self) -> ParameterSet:
        parameters = dict(self._parameters)
        for name, child in self.children.items():
            # Every step of an optimizer asks for them: there is no dictionary between.
            for parameter, array in child.get_parameters().items():
                parameters[f"{name}({parameter})"] = array
        return live(parameters, self._set_parameter)

    def trained_parameters(self) -> ParameterSet:
        if self.frozen:
            return {}
        parameters = dict(self._parameters)
        for name, child in self.children.items():
            parameters.update(prefixed(name, child.trained_parameters()))
        return parameters

    def get_buffers(self) -> ParameterSet:
        buffers = dict(self._buffers)
        for name, child in self.children.items():
            buffers.update(prefixed(name, child.get_buffers()))
        return live(buffers, self._set_buffer)

    def _assign_parameter(self, name: str, value: Array) -> None:
        child, inner = split(name)
        if child is None:
            super()._assign_parameter(name, value)
        else:
            self.children[child]._assign_parameter(inner, value)

    def _assign_buffer(self, name: str, value: Array) -> None:
        child, inner = split(name)
        if child is None:
            super()._assign_buffer(name, value)
        else:
            self.children[child]._assign_buffer(inner, value)

    def get_cache(self) -> Any:
        cache = super().get_cache()
        if isinstance(cache, dict):
            for name, child in self.children.items():
                # A layer of one's own may need no cache.
                if not _is_ones_own(child) or child.cache is not None:
                    cache.update(prefixed(name, entries_of(child.get_cache())))
        return cache

    def _keeps_by_name(self) -> bool:
        return True

    def _put_back(self, cache: Mapping[str, CacheValue]) -> None:
        mine: Cache = {}
        children = self.children
        theirs: dict[str, Cache] = {name: {} for name in children}
        for entry, value in cache.items():
            child, inner = split(entry)
            if child is None:
                mine[entry] = value
            elif child in theirs:
                theirs[child][inner] = value
            else:
                known = ", ".join(children) or "none"
                raise self.refusal("cache", f"about its layers ({known})", f"an entry {entry!r}")
        if mine.keys() != self.own_cache_entries:
            raise self.refusal(
                "cache",
                f"a cache with the entries {sorted(self.own_cache_entries)} of its own",
                str(sorted(mine)),
            )
        for name, entries in theirs.items():
            model, row = children[name], row_of(entries)
            if _is_ones_own(model) and row is not None:
                model.set_cache(*row)
            else:
                model.set_cache(entries)
        super()._put_back(mine)


def walk(model: Model) -> Iterator[Model]:
    """Go through a model and all that is within it."""
    yield model
    if isinstance(model, Composite):
        for child in model.children.values():
            yield from walk(child)


def prefixed(child: str, entries: Mapping[str, Value]) -> dict[str, Value]:
    """Return the entries of a child under the names they have in its composite."""
    return {f"{child}({name})": value for name, value in entries.items()}


def split(name: str) -> tuple[str | None, str]:
    """Return the child and the name within it, the child being None for a plain name.

    Names may have brackets of their own, in pairs: that of the child ends where the last bracket
    of the whole was opened.
    """
    if not name.endswith(")"):
        return None, name
    depth = 0
    for place in range(len(name) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(name[place], 0)
        if depth == 0:
            return name[:place], name[place + 1 : -1]
    return None, name


def has_brackets_in_pairs(name: str) -> bool:
    """Tell whether every bracket in a name is closed, as `split` needs it."""
    depth = 0
    for character in name:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


def _is_ones_own(model: Model) -> bool:
    """Tell whether a model is none of the layers here, which keep entries with names."""
    return getattr(model, "cache_entries", ()) is None and not isinstance(model, Composite)
