"""Data sets that nobody measured: students, how long they studied, and how they did.

Each is the same every time. The rules are simple enough to be found by a small network.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Table = tuple[_Floats, tuple[str, ...]]

# Hours of study, and the mean of a student's earlier grades.
_HOURS = (2.0, 42.0)
_AVERAGES = (3.0, 9.0)


def study1d() -> _Table:
    """Return the hours of 39 students, and whether they passed: by chance near 20 hours."""
    rng = np.random.default_rng(1)
    hours = np.linspace(*_HOURS, 39).round()
    passed = hours + rng.normal(0, 4, 39) > 20
    return _table(hours, passed), ("hours", "passed")


def study2d() -> _Table:
    """Return the hours and averages of 19 students, and whether they passed, with exceptions."""
    hours, average = _students(2)
    rng = np.random.default_rng(3)
    passed = _promise(hours, average) + rng.normal(0, 0.4, 19) > 0
    return _table(hours, average, passed), ("hours", "average", "passed")


def study2d_easy() -> _Table:
    """Return the same for 19 students that a straight line tells apart with room to spare."""
    hours, average = _students(4)
    passed = _promise(hours, average) > 0
    # Those who passed studied longer still, the others less: nobody is near the line.
    hours = np.clip(hours + np.where(passed, 4, -4), *_HOURS)
    return _table(hours, average, passed), ("hours", "average", "passed")


def study1d_grades() -> _Table:
    """Return the hours of 19 students, and their grades from 1 to 10."""
    rng = np.random.default_rng(5)
    hours = np.linspace(*_HOURS, 19).round()
    return _table(hours, _grades(hours / 4 + rng.normal(0, 0.6, 19))), ("hours", "grade")


def study2d_grades() -> _Table:
    """Return the hours of 19 students, and two grades: their average and the new one."""
    rng = np.random.default_rng(6)
    hours, average = _students(7)
    grade = _grades((hours / 4 + average) / 1.8 + rng.normal(0, 0.4, 19))
    return _table(hours, average, grade), ("hours", "average", "grade")


def _students(seed: int) -> tuple[_Floats, _Floats]:
    rng = np.random.default_rng(seed)
    return rng.uniform(*_HOURS, 19).round(1), rng.uniform(*_AVERAGES, 19).round(1)


def _promise(hours: _Floats, average: _Floats) -> _Floats:
    """Return how far each student is on the side of those who pass."""
    return (hours - 22) / 12 + (average - 6) / 2


def _grades(exact: _Floats) -> _Floats:
    return np.clip(exact, 1, 10).round(1)


def _table(*columns: npt.NDArray[np.generic]) -> _Floats:
    return np.stack(columns, axis=1).astype(np.float64)
