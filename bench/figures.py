"""The figures: which loads, in which order, and the ratio that each pair of measurements makes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from bench.load import LARGE, Client, Load, Measured

MEBIBYTE = 1024 * 1024
STREAMS = 4
IN_FLIGHT = 64
Send = Callable[[Load], Measured]


@dataclass(frozen=True)
class Figure:
    """One line of the table: ours beside its reference, round by round.

    Parameters
    ----------
    mark
        What issue 4 asks of the ratio ours / reference.
    bound
        Whether the ratio should be at least or at most the mark.
    """

    name: str
    unit: str
    mark: float
    bound: Literal["at least", "at most"]
    reference_name: str = "echo"
    ours: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)

    def note(self, ours: float, reference: float) -> None:
        """Add a round."""
        self.ours.append(ours)
        self.reference.append(reference)

    def ratios(self) -> list[float]:
        """Return ours / reference, of each round."""
        return [ours / reference for ours, reference in zip(self.ours, self.reference, strict=True)]

    def ratio(self) -> float:
        """Return the median of the rounds' ratios."""
        return statistics.median(self.ratios())

    def is_met(self) -> bool:
        """Tell whether the ratio is where issue 4 wants it."""
        ratio = self.ratio()
        return ratio >= self.mark if self.bound == "at least" else ratio <= self.mark


class Figures:
    """All figures that come of the generator's loads."""

    def __init__(self) -> None:
        clients: tuple[Client, ...] = ("grpc.aio", "lean")
        self.single = {
            client: Figure(f"p50, 1 caller, unary ({client} client)", "ms", 4.0, "at most")
            for client in clients
        }
        self.throughput = {
            client: Figure(f"64 callers, unary ({client} client)", "calls/s", 0.65, "at least")
            for client in clients
        }
        # The same load with many short lanes, and with few that are always full.
        self.streams = {
            sessions: Figure(
                f"4 Compute streams with 64 in flight each, {sessions} sessions (lean client)",
                "operations/s",
                1.5,
                "at least",
                "echo, 64 callers, unary",
            )
            for sessions in (STREAMS * IN_FLIGHT, STREAMS)
        }
        self.pairs = Figure(
            "forward + backward pairs, 64 sessions", "pairs/s", 0.45, "at least", "our forwards"
        )
        self.tail = Figure(
            "p99 at half the maximum load", "ms", 10.0, "at most", "echo's p50, 1 caller"
        )
        self.large = Figure("4 MiB tensors, 4 callers", "MiB/s", 0.25, "at least")

    def all(self) -> list[Figure]:
        """Return the figures in the table's order."""
        return [
            *self.single.values(),
            *self.throughput.values(),
            *self.streams.values(),
            self.pairs,
            self.tail,
            self.large,
        ]

    def measure_round(self, send: Send, seconds: float, *, ours_first: bool) -> None:
        """Measure each figure once, each beside its reference."""

        def both(load: Load) -> tuple[Measured, Measured]:
            echo_load = replace(load, target="echo")
            if ours_first:
                ours = send(load)
                return ours, send(echo_load)
            echo = send(echo_load)
            return send(load), echo

        forward = Load(target="forward", callers=1, seconds=seconds)
        for client, figure in self.single.items():
            ours, echo = both(replace(forward, client=client))
            figure.note(ours.p50_ms, echo.p50_ms)

        many = replace(forward, callers=64)
        for client, figure in self.throughput.items():
            ours, echo = both(replace(many, client=client))
            figure.note(ours.rate, echo.rate)

        streams = Load(
            target="compute", callers=STREAMS * IN_FLIGHT, streams=STREAMS, seconds=seconds
        )
        echo = send(replace(many, target="echo", client="lean"))
        for sessions, figure in self.streams.items():
            figure.note(send(replace(streams, sessions=sessions)).rate, echo.rate)

        forwards = self.throughput["grpc.aio"].ours
        self.pairs.note(send(replace(many, target="pair")).rate, forwards[-1])
        half = send(replace(many, rate=statistics.median(forwards) / 2))
        self.tail.note(half.p99_ms, self.single["grpc.aio"].reference[-1])

        ours, echo = both(replace(forward, callers=4, shape=LARGE))
        size = math.prod(LARGE) * 8 / MEBIBYTE
        self.large.note(ours.rate * size, echo.rate * size)
