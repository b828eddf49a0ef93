"""The shapes of load, and what one measurement tells of it. Both sides get the very same load."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

SMALL = (8, 64)
# 4 and 64 MiB of float64.
LARGE = (1024, 512)
HUGE = (8192, 1024)

Target = Literal["echo", "forward", "pair", "compute"]
Client = Literal["grpc.aio", "lean"]


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a generator sends for one measurement.

    Each caller has a session of its own, unless `sessions` says how many they share. `compute` is a
    forward, of callers who share so many `streams`. With a rate, calls are sent when they are due,
    whether the ones before are answered or not, and their time counts from when they were due;
    without, each caller sends its next call when the last one is answered. A rate is for the lean
    client and for loads of one call.
    """

    target: Target
    callers: int
    seconds: float
    shape: tuple[int, ...] = SMALL
    rate: float = 0.0
    client: Client = "grpc.aio"
    streams: int = 0
    sessions: int = 0

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Load:
        fields = json.loads(text)
        return Load(**{**fields, "shape": tuple(fields["shape"])})


@dataclass(frozen=True)
class Measured:
    """What came of a load. Every answer counted here was right."""

    calls: int
    seconds: float
    p50_ms: float
    p99_ms: float
    # Processor seconds by part: what the two servers, the workers, Redis and the generator took.
    cpu: dict[str, float]
    # Processor seconds that everything on the machine took, programs of others too.
    machine_cpu: float
    # By how much calls that were to be sent at a rate were sent too late.
    late_p99_ms: float = 0.0

    @property
    def rate(self) -> float:
        """Calls a second; for pairs, pairs a second."""
        return self.calls / self.seconds

    def cost_us(self, part: str) -> float:
        """Return the processor time that a part took for each call, in microseconds."""
        return self.cpu[part] / self.calls * 1e6

    def cores(self, part: str) -> float:
        """Return how many cores a part has kept busy."""
        return self.cpu[part] / self.seconds

    @property
    def cores_of_others(self) -> float:
        """How many cores were busy with what is no part of the measurement."""
        return max(0.0, self.machine_cpu - sum(self.cpu.values())) / self.seconds

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Measured:
        return Measured(**json.loads(text))
