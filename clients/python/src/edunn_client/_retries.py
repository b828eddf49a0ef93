"""When a failed call is made again, and after what pause."""

from __future__ import annotations

import random
from dataclasses import dataclass

import grpc

from edunn_client._deadlines import Deadline
from edunn_client._errors import AlreadyExistsError, DeadlineExceededError, EdunnError

# gRPC looks for a connection by itself; a call that asks this often finds it soon.
_CONNECTION_PAUSE = 0.15


@dataclass(frozen=True)
class RetryPolicy:
    """How often and after what pauses a failed call is made again.

    The n-th pause is between half of `first_pause * 2**n` seconds and all of it, at most
    `longest_pause`. Where the service names a delay, that comes on top. The random share keeps many
    refused callers from coming back at the same moment.
    """

    attempts: int | None = None
    """How often a call is made at most; 1 turns retries off. None goes on until the deadline."""
    first_pause: float = 0.05
    longest_pause: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.attempts, int | None):
            raise TypeError(f"attempts must be a whole number, or None, not {self.attempts!r}")
        if self.attempts is not None and self.attempts < 1:
            raise ValueError(f"attempts must be at least 1, or None, not {self.attempts}")
        if not (self.first_pause >= 0 and self.longest_pause >= 0):
            raise ValueError("pauses must be numbers of seconds, at least 0")


@dataclass(frozen=True)
class Failure:
    """How an attempt at a call has failed."""

    error: EdunnError
    was_sent: bool = True
    """False where the call has certainly not left this process."""
    is_final: bool = False
    """Whether only the caller can mend it."""


class AttemptError(Exception):
    """An attempt at a call has failed; there may be another."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure.error))
        self.failure = failure


class Attempts:
    """The attempts at one call: whether and when there is another."""

    def __init__(self, policy: RetryPolicy, deadline: Deadline, repeatable: bool) -> None:
        self._policy = policy
        self._deadline = deadline
        self._repeatable = repeatable
        self.failures = 0
        self._may_have_arrived = False
        # The latest failure after which there was another attempt.
        self._before: EdunnError | None = None

    def may_be_made_already(self, error: EdunnError) -> bool:
        """Tell whether what a call creates exists because an earlier attempt has arrived."""
        return self._may_have_arrived and isinstance(error, AlreadyExistsError)

    def pause_after(self, failure: Failure) -> float:
        """Return the seconds to wait before the next attempt, or raise what ends the call."""
        pause = self._pause(failure)
        self.failures += 1
        if failure.was_sent and failure.error.code is grpc.StatusCode.UNAVAILABLE:
            self._may_have_arrived = True
        enough = self._policy.attempts is not None and self.failures >= self._policy.attempts
        if enough or not self._may_repeat(failure) or pause >= self._deadline.left:
            raise self._with_cause(failure.error)
        self._before = failure.error
        return pause

    def _with_cause(self, error: EdunnError) -> EdunnError:
        """Return the error that ends the call. One of the deadline tells of the attempt before."""
        if not isinstance(error, DeadlineExceededError) or self._before is None:
            return error
        message = f"{error.message}; before that: {self._before}"
        return DeadlineExceededError(message, reason=error.reason, metadata=error.metadata)

    def _pause(self, failure: Failure) -> float:
        share = random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
        longest = self._policy.longest_pause
        if not failure.was_sent:
            longest = min(longest, _CONNECTION_PAUSE)
        backoff = share * min(self._policy.first_pause * 2.0 ** min(self.failures, 30), longest)
        return backoff + (failure.error.retry_delay or 0.0)

    def _may_repeat(self, failure: Failure) -> bool:
        """Tell whether a call that failed so may be made again.

        RESOURCE_EXHAUSTED with a delay says that the call was refused and never ran. After
        UNAVAILABLE nobody knows, unless it was not sent: the connection may have broken on the way
        back. Then only a call whose repetition changes nothing may be made again. Every other error
        would come back.
        """
        if failure.is_final:
            return False
        if failure.error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            return failure.error.retry_delay is not None
        if failure.error.code is not grpc.StatusCode.UNAVAILABLE:
            return False
        return self._repeatable or not failure.was_sent
