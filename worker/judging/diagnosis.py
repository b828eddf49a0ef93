"""Names the mistake: the answer is compared with what each known mistake would give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edunn.model import Model
from worker.judging.challenges import Answer, Challenge, Floats, Forward
from worker.judging.comparison import Likeness, as_answered, compare, is_like, tolerance
from worker.judging.formulas import Formula, Path, formula_of, parts_of
from worker.judging.misplaced import related
from worker.judging.mistakes import Mistake, mistakes_of, mistakes_of_any
from worker.judging.parts import Part, answered
from worker.judging.rounding import Estimate, Rounded
from worker.judging.shapes import work_of
from worker.judging.values import Place, computed, step_dtype

# Of these a mistaken formula can be the cause.
_EXPLICABLE = frozenset({"wrong-values", "wrong-shape", "nan", "infinity"})
# A mistake that explains none of this many wrong steps is not looked at further.
_PATIENCE = 3
# Nor one that comes near to none of this many: most often a forward and its backward.
_SHORT_PATIENCE = 2
# What differs by less of its size, or by less than this, may be the same number for rounding.
_NEAR, _NEARLY_NOTHING = 0.003, 1e-4
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
    # Whether it takes numbers from the answer, and what of them a message tells.
    learns: bool = False
    finding: str = ""


def diagnosed(
    parts: Sequence[Part], subject: Any, challenge: Challenge, answer: Answer
) -> list[Part]:
    """Return the parts with the bugs that explain their faults, as far as they are known.

    Of several explanations the one of the most parts counts, then one that takes nothing from the
    answer, then the one that would make the fewest right parts wrong, then the one that is
    registered first; what it leaves unexplained may have another.
    """
    faulty = {(part.step_id, part.category): part for part in parts if _is_explicable(part)}
    if not faulty or _is_large(subject, challenge):
        return list(parts)
    right = {(part.step_id, part.category) for part in parts if part.fault is None}
    found = [_overwritten(formula_of(subject), challenge, answer, faulty)]
    for mistake, instead in _mistakes_in(subject):
        if not _may_explain(formula_of(subject, instead), challenge, answer, faulty):
            continue
        formula = formula_of(subject, instead)
        found.append(_explanation(mistake.bug, formula, challenge, answer, faulty, right))
        last = found[-1]
        if len(last.places) == len(faulty) and not last.contradicted and not last.learns:
            # No other explains more.
            break
    found = [each for each in found if each.places]
    named: dict[tuple[str, str], _Explanation] = {}
    while found:
        best = max(found, key=lambda each: (len(each.places), not each.learns, -each.contradicted))
        named |= dict.fromkeys(best.places, best)
        for each in found:
            each.places -= named.keys()
        found = [each for each in found if each.places]
    parts = [_explained(part, named.get((part.step_id, part.category))) for part in parts]
    return related(parts, formula_of(subject), challenge, answer)


def _explained(part: Part, explanation: _Explanation | None) -> Part:
    if explanation is None or part.fault is None:
        return part
    got = explanation.finding or part.fault.got
    return replace(part, bug=explanation.bug, fault=replace(part.fault, got=got))


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
    for mistake, instead in _mistakes_in(subject):
        yield mistake, formula_of(subject, instead)


def _mistakes_in(subject: Any) -> Iterator[tuple[Mistake, dict[Path, type[Formula]]]]:
    """Yield the mistakes, each with the formula that it puts at the path of a part."""
    for path, _ in parts_of(subject):
        for mistake in mistakes_of(_right(subject, path)):
            yield mistake, {path: mistake.formula}
    for mistake in mistakes_of_any(_right(subject, ())):
        yield mistake, {(): mistake.formula}


def _right(subject: Any, path: Sequence[str]) -> type[Formula]:
    """Return the type of the right formula of a part."""
    formula = formula_of(subject)
    for name in path:
        formula = formula.part(name)
    return type(formula)


def _may_explain(
    formula: Formula, challenge: Challenge, answer: Answer, faulty: Mapping[tuple[str, str], Part]
) -> bool:
    """Tell whether a mistaken formula comes near to a wrong part; most do not, and cost little."""
    wrong_steps = 0
    for each in computed(formula, challenge, may_raise=True, answer=answer, numbers=Estimate):
        for name, estimate in each.expected.items():
            if each.place(name) in faulty:
                given = answered(answer, each.step, name)
                if _is_near(given, estimate.value):
                    return True
        wrong_steps += any(place[0] == each.step.step_id for place in faulty)
        if wrong_steps >= _SHORT_PATIENCE:
            break
    return False


def _is_near(given: Any, estimate: Floats) -> bool:
    """Tell whether most of the numbers of an array are about the same as those of another."""
    array = as_answered(given)
    if array is None or array.shape != estimate.shape:
        return False
    with np.errstate(all="ignore"):
        room = _NEAR * (np.abs(array) + np.abs(estimate)) + _NEARLY_NOTHING
        # What is infinite or undefined may be either way.
        far = np.abs(array - estimate) > room
    return 2 * int(np.count_nonzero(far)) <= array.size


def _explanation(
    bug: str,
    formula: Formula,
    challenge: Challenge,
    answer: Answer,
    faulty: dict[tuple[str, str], Part],
    right: set[tuple[str, str]],
) -> _Explanation:
    """Run a mistaken formula, and see which parts of the answer it gives."""
    explanation = _Explanation(bug, set(), learns=type(formula).learn is not Formula.learn)
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
    explanation.finding = formula.finding
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
