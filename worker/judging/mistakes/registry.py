"""The registry of mistakes: what a layer computes that is wrong in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from worker.judging.formulas import COMPOSITES, FORMULAS
from worker.judging.formulas.formula import Formula
from worker.judging.lessons import teach

FormulaType = TypeVar("FormulaType", bound=type[Any])


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistaken formula. `bug` is its stable name, under which the lessons have a sentence."""

    bug: str
    formula: type[Formula]
    # The types whose right formula it can be put before, as a base class; None is every type,
    # empty the type whose formula it derives from.
    of: tuple[type[Formula], ...] | None = ()


MISTAKES: list[Mistake] = []
# Made once for each type, when all mistakes are registered.
_OF_TYPE: dict[type[Formula], tuple[Mistake, ...]] = {}
_OF_ANY: dict[type[Formula], tuple[Mistake, ...]] = {}


def mistake(
    bug: str, en: str = "", es: str = "", of: tuple[type[Formula], ...] | None = ()
) -> Callable[[FormulaType], FormulaType]:
    """Register a mistaken formula.

    Parameters
    ----------
    bug : str
    en, es : str
        The sentences that teach. A second formula of the same bug has none.
    of : tuple of type, optional
        As in `Mistake`.
    """
    if en:
        teach(bug, en, es)

    def register(formula: FormulaType) -> FormulaType:
        MISTAKES.append(Mistake(bug, formula, of))
        return formula

    return register


def mistakes_of(right: type[Formula]) -> tuple[Mistake, ...]:
    """Return the mistakes of the type of a right formula, which are tried in this order.

    Those of several types come after those of the type alone, and those that learn from the answer
    last, because they can be like many others.
    """
    if right not in _OF_TYPE:
        own = [each for each in MISTAKES if each.of == () and _right_of(each.formula) is right]
        shared = [_before(each, right) for each in MISTAKES if each.of and right in each.of]
        _OF_TYPE[right] = tuple(
            sorted([*own, *shared], key=lambda each: each.formula.learn is not Formula.learn)
        )
    return _OF_TYPE[right]


def mistakes_of_any(right: type[Formula]) -> tuple[Mistake, ...]:
    """Return the mistakes of all types, made of a right formula."""
    if right not in _OF_ANY:
        _OF_ANY[right] = tuple(_before(known, right) for known in MISTAKES if known.of is None)
    return _OF_ANY[right]


def _before(known: Mistake, right: type[Formula]) -> Mistake:
    """Return a mistake with its formula put before a right one, as a base class."""
    name = f"{known.formula.__name__}{right.__name__}"
    return Mistake(known.bug, type(name, (known.formula, right), {}), known.of)


def _right_of(formula: type[Formula]) -> type[Formula] | None:
    """Return the right formula from which a mistaken one derives."""
    right = set(FORMULAS.values()) | {*COMPOSITES}
    return next((base for base in formula.__mro__ if base in right), None)
