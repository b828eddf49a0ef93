"""The errors of the library: what was wrong, where, what was expected and what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self


class LayerError(ValueError):
    """A layer was given something it cannot take.

    Parameters
    ----------
    layer : str
        The layer's name, or its type where it has none.
    argument : str
        The argument or field at fault in the caller's terms, for example ``"x"`` or ``"p"``.
    expected : str
        What the layer takes, as a noun phrase.
    got : str
        What came instead.
    """

    def __init__(self, *, layer: str, argument: str, expected: str, got: str) -> None:
        super().__init__(f"{layer}: {argument} should be {expected}, but got {got}.")
        self.layer = layer
        self.argument = argument
        self.expected = expected
        self.got = got

    def __reduce__(self) -> tuple[object, ...]:
        # An exception with keyword-only arguments does not unpickle by itself,
        # and a process pool that cannot unpickle an exception hangs.
        return _rebuild, (type(self), self.args, self.__dict__.copy())


class NoForwardError(LayerError):
    """A backward, or a cache, was asked of a layer that has run no forward."""

    def __init__(self, *, layer: str, argument: str = "δEδy", hint: str = "") -> None:
        super().__init__(
            layer=layer,
            argument=argument,
            expected="asked for after a forward",
            got=f"no forward before it{hint}",
        )


class Fault(NamedTuple):
    """One thing wrong with a configuration: where, what was expected, what came."""

    path: str
    expected: str
    got: str

    @property
    def description(self) -> str:
        """The fault in words, without its path."""
        return f"should be {self.expected}, but got {self.got}"


class ConfigError(LayerError):
    """A layer cannot be made from these arguments.

    Parameters
    ----------
    layer : str
        The name or the type of the layer that was asked for.
    faults : sequence of Fault
        Everything that is wrong, at least one. `argument`, `expected` and `got` are the first's.

    Attributes
    ----------
    violations : list of (str, str)
        The path of each field at fault, such as ``"layers[1].config.p"``, and what is wrong.
    """

    def __init__(self, *, layer: str, faults: Sequence[Fault]) -> None:
        first = faults[0]
        super().__init__(layer=layer, argument=first.path, expected=first.expected, got=first.got)
        if len(faults) > 1:
            self.args = (
                f"{layer}: " + "; ".join(f"{f.path} {f.description}" for f in faults) + ".",
            )
        self.faults = tuple(faults)
        self.violations = [(fault.path, fault.description) for fault in faults]

    def under(self, prefix: str) -> Self:
        """Return the same error as seen from an outer configuration, paths prefixed."""
        moved = [fault._replace(path=prefix + fault.path) for fault in self.faults]
        return type(self)(layer=self.layer, faults=moved)


def _rebuild(
    kind: type[LayerError], args: tuple[object, ...], state: dict[str, object]
) -> LayerError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
