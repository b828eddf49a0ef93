"""The callers of the graded stack, and the calls of each."""

from __future__ import annotations

from collections.abc import Callable

from edunn_client.grading import Grading

TOKENS = {
    "teacher": "grader",
    "other": "grader",
    "root": "admin",
    "ana": "student",
    "ben": "student",
}

# The calls of a caller, by the caller's name.
As = Callable[[str], Grading]
