"""Attributes that are computed unless an object has its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class derived(Generic[Value]):  # noqa: N801
    """A property that an object may set: what it sets is its own from then on.

    A class of somebody's own may use the name for something else.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> Value:
        # Asked of the class it is itself, as a property is.
        return self if instance is None else self._compute(instance)  # type: ignore[return-value]
