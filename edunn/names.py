"""The name of a model, and how it speaks in errors."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

from edunn.errors import ConfigError, Fault, LayerError

# How many models of each type have a name of their own.
_counts: defaultdict[str, Iterator[int]] = defaultdict(itertools.count)


class Named:
    """Something that has a name, given or its own.

    Parameters
    ----------
    name : str, optional
        Kept exactly as given. A Sequential names a layer that has none.
    """

    #: The name as it was given, and the one that stands in for it.
    _name: str | None = None
    _stand_in: str | None = None
    #: Whether the name was given by a Sequential rather than by the caller.
    auto_named = True

    def __init__(self, name: str | int | None = None) -> None:
        if name is not None:
            self.name = name

    @property
    def name(self) -> str:
        """The name that was given, or else one of its own, such as ``Linear_0``."""
        if self._name is not None:
            return self._name
        if self._stand_in is None:
            self._stand_in = self._own_name()
        return self._stand_in

    @name.setter
    def name(self, name: str | int) -> None:
        if not isinstance(name, str | int | float):
            raise ConfigError(
                layer=type(self).__name__, faults=[Fault("name", "a string", repr(name))]
            )
        self._name, self.auto_named = str(name), False

    def _own_name(self) -> str:
        kind = type(self).__name__
        return f"{kind}_{next(_counts[kind])}"

    @property
    def has_name(self) -> bool:
        """Whether a name was given, by the caller or by a Sequential."""
        return self._name is not None

    def auto_name(self, name: str) -> None:
        """Give a name to a model that its maker left unnamed."""
        self._name, self.auto_named = name, True

    @property
    def label(self) -> str:
        """The name, or the type where there is no name, as error messages show it."""
        if "label" in self.__dict__:
            own: str = self.__dict__["label"]
            return own
        return self._name or type(self).__name__

    @label.setter
    def label(self, label: object) -> None:
        # A layer of one's own may call something else so.
        self.__dict__["label"] = label

    def refusal(self, argument: str, expected: str, got: str) -> LayerError:
        """Make a LayerError that speaks for this model."""
        return LayerError(layer=self.label, argument=argument, expected=expected, got=got)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self._name is None else repr(self._name)})"
