"""Seconds that callers give, and the moment at which a call must be over."""

from __future__ import annotations

import math
import time

# gRPC counts deadlines in nanoseconds: beyond this it means none.
NEVER_SECONDS = 30 * 365 * 86_400.0


def check_timeout(timeout: float, name: str = "timeout") -> float:
    """Return a timeout in seconds; infinity is no deadline.

    Raises
    ------
    ValueError
        It is not a number, or not positive.
    """
    if not timeout > 0:
        raise ValueError(
            f"{name} must be a positive number of seconds (inf for no end), not {timeout}"
        )
    return timeout


class Deadline:
    """The moment at which a call must be over, all its attempts together."""

    def __init__(self, timeout: float) -> None:
        self.timeout = check_timeout(timeout)
        self._began = time.monotonic()

    @property
    def elapsed(self) -> float:
        """The seconds since the call began."""
        return time.monotonic() - self._began

    @property
    def left(self) -> float:
        """The seconds that are left, at least 0."""
        return max(0.0, self.timeout - self.elapsed)

    def for_grpc(self) -> float | None:
        """Return the seconds that are left as gRPC takes them: None for no deadline."""
        left = self.left
        return None if math.isinf(left) or left > NEVER_SECONDS else left
