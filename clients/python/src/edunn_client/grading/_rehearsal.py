"""Finds out whether a student's program can begin, before an attempt is begun for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from edunn_client.grading._challenges import Challenge, Failure
from edunn_client.grading._running import OF_STUDENTS, FindClass, StudentProgram, failure_of

# What a student's class is called with, of each kind.
_METHODS = {
    "layer": ("forward",),
    "loss": ("forward",),
    "own": ("forward",),
    "optimizer": ("step", "optimize_batch"),
    "initializer": ("initialize",),
}

# Begins a challenge without parameters and steps, and returns what failed.
Begin = Callable[[Challenge], Failure | None]


class NotReadyError(ValueError):
    """The student's program cannot begin the challenges. Nothing has been sent."""


def rehearse(checks: Sequence[Mapping[str, Any]], begin: Begin, *, partial: bool) -> None:
    """Try to begin each check of an assignment.

    Parameters
    ----------
    checks : sequence of mapping
        As in `Assignment.checks`.
    begin : callable
    partial : bool
        Whether it is enough that one of them can begin.

    Raises
    ------
    NotReadyError
        With a sentence for each cause.
    """
    tried = list(_tried(checks, begin))
    causes = list(dict.fromkeys(cause for cause in tried if cause))
    if causes and not (partial and "" in tried):
        raise NotReadyError("; ".join(causes) + ". No attempt was begun.")


def begin_with(classes: FindClass) -> Begin:
    """Return what begins challenges with a student's classes."""

    def begin(challenge: Challenge) -> Failure | None:
        try:
            program = StudentProgram(challenge, classes)
            program.check_methods(_METHODS.get(challenge.kind, ()))
        except OF_STUDENTS as error:
            return failure_of(error)
        return None

    return begin


def _tried(checks: Sequence[Mapping[str, Any]], begin: Begin) -> Iterator[str]:
    """Yield the cause of each check that cannot begin, and nothing for one that can."""
    for check in checks:
        if not check["kind"] or _names_layers(check["config"]):
            # An older service, or a layer within that is named without its configuration.
            continue
        failure = begin(
            Challenge(
                challenge_id=check["id"],
                title=check["title"],
                points=check["points"],
                kind=check["kind"],
                layer_type=check["type"],
                config=check["config"],
                parameters={},
                steps=(),
            )
        )
        yield failure.text if failure is not None else ""


def _names_layers(config: Mapping[str, Any]) -> bool:
    for value in config.values():
        each = value if isinstance(value, list) else [value]
        if any(isinstance(item, str) and item[:1].isupper() for item in each):
            return True
    return False
