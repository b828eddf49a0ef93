"""Which environment variables are settings, which are misspelt ones, and which are others'."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

PREFIX = "EDUNN_"
# The library's, which the service uses: no settings, and nothing to warn of.
OF_THE_LIBRARY = frozenset({"EDUNN_DATASETS"})
# What the clients read, by their own documents.
OF_CLIENTS = frozenset({"EDUNN_ADDRESS", "EDUNN_TOKEN", "EDUNN_TLS", "EDUNN_CA"})
# What Kubernetes puts into the containers of a namespace that has a service `edunn` or `edunn-...`.
OF_KUBERNETES = re.compile(
    r"EDUNN_(\w+_)?"
    r"(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
# Of 1: how much two names have in common, behind the prefix or with it, that are taken for one.
NEAR = 0.7
NEAR_WITH_PREFIX = 0.9


def misspelt(names: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Return the names that are nearly a known one, each with that one."""
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
    """Return the names that begin as settings do, and are none."""
    ours = OF_THE_LIBRARY.union(known)
    return sorted(name for name in names if name.startswith(PREFIX) and name not in ours)


def _likeness(name: str, known: str) -> float:
    """Return how near a name is to a known one: below `NEAR` where it is another word."""
    if known.startswith(f"{name}_"):
        return 1.0
    if name.startswith(PREFIX):
        return _ratio(name.removeprefix(PREFIX), known.removeprefix(PREFIX))
    # The prefix itself may be misspelt. What is further off is none of ours.
    ratio = _ratio(name, known)
    return ratio if ratio >= NEAR_WITH_PREFIX else 0.0


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
