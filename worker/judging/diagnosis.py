"""Names the mistake: the answer is compared with what each known mistake would give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edunn.model import Model
from worker.judging.challenges import Answer, Challenge, Forward
from worker.judging.comparison import Likeness, compare, is_like, tolerance
from worker.judging.formulas import Formula, formula_of, parts_of
from worker.judging.misplaced import related
from worker.judging.mistakes import Mistake, mistakes_of, mistakes_of_any
from worker.judging.parts import Part, answered
from worker.judging.rounding import Rounded
from worker.judging.shapes import work_of
from worker.judging.values import Place, computed, step_dtype

# Of these a mistaken formula can be the cause.
_EXPLICABLE = frozenset({"wrong-values", "wrong-shape", "nan", "infinity"})
# A mistake that explains none of this many wrong steps is not looked at further.
_PATIENCE = 3
# A larger challenge is not run with every mistake: that would take minutes.
_MOST_ELEMENTS = 500_000
_MOST_WORK = 200_000_000


@dataclass(slots=True)
class _Explanation:
    """A mistake, and the places of the parts that it explains."""

    bug: str
    places: set[tuple[str, str]]
    # How many right parts would be wrong with it.
    contradicted: int = 0


def diagnosed(
    parts: Sequence[Part], subject: Any, challenge: Challenge, answer: Answer
) -> list[Part]:
    """Return the parts with the bugs that explain their faults, as far as they are known.

    Of several explanations the one of the most parts counts, then the one that would make the
    fewest right parts wrong, then the one that is registered first; what it leaves unexplained
    may have another.
    """
    faulty = {(part.step_id, part.category): part for part in parts if _is_explicable(part)}
    if not faulty or _is_large(subject, challenge):
        return list(parts)
    right = {(part.step_id, part.category) for part in parts if part.fault is None}
    found = [_overwritten(formula_of(subject), challenge, answer, faulty)]
    for mistake, formula in mistaken_formulas(subject):
        found.append(_explanation(mistake.bug, formula, challenge, answer, faulty, right))
        if len(found[-1].places) == len(faulty) and not found[-1].contradicted:
            # No other explains more.
            break
    found = [each for each in found if each.places]
    named: dict[tuple[str, str], str] = {}
    while found:
        best = max(found, key=lambda each: (len(each.places), -each.contradicted))
        named |= dict.fromkeys(best.places, best.bug)
        for each in found:
            each.places -= named.keys()
        found = [each for each in found if each.places]
    parts = [
        replace(part, bug=named.get((part.step_id, part.category), part.bug)) for part in parts
    ]
    return related(parts, formula_of(subject), challenge, answer)


def _is_large(subject: Any, challenge: Challenge) -> bool:
    """Tell whether a challenge is so large that only its verdict is worth the time."""
    forwards = [step for step in challenge.steps if isinstance(step, Forward)]
    if sum(x.size for step in forwards for x in step.inputs) > _MOST_ELEMENTS:
        return True
    if not isinstance(subject, Model):
        return False
    return sum(work_of(subject, step.inputs[-1].shape) for step in forwards) > _MOST_WORK


def _is_explicable(part: Part) -> bool:
    return part.fault is not None and part.fault.bug in _EXPLICABLE


def mistaken_formulas(subject: Any) -> Iterator[tuple[Mistake, Formula]]:
    """Yield the formulas of a layer, loss or optimizer with one mistake each.

    First come the mistakes of its type and of the types of its parts, then those of any layer.
    """
    for path, _ in parts_of(subject):
        for mistake in mistakes_of(_right(subject, path)):
            yield mistake, formula_of(subject, {path: mistake.formula})
    for mistake in mistakes_of_any(_right(subject, ())):
        yield mistake, formula_of(subject, {(): mistake.formula})


def _right(subject: Any, path: Sequence[str]) -> type[Formula]:
    """Return the type of the right formula of a part."""
    formula = formula_of(subject)
    for name in path:
        formula = formula.part(name)
    return type(formula)


def _explanation(
    bug: str,
    formula: Formula,
    challenge: Challenge,
    answer: Answer,
    faulty: dict[tuple[str, str], Part],
    right: set[tuple[str, str]],
) -> _Explanation:
    """Run a mistaken formula, and see which parts of the answer it gives."""
    explanation = _Explanation(bug, set())
    wrong_steps = 0
    for each in computed(formula, challenge, may_raise=True, answer=answer):
        step, expected = each.step, each.expected
        for name in expected:
            place = each.place(name)
            if place in faulty:
                given = answered(answer, step, name)
                if is_like(given, expected[name], faulty[place].fault, step_dtype(step)):
                    explanation.places.add(place)
            elif place in right and not explanation.contradicted:
                given = answered(answer, step, name)
                dtype = step_dtype(step)
                explanation.contradicted = int(
                    compare(given, expected[name], dtype, Likeness(dtype)) is not None
                )
        wrong_steps += any(place[0] == step.step_id for place in faulty)
        if wrong_steps >= _PATIENCE and not explanation.places:
            break
    return explanation


def _overwritten(
    formula: Formula, challenge: Challenge, answer: Answer, faulty: dict[tuple[str, str], Part]
) -> _Explanation:
    """Find arrays that hold what a later step gave: a layer that writes into one array again."""
    explanation = _Explanation("output-overwritten", set())
    # What was answered wrongly to earlier steps, by place and name.
    earlier: list[tuple[Place, str, Any]] = []
    for each in computed(formula, challenge):
        step, expected = each.step, each.expected
        dtype = step_dtype(step)
        for place, name, given in earlier:
            if name not in expected or _is_nothing(expected[name], dtype):
                continue
            if is_like(given, expected[name], faulty[place].fault, dtype):
                explanation.places.add(place)
        for name in expected:
            place = each.place(name)
            if place in faulty:
                earlier.append((place, name, answered(answer, step, name)))
    return explanation


def _is_nothing(expected: Rounded, dtype: str) -> bool:
    """Tell whether an array has only zeros. Too many mistakes give zeros to tell one by them."""
    return not bool(np.any(np.abs(expected.value) > tolerance(expected, dtype, Likeness(dtype))))
