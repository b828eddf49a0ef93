"""Keeps callers within their limits. All servers share what is spent, through Redis.

Each server decides by what it knows: the level of a budget when it was last settled in Redis, what
it has spent and what has flowed in since. Budgets are settled twice a second. With several servers
a caller may thus spend some more in half a second, and waits for it afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

from redis.exceptions import RedisError

from edunn_serving import keys
from edunn_serving.callers import Caller
from edunn_serving.scripts import Script
from edunn_serving.settings import Settings
from server.redis_link import RedisLink
from server.usage import Usage, new_usage

log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.5
# A caller that has been idle for this long is settled no more.
IDLE_SECONDS = 60.0
QUOTA_SCRIPT = Script.named("quota", kept_ms=3_600_000, server_ms=3000, steps=100)


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
            usage = self._usages[account] = new_usage(caller, self._settings.limits_of(caller), now)
        elif usage.caller is not caller:
            # The caller's token may have other limits by now.
            changed = new_usage(caller, self._settings.limits_of(caller), now)
            if changed.limits != usage.limits:
                usage.limits = changed.limits
                usage.calls.limit_to(changed.calls)
                usage.seconds.limit_to(changed.seconds)
            usage.caller = caller
        usage.last_call = now
        return usage

    async def find(self, usage: Usage, account: str) -> None:
        """Find out what a caller has used before it came to this server, if Redis answers soon."""
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
                busy = usage.calls_at_once.here or usage.streams.here or usage.seconds.spent
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
                usage.calls_at_once.here,
                usage.streams.here,
                before,
                after,
            ],
        )
        usage.calls.settle(float(answer[0]), calls)
        usage.seconds.settle(float(answer[1]), seconds)
        usage.calls_at_once.others, usage.streams.others = answer[2:4]
        usage.sessions, usage.state_bytes = answer[4:]
        usage.new_sessions -= sessions
        usage.is_settled = True
