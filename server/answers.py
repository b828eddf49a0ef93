"""Bounds the memory of answers that are computed and not yet taken by their readers.

The room of a large answer is reserved before the operation is computed. A worker refuses to compute
an answer that is larger than its room, and tells the size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

# An answer of up to this size needs no room of its own before it is computed.
SMALL_BYTES = 1024 * 1024
# The share of all room that one account may take.
ACCOUNT_SHARE = 0.5


class AnswerRoom:
    """The bytes of answers that are held or reserved, of each account and in all."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: Counter[str] = Counter()
        self.total = 0
        # Called when there is room again after some was refused.
        self.on_room: Callable[[], None] = lambda: None
        self._has_refused = False

    def has_room(self, account: str, size: int = 0) -> bool:
        """Tell whether an account may hold `size` bytes more. One that holds none always may."""
        held = self._held[account]
        fits = (
            held + size <= self._max_bytes * ACCOUNT_SHARE and self.total + size <= self._max_bytes
        )
        self._has_refused |= not fits
        return fits or not held

    def hold(self, account: str, size: int) -> None:
        """Note bytes that are held or reserved from now on."""
        self._held[account] += size
        self.total += size

    def release(self, account: str, size: int) -> None:
        """Note bytes that are held or reserved no longer."""
        self.total -= size
        self._held[account] -= size
        if not self._held[account]:
            del self._held[account]
        if self._has_refused:
            self._has_refused = False
            self.on_room()
