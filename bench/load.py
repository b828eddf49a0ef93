"""The kinds of load, and the measurement of one. Ours and the reference get the same load."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

SMALL = (8, 64)
# 4 and 64 MiB of float64.
LARGE = (1024, 512)
HUGE = (8192, 1024)

Target = Literal["echo", "triton", "forward", "pair", "compute"]
# The servers that loads go to.
Server = Literal["echo", "triton", "service"]
Client = Literal["grpc.aio", "lean"]


@dataclass(frozen=True, kw_only=True)
class Load:
    """The calls that a generator sends for one measurement.

    Each caller has a session of its own, unless `sessions` is the number that they share. The echo
    and Triton have no sessions. `compute` sends forwards over `streams` streams that the callers
    share. With a rate, each call is sent when it is due, even if earlier ones are not answered, and
    its time counts from then. Without a rate, each caller sends its next call when the last one is
    answered. A rate is for the lean client and for loads of one call.
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
    """The measurement of a load. All of its answers were right."""

    calls: int
    seconds: float
    p50_ms: float
    p99_ms: float
    # Processor seconds by part: the servers, the workers, Redis and the generator.
    cpu: dict[str, float]
    # Processor seconds of all programs on the machine, also of others.
    machine_cpu: float
    # How much too late the generator sent calls at a rate.
    late_p99_ms: float = 0.0

    @property
    def rate(self) -> float:
        """Calls a second; for pairs, pairs a second."""
        return self.calls / self.seconds

    def cost_us(self, part: str) -> float:
        """Return the processor time that a part took for each call, in microseconds."""
        return self.cpu[part] / self.calls * 1e6

    def cores(self, part: str) -> float:
        """Return the number of cores that a part has kept busy."""
        return self.cpu[part] / self.seconds

    @property
    def cores_of_others(self) -> float:
        """The number of cores that were busy with other programs."""
        return max(0.0, self.machine_cpu - sum(self.cpu.values())) / self.seconds

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Measured:
        return Measured(**json.loads(text))
