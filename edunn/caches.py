"""What one forward leaves for its backward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edunn.arrays import Array, own

CacheValue = Array | int | float | bool
#: By name, as the layers here give it out.
Cache = dict[str, CacheValue]
#: What a layer keeps until its cache is asked for; a shape becomes an array only then.
Entry = CacheValue | tuple[int, ...]
#: In a row, as a layer of one's own may keep anything.
Row = tuple[Any, ...]


def entries_of(cache: Cache | Row) -> Cache:
    """Return a cache by name; the values of a row are called by their places."""
    if isinstance(cache, Mapping):
        return dict(cache)
    return {str(place): value for place, value in enumerate(cache)}


def row_of(entries: Mapping[str, CacheValue]) -> Row | None:
    """Return the row that `entries_of` made such entries of; None where it was no row."""
    places = [str(place) for place in range(len(entries))]
    return tuple(entries[place] for place in places) if set(entries) == set(places) else None


def read_only(value: Entry) -> CacheValue:
    """Return a value whose array cannot be written to."""
    if isinstance(value, tuple):
        value = np.array(value, dtype=np.int64)
    if isinstance(value, np.generic):
        # NumPy makes single numbers of arrays of rank 0; a cache has arrays.
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view


def kept(value: CacheValue) -> CacheValue:
    """Return a value in C order that nobody else can write to."""
    if isinstance(value, np.ndarray) and not (value.flags.c_contiguous and _immutable(value)):
        return own(value)
    return value


def _immutable(array: Array) -> bool:
    """Tell whether nobody can write to an array, as to one over bytes off the wire."""
    # A read-only view shows what is written to the array that it is of.
    base: object = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return True
