"""Parameters and buffers by name, as a dictionary of which setting an entry sets the array."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from edunn.arrays import Array

Arrays = dict[str, Array]


class LiveArrays(Arrays):
    """The arrays of a model: a dictionary that hands on what is set in it. See `live`."""

    # A step asks every layer for one: no constructor, which takes as long as all the rest.
    __slots__ = ("assign",)

    assign: Callable[[str, Any], Array]

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, self.assign(name, value))

    def update(self, *others: Any, **named: Any) -> None:
        for name, value in dict(*others, **named).items():
            self[name] = value

    def __ior__(self, other: Any) -> LiveArrays:  # type: ignore[override,misc]
        self.update(other)
        return self

    def setdefault(self, name: str, default: Any = None) -> Array:
        if name not in self:
            self[name] = default
        return self[name]

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("an array of a model cannot be taken away; its dict(...) can be changed")

    __delitem__ = _refuse
    pop = _refuse
    popitem = _refuse
    clear = _refuse

    # Copies belong to nobody.

    def copy(self) -> Arrays:
        return dict(self)

    def __copy__(self) -> Arrays:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Arrays:
        return copy.deepcopy(dict(self), memo)

    def __reduce__(self) -> tuple[type, tuple[Iterable[tuple[str, Array]]]]:
        return dict, (list(self.items()),)


def live(arrays: Mapping[str, Array], assign: Callable[[str, Any], Array]) -> LiveArrays:
    """Return arrays by name as a dictionary that hands on what is set in it.

    Parameters
    ----------
    arrays : mapping of str to ndarray
    assign : callable
        Given a name and what is set under it, returns the array that is there then, or says why
        it refuses.
    """
    found = LiveArrays(arrays)
    found.assign = assign
    return found
