"""What a gradient check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from edunn.notebook import Printable


@dataclass(frozen=True)
class ArrayCheck:
    """The check of one gradient: of the input, or of one parameter."""

    name: str
    #: How many elements were compared and agreed.
    checked: int = 0
    #: How many were skipped because the function has a kink there.
    kinks: int = 0
    #: The largest difference found, relative to the larger of 1 and the derivative.
    worst: float = 0.0
    #: What is wrong; None where nothing is.
    problem: str | None = None
    #: Which of the random inputs it was.
    sample: int = 0

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong and something was compared."""
        return self.problem is None and self.checked > 0

    def of_sample(self, sample: int) -> Self:
        """Return the same as found for another random input."""
        if sample == self.sample:
            return self
        # `replace` takes several times as long.
        return type(self)(self.name, self.checked, self.kinks, self.worst, self.problem, sample)


@dataclass(frozen=True, repr=False)
class GradientCheck(Printable):
    """The answer of a gradient check: true where it passed, a report where it is printed."""

    layer: str
    tolerance: float
    arrays: tuple[ArrayCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether something was checked and all of it agreed."""
        return bool(self.arrays) and all(check.passed for check in self.arrays)

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong, by the name of the array; the first of each."""
        found: dict[str, str] = {}
        for check in self.arrays:
            if not check.passed:
                found.setdefault(check.name, check.problem or "nothing was compared")
        return found

    @property
    def line(self) -> str:
        """What was found, in one line."""
        if not self.arrays:
            return f"{self.layer}: nothing was checked"
        if not self.passed:
            others = len(self.problems) - 1
            name, problem = next(iter(self.problems.items()))
            more = f" (and {others} more)" if others else ""
            return f"{self.layer}: gradients are WRONG: {name}: {problem}{more}"
        checked = sum(check.checked for check in self.arrays)
        samples = max(check.sample for check in self.arrays) + 1
        worst = max(check.worst for check in self.arrays)
        counted = f"{checked} derivatives of {samples} random input{'s' if samples > 1 else ''}"
        return f"{self.layer}: gradients are right: {counted}, off by {worst:.1e} at most"

    def __repr__(self) -> str:
        return f"GradientCheck({self.layer}: {'passed' if self.passed else 'failed'})"

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        lines = [f"{self.layer}: gradients {'agree' if self.passed else 'DIFFER'}"]
        if not self.arrays:
            lines.append("  nothing was checked")
        for check in self.arrays:
            if check.passed:
                kinks = f", {check.kinks} at kinks skipped" if check.kinks else ""
                text = f"{check.checked} values, off by {check.worst:.1e} at most{kinks}"
            else:
                text = f"WRONG: {check.problem or 'nothing was compared'}"
            lines.append(f"  {check.name} (input {check.sample + 1}): {text}")
        return "\n".join(lines)
