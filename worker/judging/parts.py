"""The parts of an answer, each with what is wrong with it, and the outcome that they make."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from worker.judging.challenges import (
    Answer,
    Backward,
    CheckOutcome,
    Failure,
    Forward,
    Gradients,
    Output,
    Verdict,
)
from worker.judging.comparison import UNITS, Fault, Widening, as_answered, compare, name_of
from worker.judging.lessons import GENERAL, message
from worker.judging.mistakes.relations import RELATIONS
from worker.judging.rounding import Rounded, zeros

# What a right value in another dtype is worth.
_OTHER_DTYPE = 0.5
# What says that something is wrong, and nothing of why.
_UNEXPLAINED = frozenset({"wrong-values", "wrong-shape", "nan", "infinity"})
#: The names of a part: of a forward, of a backward, and before the names of parameters.
OUTPUT, INPUT_GRADIENT, PARAMETER = "output", "input_gradient", "parameter_gradients."


@dataclass(frozen=True, slots=True)
class Part:
    """One array of an answer, or one property of several."""

    # The step; empty if it is about several.
    step_id: str
    # Parts of one category share its weight: a phase and a name.
    category: str
    fault: Fault | None = None
    # The mistake that explains the fault, if one is known.
    bug: str = ""
    # Whether the batch had one sample.
    alone: bool = False

    @property
    def credit(self) -> float:
        if self.fault is None:
            return 1.0
        return _OTHER_DTYPE if self.fault.bug == "wrong-dtype" else 0.0


def answered(answer: Answer, step: Forward | Backward, name: str) -> Any:
    """Return what an answer has of a part of a step, or what is wrong with it as a Fault."""
    given = answer.steps.get(step.step_id)
    if given is None:
        return Fault("no-answer")
    if isinstance(given, Failure):
        return Fault("step-failed", got=given.text)
    if not isinstance(given, Output if isinstance(step, Forward) else Gradients):
        return Fault("no-answer")
    if isinstance(given, Output):
        return given.output
    if name == INPUT_GRADIENT:
        return Fault("no-answer") if given.input_gradient is None else given.input_gradient
    parameter = name.removeprefix(PARAMETER)
    gradients = given.parameter_gradients
    if parameter in gradients:
        return gradients[parameter]
    names = ", ".join(sorted(map(str, gradients))) or "none"
    return Fault("missing-parameter-gradient", got=names, expected=parameter)


def judged(
    given: Any, expected: Rounded, dtypes: Sequence[str], widening: Widening
) -> Fault | None:
    """Return what is wrong with one answered array; None if nothing is.

    Parameters
    ----------
    given
        What was answered, or a Fault if there is nothing.
    expected : Rounded
    dtypes : sequence of str
        Those that the answer may have, the one in which it is computed first.
    widening : Widening
    """
    if isinstance(given, Fault):
        return given
    array = as_answered(given)
    if array is None:
        return compare(given, expected, dtypes[0], widening)
    name = name_of(array.dtype)
    fault = compare(array, expected, coarser(name, dtypes[0]), widening)
    if fault is None and array.shape and name not in dtypes:
        return Fault("wrong-dtype", got=name, expected=dtypes[0])
    return fault


def form_fault(given: Any, shape: tuple[int, ...], dtype: str, widening: Widening) -> Fault | None:
    """Return what is wrong with an array of which the values may be any finite numbers."""
    return judged(given, zeros(shape).doubtful(math.inf), (dtype,), widening)


def coarser(dtype: str, other: str) -> str:
    """Return the one of two dtypes that rounds more; what is no float is as the other."""
    return max(dtype, other, key=lambda name: UNITS.get(name, 0.0))


def outcome(parts: Sequence[Part], language: str, partial_credit: bool) -> CheckOutcome:
    """Make one outcome of all parts.

    The credit is the mean over the categories, of each the mean over its parts. The bug is the
    one that explains the most parts; of equal ones a mistake before a mere relation, and then
    an earlier one before a later one. One that leaves most of what is wrong in its categories
    unexplained is no explanation.
    """
    if not parts:
        return ungradable("there is nothing to judge")
    wrong = [(part, part.fault) for part in parts if part.fault is not None]
    categories: dict[str, list[float]] = defaultdict(list)
    for part in parts:
        categories[part.category].append(part.credit)
    shares = {name: sum(credits) / len(credits) for name, credits in categories.items()}
    details: dict[str, Any] = {"categories": shares}
    if not wrong:
        return CheckOutcome(Verdict.PASSED, 1.0, details=details)
    bugs = [part.bug or fault.bug for part, fault in wrong]
    bug = _main_bug([part.category for part, _ in wrong], bugs)
    part, fault = wrong[bugs.index(bug)]
    if bug == "wrong-values":
        bug, part = _localized(parts, part)
    details |= {
        "step": part.step_id,
        "part": part.category,
        "bugs": sorted({*bugs} - {bug}),
        "answered": _plain(fault.answered_value),
        "expected": _plain(fault.expected_value),
        "times_tolerance": _plain(fault.excess),
    }
    fraction = sum(shares.values()) / len(shares) if partial_credit else 0.0
    return CheckOutcome(
        Verdict.FAILED,
        min(fraction, 1.0),
        bug,
        message(bug, language, part.category, fault),
        fault.error_size,
        fault.error_index,
        details,
    )


def ungradable(reason: str) -> CheckOutcome:
    """Return the outcome of what cannot be graded; the reason is for the grader."""
    return CheckOutcome(Verdict.UNGRADABLE, 0.0, details={"reason": reason})


def _localized(parts: Sequence[Part], unexplained: Part) -> tuple[str, Part]:
    """Return what is known of an unexplained part by where others of it are right."""
    outputs = [part for part in parts if part.category.endswith(OUTPUT)]
    if outputs and all(part.fault is None for part in outputs):
        gradients = [part for part in parts if part.fault is not None and part not in outputs]
        unexplained = next((part for part in gradients if not part.bug), unexplained)
    alike = [part for part in parts if part.category == unexplained.category]
    right = [part.fault is None for part in alike]
    alone = [part.alone for part in alike]
    if any(right):
        if right == alone:
            return "samples-mixed", unexplained
        if right == [not each for each in alone]:
            return "wrong-for-one-sample", unexplained
        if right == sorted(right, reverse=True):
            return "right-at-first", unexplained
    if unexplained not in outputs and outputs and all(part.fault is None for part in outputs):
        return "derivative-wrong", unexplained
    return "wrong-values", unexplained


def _main_bug(categories: Sequence[str], bugs: Sequence[str]) -> str:
    counts, unexplained = Counter(bugs), Counter[str]()
    for category, bug in zip(categories, bugs, strict=True):
        unexplained[category] += bug in _UNEXPLAINED

    def explains(bug: str) -> bool:
        touched = {place for place, other in zip(categories, bugs, strict=True) if other == bug}
        if bug in GENERAL:
            # What is computed after an error explains less than its words do.
            return bug == "step-failed"
        left = sum(unexplained[each] for each in touched)
        # How values are related is a chance's work more easily than a mistake.
        return counts[bug] > left if bug in RELATIONS else counts[bug] >= left

    # `max` takes the first of equal ones, and a Counter keeps the order of the parts.
    return max(counts, key=lambda bug: (explains(bug), counts[bug], bug not in RELATIONS))


def _plain(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
