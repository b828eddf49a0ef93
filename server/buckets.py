"""A token bucket: it bounds a rate and allows bursts."""

from __future__ import annotations


class Bucket:
    """Holds up to `burst` tokens, and gets `rate` of them a second."""

    __slots__ = ("_at", "_burst", "_level", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = now

    def level(self, now: float) -> float:
        """Return the tokens that there are."""
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        return self._level

    def take(self, tokens: float, now: float) -> bool:
        """Take tokens; False, and take none, if there are fewer."""
        if self.level(now) < tokens:
            return False
        self._level -= tokens
        return True
