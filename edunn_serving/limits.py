"""The limits of a caller: their names, and their values by role and by caller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Limit(StrEnum):
    """How much a caller may do. Together all servers keep to it."""

    # A call, or an operation of a `Compute` stream, counts once.
    CALLS_PER_SECOND = "calls_per_second"
    # The calls that may come at once after a pause. Without it: those of a second.
    CALLS_BURST = "calls_burst"
    # Unary calls that are under way.
    CALLS_AT_ONCE = "calls_at_once"
    # Streams that are open.
    STREAMS = "streams"
    SESSIONS = "sessions"
    # Bytes of parameters, buffers and contexts of all sessions.
    STATE_BYTES = "state_bytes"
    # Bytes of the largest request, which has the tensors in it.
    TENSOR_BYTES = "tensor_bytes"
    # Processor time of the workers.
    PROCESSOR_SECONDS_PER_MINUTE = "processor_seconds_per_minute"


EVERY_LIMIT = frozenset(Limit)
Values = Mapping[str, float]

# No limit is above this, which a float still counts exactly.
MOST = 2**53


def parse_limits(text: str) -> dict[str, float]:
    """Return the limits that a text such as `sessions=10,streams=2` names.

    Raises
    ------
    ValueError
        It is no such text.
    """
    limits: dict[str, float] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = entry.partition("=")
        try:
            limits[name] = float(number)
        except ValueError:
            raise ValueError(f"{name} must be a number") from None
    return checked_limits(limits)


def checked_limits(limits: object) -> dict[str, float]:
    """Return limits by their names.

    Raises
    ------
    ValueError
        They are no mapping from names of limits to numbers. A name that is no limit's would
        otherwise limit nothing.
    """
    if not isinstance(limits, Mapping):
        raise ValueError("limits must be names with numbers")
    for name, value in limits.items():
        if name not in EVERY_LIMIT:
            raise ValueError(f"there is no such limit: the limits are {', '.join(Limit)}")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= MOST:
            raise ValueError(f"{name} must be a number of at least 0 and at most 2^53")
    return dict(limits)


def most_generous(of_roles: Iterable[Values]) -> dict[str, float]:
    """Return the limits of somebody with several roles. A limit counts if every role has it."""
    first, *others = list(of_roles) or [{}]
    return {
        name: max(value, *(each[name] for each in others)) if others else value
        for name, value in first.items()
        if all(name in each for each in others)
    }
