"""When a failed call is tried again, and after what pause."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import grpc

from edunn_client.errors import EdunnError, error_from_rpc


@dataclass(frozen=True)
class RetryPolicy:
    """How often and after what pauses a failed call is tried again.

    The n-th pause is between half of `first_pause * 2**n` seconds and all of it, at most
    `longest_pause`. Where the service names a delay, that comes on top. The random share keeps many
    refused callers from coming back at the same moment.
    """

    attempts: int = 7
    """How often a call is made at most; 1 turns retries off. With seven, a service that is away for
    three seconds (a restart took 2.8, measured) is waited for."""
    first_pause: float = 0.1
    longest_pause: float = 5.0

    def pause_after(self, attempt: int, retry_delay: float | None) -> float:
        """Return the seconds to wait after the failed `attempt`, counted from 0."""
        share = random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
        backoff = share * min(self.first_pause * 2.0**attempt, self.longest_pause)
        return backoff + (retry_delay or 0.0)


def may_repeat(error: EdunnError, repeatable: bool) -> bool:
    """Tell whether a call that failed so may be made again.

    RESOURCE_EXHAUSTED with a delay says that the call was refused and never ran. After UNAVAILABLE
    nobody knows: the connection may have broken on the way back. Then only a call whose repetition
    changes nothing may be made again. Every other error would come back.
    """
    if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return error.retry_delay is not None
    return error.code is grpc.StatusCode.UNAVAILABLE and repeatable


class Attempts:
    """The attempts at one call: how much time is left, and what to do after a failure."""

    def __init__(self, policy: RetryPolicy, timeout: float, repeatable: bool) -> None:
        self._policy = policy
        self._repeatable = repeatable
        self._deadline = time.monotonic() + timeout
        self._failures = 0

    def time_left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def pause_after(self, failure: grpc.RpcError) -> float:
        """Return the seconds to wait before the next attempt, or raise what ends the call."""
        error = error_from_rpc(failure)
        pause = self._policy.pause_after(self._failures, error.retry_delay)
        self._failures += 1
        if (
            self._failures >= self._policy.attempts
            or not may_repeat(error, self._repeatable)
            or pause >= self.time_left()
        ):
            raise error from failure
        return pause
