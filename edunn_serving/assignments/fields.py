"""The kinds of values that an assignment's fields take."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

# Names of courses, assignments, checks and people: what a URL and a file name can bear.
NAME = r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,63}"
Name = Annotated[str, StringConstraints(pattern=f"^{NAME}$")]


def _no_controls(text: str) -> str:
    # They are written to terminals and to XML.
    if any(not each.isprintable() and each not in "\n\t" for each in text):
        raise ValueError("expected a text without control characters")
    return text


Text = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_no_controls)]

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
LONGEST_SECONDS = 10 * 366 * 86400.0

MAX_AXES = 5
MAX_ELEMENTS = 1_000_000


def _seconds(given: Any) -> Any:
    if isinstance(given, str):
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([smhdw])", given.strip())
        if match is None:
            raise ValueError("expected a time such as 90s, 30m, 2h, 7d or 1w")
        return float(match[1]) * UNITS[match[2]]
    return given


# A time span: a text such as `2h`, or a number of seconds.
Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=LONGEST_SECONDS)]


def _shape(given: Any) -> Any:
    if isinstance(given, list | tuple) and all(type(size) is int for size in given):
        if not 1 <= len(given) <= MAX_AXES:
            raise ValueError(f"expected 1 to {MAX_AXES} axes, got {len(given)}")
        if any(size < 1 for size in given) or math.prod(given) > MAX_ELEMENTS:
            raise ValueError(f"expected sizes from 1 up, with {MAX_ELEMENTS} elements at most")
    return given


class Fields(BaseModel):
    """What all parts of an assignment share."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, given: Any, info: ValidationInfo) -> Any:
        # pydantic would take it for 0 or 1, and `yes` and `on` are truths in YAML.
        field = cls.model_fields[info.field_name or ""]
        if isinstance(given, bool) and field.annotation is not bool:
            raise ValueError(f"expected no truth value, got {str(given).lower()}")
        return given


# The shape of an array. The first axis is the batch.
Shape = Annotated[tuple[int, ...], BeforeValidator(_shape)]


def not_empty(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse an empty list. pydantic's own bound also complains of a list with a wrong item."""
    if not values:
        raise ValueError("expected at least one")
    return values


NotEmpty = AfterValidator(not_empty)
