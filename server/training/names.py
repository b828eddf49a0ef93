"""The rule of the names that callers choose for data sets and trainings."""

from __future__ import annotations

import re

from edunn_serving.errors import quoted

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
NAME_RULE = "1 to 64 letters, digits, '_', '-' or '.'"


def check_name(field: str, name: str, violations: list[tuple[str, str]]) -> None:
    """Add what is wrong with a name to the violations."""
    if not NAME.fullmatch(name):
        violations.append((field, f"expected {NAME_RULE}, got {quoted(name)}"))
