"""Keeps callers within their limits. All servers share what is spent, through Redis.

Each server decides by what it knows: the level of a budget when it was last settled in Redis, what
it has spent and what has flowed in since. Budgets are settled twice a second. With several servers
a caller may thus spend some more in half a second, and waits for it afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from redis.exceptions import RedisError

from edunn_serving import keys
from edunn_serving.callers import Caller
from edunn_serving.errors import Reason, ServiceError
from edunn_serving.limits import Limit, Values
from edunn_serving.scripts import Script
from edunn_serving.settings import Settings
from server.redis_link import RedisLink

log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.5
# A caller that has been idle for this long is settled no more.
IDLE_SECONDS = 60.0
# A caller that has reached a limit of a number is told to try again after this time.
RETRY_SECONDS = 1.0
# Larger than any number that is spent.
ENDLESS = 1e12
# The delay that a caller is told whose budget never fills.
NEVER_SECONDS = 3600.0
# A caller without processor time waits until it has some of it again, in seconds.
PAUSE_SHARE = 0.1

QUOTA_SCRIPT = Script.named("quota", kept_ms=3_600_000, server_ms=3000, steps=100)


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


@dataclass(slots=True)
class Usage:
    """What a caller uses, and its limits."""

    caller: Caller
    limits: Values
    calls: Budget
    seconds: Budget
    # The time of the latest call, by the monotonic clock.
    last_call: float
    # Here, and at the other servers when the budgets were last settled.
    calls_at_once: int = 0
    streams: int = 0
    others_calls: int = 0
    others_streams: int = 0
    # When they were last settled, and those created and deleted here since.
    sessions: int = 0
    new_sessions: int = 0
    state_bytes: int = 0
    is_settled: bool = False

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
                Limit.PROCESSOR_SECONDS_PER_MINUTE, self.seconds.seconds_until(PAUSE_SHARE)
            )
        self.calls.spend(1)

    @contextmanager
    def one_more_call(self) -> Iterator[None]:
        """Count a call that is under way.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        self._check(Limit.CALLS_AT_ONCE, self.calls_at_once + self.others_calls)
        self.calls_at_once += 1
        try:
            yield
        finally:
            self.calls_at_once -= 1

    @contextmanager
    def one_more_stream(self) -> Iterator[None]:
        """Count a stream that is open.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        self._check(Limit.STREAMS, self.streams + self.others_streams)
        self.streams += 1
        try:
            yield
        finally:
            self.streams -= 1

    @contextmanager
    def one_more_session(self) -> Iterator[None]:
        """Count a session that is being created.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        self._check(Limit.SESSIONS, self.sessions + self.new_sessions)
        self.new_sessions += 1
        try:
            yield
        except BaseException:
            self.new_sessions -= 1
            raise

    def check_state(self) -> None:
        """Refuse an operation that stores something, if the caller's sessions take too much.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        self._check(Limit.STATE_BYTES, self.state_bytes)

    def check_tensor(self, size: int) -> None:
        """Refuse a tensor of `size` bytes, if it is too large for the caller.

        Raises
        ------
        ServiceError
            QUOTA.
        """
        if size > self.limits.get(Limit.TENSOR_BYTES, math.inf):
            raise self._refuse(Limit.TENSOR_BYTES, None)

    def used(self) -> dict[Limit, float]:
        """Return how much of each limit is used now."""
        now = time.monotonic()
        calls = self.calls.burst - self.calls.present(now)
        return {
            Limit.CALLS_PER_SECOND: calls,
            Limit.CALLS_BURST: calls,
            Limit.CALLS_AT_ONCE: self.calls_at_once + self.others_calls,
            Limit.STREAMS: self.streams + self.others_streams,
            Limit.SESSIONS: self.sessions + self.new_sessions,
            Limit.STATE_BYTES: self.state_bytes,
            Limit.PROCESSOR_SECONDS_PER_MINUTE: self.seconds.burst - self.seconds.present(now),
        }

    def _check(self, limit: Limit, used: float) -> None:
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


class Quotas:
    """The usage of every caller that has been here lately, by its account."""

    def __init__(self, settings: Settings, link: RedisLink, server_id: str) -> None:
        self._settings = settings
        self._link = link
        self._server_id = server_id
        self._usages: dict[str, Usage] = {}
        self._script = link.client.register_script(QUOTA_SCRIPT.text)

    def usage_of(self, caller: Caller, account: str) -> Usage:
        """Return a caller's usage."""
        usage = self._usages.get(account)
        now = time.monotonic()
        if usage is None:
            usage = self._usages[account] = _new_usage(caller, self._settings, now)
        elif usage.caller is not caller:
            # The caller's token may have other limits by now.
            changed = _new_usage(caller, self._settings, now)
            if changed.limits != usage.limits:
                usage.limits = changed.limits
                usage.calls.limit_to(changed.calls)
                usage.seconds.limit_to(changed.seconds)
            usage.caller = caller
        usage.last_call = now
        return usage

    async def ready(self, usage: Usage, account: str) -> None:
        """Wait until it is known what a caller has used before it came to this server."""
        if usage.limits and not usage.is_settled:
            with suppress(RedisError, OSError, TimeoutError):
                await asyncio.wait_for(self._settle(account, usage), SETTLE_SECONDS)

    def charge(self, account: str, seconds: float) -> None:
        """Note that an operation of an account was computed for this long."""
        usage = self._usages.get(account)
        if usage is not None and usage.limits:
            usage.seconds.spend(seconds)

    async def run(self) -> None:
        """Settle what callers spend until cancelled."""
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            idle = time.monotonic() - IDLE_SECONDS
            for account, usage in list(self._usages.items()):
                busy = usage.calls_at_once or usage.streams or usage.seconds.spent
                if usage.last_call < idle and not busy:
                    del self._usages[account]
                elif usage.limits and self._link.up:
                    await self._settle_quietly(account, usage)

    async def _settle_quietly(self, account: str, usage: Usage) -> None:
        try:
            await self._settle(account, usage)
        except (RedisError, OSError) as error:
            log.warning("the limits of callers cannot be settled: %s", error)

    async def _settle(self, account: str, usage: Usage) -> None:
        calls, seconds, sessions = usage.calls.spent, usage.seconds.spent, usage.new_sessions
        before, after = keys.session_parts(usage.caller.name)
        answer = await self._script(
            [
                keys.budgets(account),
                keys.sessions(usage.caller.name),
                keys.state_bytes(usage.caller.name),
            ],
            [
                self._server_id,
                calls,
                usage.calls.rate,
                usage.calls.burst,
                seconds,
                usage.seconds.rate,
                usage.seconds.burst,
                usage.calls_at_once,
                usage.streams,
                before,
                after,
            ],
        )
        usage.calls.settle(float(answer[0]), calls)
        usage.seconds.settle(float(answer[1]), seconds)
        usage.others_calls, usage.others_streams, usage.sessions, usage.state_bytes = answer[2:]
        usage.new_sessions -= sessions
        usage.is_settled = True


def _new_usage(caller: Caller, settings: Settings, now: float) -> Usage:
    limits = settings.limits_of(caller)
    rate = limits.get(Limit.CALLS_PER_SECOND, ENDLESS)
    a_minute = limits.get(Limit.PROCESSOR_SECONDS_PER_MINUTE, ENDLESS)
    calls = Budget(rate, max(1.0, limits.get(Limit.CALLS_BURST, rate)), now)
    return Usage(caller, limits, calls, Budget(a_minute / 60, a_minute, now), now)
