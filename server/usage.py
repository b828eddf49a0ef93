"""What a caller uses of its limits, as one server knows it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from edunn_serving.callers import Caller
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.limits import Limit, Values
from edunn_serving.rpcs import FILLS_NOTHING, Rpc
from edunn_serving.wire_format import largest_value

# A caller that has reached a limit of a number is told to try again after this time.
RETRY_SECONDS = 1.0
# Larger than any number that is spent.
ENDLESS = 1e12
# The delay that a caller is told whose budget never fills.
NEVER_SECONDS = 3600.0
# A caller without processor time waits until it has this much of it again, in seconds.
PAUSE_SECONDS = 0.1


class Budget:
    """What a caller may still spend of something that flows in at a rate."""

    __slots__ = ("_at", "_level", "burst", "rate", "spent")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._at = now
        # What was spent since the budget was last settled.
        self.spent = 0.0

    def spend(self, amount: float) -> None:
        """Spend an amount, also more than there is."""
        self.spent += amount
        self._level -= amount

    def present(self, now: float) -> float:
        """Return the level now."""
        self._level = min(self.burst, self._level + (now - self._at) * self.rate)
        self._at = now
        return self._level

    def seconds_until(self, level: float) -> float:
        """Return the time after which a level will be reached."""
        return (level - self._level) / self.rate if self.rate else NEVER_SECONDS

    def settle(self, level: float, spent: float) -> None:
        """Take over the level that all servers share. It has what was `spent` here."""
        self.spent -= spent
        self._level = level - self.spent
        self._at = time.monotonic()

    def limit_to(self, other: Budget) -> None:
        """Take over the rate and the burst of another budget."""
        self.rate, self.burst = other.rate, other.burst


class UnderWay:
    """The calls or streams of a caller that are under way. Each is counted by a `with` block.

    Raises
    ------
    ServiceError
        QUOTA, at the beginning of the block.
    """

    __slots__ = ("_limit", "_usage", "here", "others")

    def __init__(self, usage: Usage, limit: Limit) -> None:
        self._usage = usage
        self._limit = limit
        # Here, and at the other servers when the budgets were last settled.
        self.here = self.others = 0

    def __enter__(self) -> None:
        if self._usage.limits:
            self._usage.check(self._limit, self.here + self.others)
        self.here += 1

    def __exit__(self, *error: object) -> None:
        self.here -= 1


@dataclass(slots=True)
class Usage:
    """What a caller uses, and its limits."""

    caller: Caller
    limits: Values
    calls: Budget
    seconds: Budget
    # The time of the latest call, by the monotonic clock.
    last_call: float
    calls_at_once: UnderWay = field(init=False)
    streams: UnderWay = field(init=False)
    # When they were last settled, and those created and deleted here since.
    sessions: int = 0
    new_sessions: int = 0
    state_bytes: int = 0
    is_settled: bool = False

    def __post_init__(self) -> None:
        self.calls_at_once = UnderWay(self, Limit.CALLS_AT_ONCE)
        self.streams = UnderWay(self, Limit.STREAMS)

    @property
    def is_known(self) -> bool:
        """Whether it is known what the caller has used before it came to this server."""
        return self.is_settled or not self.limits

    def count_call(self) -> None:
        """Count a call or an operation of a stream.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        limits = self.limits
        if not limits:
            return
        now = time.monotonic()
        if Limit.CALLS_PER_SECOND in limits and self.calls.present(now) < 1:
            raise self._refuse(Limit.CALLS_PER_SECOND, self.calls.seconds_until(1))
        if Limit.PROCESSOR_SECONDS_PER_MINUTE in limits and self.seconds.present(now) <= 0:
            raise self._refuse(
                Limit.PROCESSOR_SECONDS_PER_MINUTE, self.seconds.seconds_until(PAUSE_SECONDS)
            )
        self.calls.spend(1)

    @contextmanager
    def one_more_session(self) -> Iterator[None]:
        """Count a session that is being created.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        self.check(Limit.SESSIONS, self.sessions + self.new_sessions)
        self.new_sessions += 1
        try:
            yield
        except BaseException:
            self.new_sessions -= 1
            raise

    def note_session_ended(self) -> None:
        """Note a session that was deleted."""
        if self.sessions + self.new_sessions > 0:
            self.new_sessions -= 1

    def check_operation(self, method: str, rpc: Rpc, request: bytes) -> None:
        """Refuse an operation that would exceed a limit by what it stores or by its tensors.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        limits = self.limits
        if not limits:
            return
        if method not in FILLS_NOTHING:
            self.check(Limit.STATE_BYTES, self.state_bytes)
        largest = limits.get(Limit.TENSOR_BYTES, math.inf)
        if len(request) > largest and largest_value(request, rpc.request_descriptor) > largest:
            raise self._refuse(Limit.TENSOR_BYTES, None)

    def used(self) -> dict[Limit, float]:
        """Return how much of each limit is used now."""
        now = time.monotonic()
        calls = self.calls.burst - self.calls.present(now)
        return {
            Limit.CALLS_PER_SECOND: calls,
            Limit.CALLS_BURST: calls,
            Limit.CALLS_AT_ONCE: self.calls_at_once.here + self.calls_at_once.others,
            Limit.STREAMS: self.streams.here + self.streams.others,
            Limit.SESSIONS: self.sessions + self.new_sessions,
            Limit.STATE_BYTES: self.state_bytes,
            Limit.PROCESSOR_SECONDS_PER_MINUTE: self.seconds.burst - self.seconds.present(now),
        }

    def check(self, limit: Limit, used: float) -> None:
        """Refuse one more of something, of which this is used.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        if used >= self.limits.get(limit, math.inf):
            raise self._refuse(limit, RETRY_SECONDS)

    def _refuse(self, limit: Limit, retry_after: float | None) -> ServiceError:
        value = f"{self.limits[limit]:g}"
        return ServiceError(
            Reason.QUOTA,
            f"the limit {limit} of this caller is {value}, and it is reached",
            retry_after=retry_after,
            metadata={"quota": limit, "limit": value},
        )


def new_usage(caller: Caller, limits: Values, now: float) -> Usage:
    """Return the usage of a caller that has used nothing."""
    rate = limits.get(Limit.CALLS_PER_SECOND, ENDLESS)
    a_minute = limits.get(Limit.PROCESSOR_SECONDS_PER_MINUTE, ENDLESS)
    calls = Budget(rate, max(1.0, limits.get(Limit.CALLS_BURST, rate)), now)
    return Usage(caller, limits, calls, Budget(a_minute / 60, a_minute, now), now)
