"""Who calls: a caller's name, roles and limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# The name becomes part of Redis keys and of folders, so it has no slash, brace or space in it.
NAME = re.compile(r"[A-Za-z0-9_@+:|-][A-Za-z0-9_.@+:|-]{0,127}")
NAME_RULE = "1 to 128 letters, digits and _ . @ + : | -, and no . first"


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
    # The name of the grader or admin who calls for this caller; empty if nobody does.
    acted_by: str = ""

    def has_any(self, roles: Iterable[Role]) -> bool:
        """Tell whether the caller has one of the roles."""
        return not self.roles.isdisjoint(roles)


# The caller of every call if the server asks nobody who calls.
ANYBODY = Caller("", EVERY_ROLE)


def checked_name(name: object) -> str:
    """Return a caller's name.

    Raises
    ------
    ValueError
        It cannot be a name.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"a caller's name must be {NAME_RULE}")
    return name


def callers_in(text: str) -> dict[str, Caller]:
    """Return the callers of `name=token` and `name:role=token` pairs, by their token.

    Raises
    ------
    ValueError
        The pairs are malformed. The message repeats none, because it may hold a secret.
    """
    callers: dict[str, Caller] = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        given = re.fullmatch(r"([A-Za-z0-9_.-]{1,64})(?::([a-z]+))?=(.+)", entry)
        if not given or (given[2] or Role.STUDENT) not in EVERY_ROLE:
            raise ValueError(
                "must be name=token or name:role=token pairs separated by commas, the name of "
                f"letters, digits, _, - and ., the role {any_of(Role)}"
            )
        if given[3] in callers:
            raise ValueError("gives one token to two names")
        callers[given[3]] = Caller(given[1], frozenset({Role(given[2] or Role.STUDENT)}))
    return callers


def any_of(words: Iterable[str]) -> str:
    """Return words as a sentence names a choice."""
    *others, last = words
    return ", ".join(others) + f" or {last}"
