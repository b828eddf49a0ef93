"""Finds how parts that no known mistake explains are related to what is right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from worker.judging.challenges import Answer, Backward, Challenge, Forward
from worker.judging.comparison import Fault, Likeness, as_answered, is_like, tolerance
from worker.judging.formulas import Formula
from worker.judging.formulas.activations import Softmax
from worker.judging.formulas.formula import Elementwise
from worker.judging.formulas.optimizers import OptimizerFormula
from worker.judging.functions import OTHER_FUNCTIONS, applied, derivatives, is_near
from worker.judging.parts import INPUT_GRADIENT, OUTPUT, PARAMETER, Part, answered
from worker.judging.relations import Relation, places_of, relation_of
from worker.judging.rounding import Rounded, exact
from worker.judging.values import Expected, Place, computed, step_dtype

_EXPLICABLE = frozenset({"wrong-values", "wrong-shape"})
# So few numbers may be related by chance.
_FEWEST = 3
# Of an optimizer the steps are compared, not the parameters that they lead to.
_OF_STEPS = {
    "all-equal": "step-all-equal",
    "clipped": "step-clipped",
    "wrong-factor": "step-wrong-factor",
    "wrong-signs": "step-wrong-signs",
}


def related(
    parts: Sequence[Part], formula: Formula, challenge: Challenge, answer: Answer
) -> list[Part]:
    """Return the parts, each that is wrong and has no name yet with its relation to the right."""
    unnamed = {
        (part.step_id, part.category): part.fault
        for part in parts
        if part.fault is not None and not part.bug and part.fault.bug in _EXPLICABLE
    }
    if not unnamed:
        return list(parts)
    found = dict(_relations(unnamed, formula, challenge, answer))
    return [_named(part, found.get((part.step_id, part.category))) for part in parts]


def _named(part: Part, relation: Relation | None) -> Part:
    if relation is None or part.fault is None:
        return part
    got, expected = relation.got or part.fault.got, relation.expected or part.fault.expected
    return replace(part, bug=relation.bug, fault=replace(part.fault, got=got, expected=expected))


def _relations(
    unnamed: Mapping[Place, Fault], formula: Formula, challenge: Challenge, answer: Answer
) -> Iterator[tuple[Place, Relation]]:
    """Run the right formula, and yield the relation of each wrong part that has one."""
    wrong, unexplained = Counter(category for _, category in unnamed), Counter[str]()
    known: dict[str, set[Relation]] = defaultdict(set)
    earlier: list[Expected] = []
    # The arrays that a student's program has at hand, by what edunn calls them.
    at_hand: dict[str, Rounded] = {}
    for each in computed(formula, challenge):
        step, expected = each.step, each.expected
        dtype = step_dtype(step)
        at_hand |= _at_hand(step, expected)
        for name, right in expected.items():
            place = each.place(name)
            fault = unnamed.get(place)
            if fault is None or 2 * unexplained[place[1]] > wrong[place[1]]:
                # No relation explains a category of which it leaves more than half.
                continue
            given = answered(answer, step, name)
            if isinstance(formula, OptimizerFormula):
                relation = _relation_of_steps(given, right, step, fault)
            else:
                near = dict(at_hand)
                if (parameter := name.removeprefix(PARAMETER)) in formula.parameters:
                    near[parameter] = formula.parameters[parameter]
                relation = relation_of(given, right, fault, dtype, known[place[1]])
                for other, candidate in (
                    *_elsewhere(name, expected, earlier),
                    *_other_function(given, formula, name, near),
                    *_with_others(given, right, near),
                ):
                    if relation is not None:
                        break
                    if is_like(given, candidate, fault, dtype):
                        relation = other
                relation = relation or _whereabouts(given, right, near, dtype)
            if relation is None:
                unexplained[place[1]] += 1
            else:
                known[place[1]].add(relation)
                yield place, relation
        earlier.append(expected)


def _relation_of_steps(
    given: Any, right: Rounded, step: Forward | Backward, fault: Fault
) -> Relation | None:
    """Return how a step of an optimizer is related to the right one."""
    array = as_answered(given)
    if array is None or array.shape != right.shape or not isinstance(step, Forward):
        return None
    p = np.asarray(step.inputs[0], np.float64)
    right_step = Rounded(right.value - p, right.error)
    relation = relation_of(array - p, right_step, fault, step_dtype(step))
    bug = _OF_STEPS.get(relation.bug) if relation is not None else None
    return replace(relation, bug=bug) if relation is not None and bug is not None else None


def _elsewhere(
    name: str, expected: Expected, earlier: Sequence[Expected]
) -> Iterator[tuple[Relation, Rounded]]:
    """Yield what belongs to other parts and to earlier steps."""
    for other, right in expected.items():
        if other != name and _says_something(right):
            yield Relation("parts-exchanged", other.removeprefix(PARAMETER)), right
    for past in reversed(earlier):
        if name in past and _says_something(past[name]):
            yield Relation("answer-of-earlier-step"), past[name]


def _at_hand(step: Forward | Backward, expected: Expected) -> dict[str, Rounded]:
    if isinstance(step, Backward):
        return {"δEδy": exact(step.output_gradient)}
    named = {"x": exact(step.inputs[-1]), "y": expected[OUTPUT]}
    return named | ({"y_true": exact(step.inputs[0])} if len(step.inputs) > 1 else {})


def _with_others(
    given: Any, right: Rounded, at_hand: Mapping[str, Rounded]
) -> Iterator[tuple[Relation, Rounded]]:
    """Yield what is at hand, and the right numbers with it as a factor or added to them."""
    array = as_answered(given)
    for name, other in at_hand.items():
        if other.shape != right.shape or not _says_something(other):
            continue
        yield Relation("another-array", name), other
        yield Relation("multiplied-by-array", name), right * other
        if (other.value != 0).all():
            yield Relation("divided-by-array", name), right / other
        if array is not None and array.shape == right.shape:
            share = np.vdot(array - right.value, other.value) / np.vdot(other.value, other.value)
            yield Relation("array-added", name), right + other * float(share)


def _other_function(
    given: Any, formula: Formula, name: str, at_hand: Mapping[str, Rounded]
) -> Iterator[tuple[Relation, Rounded]]:
    """Yield other functions of the input, and other derivatives, of an activation."""
    if not isinstance(formula, Elementwise | Softmax):
        return
    x, array = at_hand["x"], as_answered(given)
    if array is None or array.shape != x.shape or x.value.size < _FEWEST:
        return
    if name == OUTPUT:
        for called, function in OTHER_FUNCTIONS.items():
            if is_near(array, function(x.value)):
                yield Relation("another-function", called), applied(function, x)
    elif name == INPUT_GRADIENT:
        g, y = at_hand["δEδy"], at_hand["y"]
        for called, value in derivatives(array, g.value, x.value, y.value):
            size = np.abs(value)
            yield Relation("another-derivative", called), Rounded(value, 16 * size + 1.0)


def _whereabouts(
    given: Any, right: Rounded, at_hand: Mapping[str, Rounded], dtype: str
) -> Relation | None:
    """Return where the wrong elements are, if that tells something."""
    array = as_answered(given)
    if array is None or array.shape != right.shape or array.size < _FEWEST:
        return None
    difference = np.abs(array.astype(np.float64) - right.value)
    wrong = ~(difference <= tolerance(right, dtype, Likeness(dtype)))
    if not _FEWEST <= np.count_nonzero(wrong) <= wrong.size - _FEWEST:
        return places_of(wrong)
    for name, other in at_hand.items():
        if other.shape != right.shape:
            continue
        for condition, there in (
            (f"{name} < 0", other.value < 0),
            (f"{name} > 0", other.value > 0),
            (f"{name} = 0", other.value == 0),
            (f"|{name}| > 1", np.abs(other.value) > 1),
            (f"|{name}| < 1", np.abs(other.value) < 1),
        ):
            if (wrong == there).all():
                return Relation("wrong-where", condition)
    return places_of(wrong)


def _says_something(right: Rounded) -> bool:
    """Tell whether an array is no single number, and not zero: too much is like these."""
    return right.value.size > 2 and bool(np.any(right.value))
