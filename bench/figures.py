"""The figures: their loads, the order, and the ratio of each pair of measurements."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bench.load import HUGE, LARGE, Client, Load, Measured

MEBIBYTE = 1024 * 1024
STREAMS = 4
IN_FLIGHT = 64
Send = Callable[[Load], Measured]
Value = Callable[[Measured], float]


@dataclass(frozen=True)
class Figure:
    """One line of the table: ours beside its reference, round by round.

    Parameters
    ----------
    value, reference_value
        The compared value of a measurement of ours, and of one of the reference.
    mark
        The bound that the ratio ours / reference should keep; None if there is none.
    bound
        Whether the ratio should be at least or at most the mark.
    """

    name: str
    unit: str
    value: Value
    mark: float | None
    bound: Literal["at least", "at most"]
    reference_name: str = "echo"
    reference_value: Value | None = None
    ours: list[Measured] = field(default_factory=list)
    reference: list[Measured] = field(default_factory=list)

    def note(self, ours: Measured, reference: Measured) -> None:
        """Add a round."""
        self.ours.append(ours)
        self.reference.append(reference)

    def our_values(self) -> list[float]:
        """Return our value of each round."""
        return [self.value(measured) for measured in self.ours]

    def reference_values(self) -> list[float]:
        """Return the reference's value of each round."""
        value = self.reference_value or self.value
        return [value(measured) for measured in self.reference]

    def ratios(self) -> list[float]:
        """Return ours / reference, of each round."""
        pairs = zip(self.our_values(), self.reference_values(), strict=True)
        return [ours / reference for ours, reference in pairs]

    def ratio(self) -> float:
        """Return the median of the rounds' ratios."""
        return statistics.median(self.ratios())

    def is_met(self) -> bool | None:
        """Tell whether the ratio keeps the mark; None if there is no mark."""
        if self.mark is None:
            return None
        ratio = self.ratio()
        return ratio >= self.mark if self.bound == "at least" else ratio <= self.mark


class Figures:
    """All figures that are measured with the generator's loads."""

    def __init__(self) -> None:
        clients: tuple[Client, ...] = ("grpc.aio", "lean")
        self.single = {
            client: Figure(
                f"p50, 1 caller, unary ({client} client)", "ms", _p50, 2.3, "at most"
            )
            for client in clients
        }  # fmt: skip
        self.throughput = {
            client: Figure(
                f"64 callers, unary ({client} client)", "calls/s", _rate, mark, "at least"
            )
            for client, mark in zip(clients, (0.65, 0.75), strict=True)
        }
        # The same load with many short lanes, and with a few lanes that are always full.
        self.streams = {
            sessions: Figure(
                f"4 Compute streams, 64 in flight each, {sessions} sessions",
                "operations/s",
                _rate,
                mark,
                "at least",
                "echo, 64 callers",
            )
            for sessions, mark in ((STREAMS * IN_FLIGHT, 2.0), (STREAMS, 2.5))
        }
        self.pairs = Figure(
            "forward + backward pairs, 64 sessions",
            "pairs/s",
            _rate,
            0.5,
            "at least",
            "our forwards",
        )
        self.tail = Figure(
            "p99 at half the maximum load",
            "ms",
            lambda measured: measured.p99_ms,
            12.0,
            "at most",
            "echo's p50, 1 caller",
            _p50,
        )
        # The echo at the same rate shows how much of a tail is the machine's.
        self.echo_tail: list[Measured] = []
        self.large = Figure("4 MiB tensors, 4 callers", "MiB/s", _mebibytes(LARGE), 0.5, "at least")
        self.huge = Figure(
            "64 MiB tensors, 1 caller", "MiB/s", _mebibytes(HUGE), 0.4, "at least"
        )  # fmt: skip

    def all(self) -> list[Figure]:
        """Return the figures in the table's order."""
        return [
            *self.single.values(),
            *self.throughput.values(),
            *self.streams.values(),
            self.pairs,
            self.tail,
            self.large,
            self.huge,
        ]

    def measure_round(self, send: Send, seconds: float, *, ours_first: bool) -> None:
        """Measure each figure and its reference once."""

        def both(load: Load) -> tuple[Measured, Measured]:
            echo_load = replace(load, target="echo")
            if ours_first:
                ours = send(load)
                return ours, send(echo_load)
            echo = send(echo_load)
            return send(load), echo

        forward = Load(target="forward", callers=1, seconds=seconds)
        for client, figure in self.single.items():
            figure.note(*both(replace(forward, client=client)))

        many = replace(forward, callers=64)
        for client, figure in self.throughput.items():
            figure.note(*both(replace(many, client=client)))

        streams = Load(
            target="compute", callers=STREAMS * IN_FLIGHT, streams=STREAMS, seconds=seconds
        )
        echo = send(replace(many, target="echo", client="lean"))
        for sessions, figure in self.streams.items():
            figure.note(send(replace(streams, sessions=sessions)), echo)

        self.pairs.note(send(replace(many, target="pair")), self.throughput["grpc.aio"].ours[-1])

        maximum = statistics.median(self.throughput["lean"].our_values())
        tail, echo_tail = both(replace(many, client="lean", rate=maximum / 2))
        self.tail.note(tail, self.single["lean"].reference[-1])
        self.echo_tail.append(echo_tail)

        self.large.note(*both(replace(forward, callers=4, shape=LARGE)))
        self.huge.note(*both(replace(forward, shape=HUGE)))


def _p50(measured: Measured) -> float:
    return measured.p50_ms


def _rate(measured: Measured) -> float:
    return measured.rate


def _mebibytes(shape: Sequence[int]) -> Value:
    """Return the function that turns calls per second into MiB of tensors per second, one way."""
    size = math.prod(shape) * 8 / MEBIBYTE
    return lambda measured: measured.rate * size
