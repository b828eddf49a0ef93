"""Who calls: a caller's name, roles and limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a caller is to the service, as `Role` of the contract says."""

    STUDENT = "student"
    GRADER = "grader"
    ADMIN = "admin"


EVERY_ROLE = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of one call."""

    # What belongs to a caller is found by this name. Empty if the server asks nobody who calls.
    name: str
    roles: frozenset[Role] = field(default=frozenset({Role.STUDENT}), hash=False)
    # Values that replace those of the caller's roles, by the limit's name.
    limits: Mapping[str, float] = field(default_factory=dict, hash=False)

    def has_any(self, roles: Iterable[Role]) -> bool:
        """Tell whether the caller has one of the roles."""
        return not self.roles.isdisjoint(roles)


# The caller of every call if the server asks nobody who calls.
ANYBODY = Caller("", EVERY_ROLE)
