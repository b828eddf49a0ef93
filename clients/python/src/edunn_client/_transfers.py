"""Calls whose request or answer comes in parts, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")
Part = TypeVar("Part")

# Each message costs some time of its own, however small it is.
CHUNK_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class Upload(Generic[Result]):
    """A request in parts, of which the service keeps nothing unless all have come."""

    method: str
    parts: Callable[[], Iterable[Any]]
    """Returns the parts, for each attempt anew."""
    decode: Callable[[Any], Result]


@dataclass(frozen=True)
class Download:
    """An answer in parts."""

    method: str
    request: Any


Bytes = TypeVar("Bytes", bytes, memoryview)


def chunks(data: Bytes) -> Iterator[Bytes]:
    for at in range(0, len(data), CHUNK_BYTES):
        yield data[at : at + CHUNK_BYTES]
