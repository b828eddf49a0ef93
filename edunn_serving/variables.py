"""Tells environment variables apart: settings, misspelt settings, and variables of others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

PREFIX = "EDUNN_"
# The library's variables. They are no settings of the service and need no warning.
OF_THE_LIBRARY = frozenset({"EDUNN_DATASETS"})
# The clients' variables, from their documents.
OF_CLIENTS = frozenset(
    {"EDUNN_TARGET", "EDUNN_TOKEN", "EDUNN_TLS", "EDUNN_CA", "EDUNN_CERTIFICATE", "EDUNN_KEY"}
)
# Kubernetes sets these in a namespace that has a service `edunn` or `edunn-...`.
OF_KUBERNETES = re.compile(
    r"EDUNN_(\w+_)?"
    r"(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
# Names at least this similar, with 1 for equal ones, count as one name and its misspelling.
NEAR = 0.7
NEAR_WITH_PREFIX = 0.9


def misspelt(names: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Return the names that are nearly a known name, each with that known name."""
    found: dict[str, str] = {}
    others = OF_CLIENTS | OF_THE_LIBRARY
    for name in sorted(names):
        if name in known or name in others or OF_KUBERNETES.fullmatch(name):
            continue
        likeness, nearest = max((_likeness(name.upper(), each), each) for each in known)
        if likeness >= NEAR:
            found[name] = nearest
    return found


def unknown(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the names that begin with the settings' prefix and are no settings."""
    ours = OF_THE_LIBRARY.union(known)
    return sorted(name for name in names if name.startswith(PREFIX) and name not in ours)


def _likeness(name: str, known: str) -> float:
    """Return how similar a name is to a known one. It is 0 for another word."""
    if known.startswith(f"{name}_"):
        return 1.0
    if name.startswith(PREFIX):
        return _ratio(name.removeprefix(PREFIX), known.removeprefix(PREFIX), NEAR)
    # The prefix itself may be misspelt. A name that differs more is not ours.
    return _ratio(name, known, NEAR_WITH_PREFIX)


def _ratio(one: str, other: str, least: float) -> float:
    """Return how similar two words are; 0 if that is less than `least`."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    # These are upper bounds. Nearly all words are told apart by them in a tenth of the time.
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0.0
