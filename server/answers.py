"""Bounds the memory of answers that their readers have not taken yet.

An account that has not read enough of its answers gets no more of them: its operations wait. The
room of a large answer is reserved before it is computed. Only small answers of operations that are
with a worker already may exceed the bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

# The share of all room that one account may take.
ACCOUNT_SHARE = 0.5


class AnswerRoom:
    """The bytes of answers that are held, of each account and in all.

    Parameters
    ----------
    on_room
        Called when there is room again after some was refused.
    """

    def __init__(self, max_bytes: int, on_room: Callable[[], None]) -> None:
        self._max_bytes = max_bytes
        self._on_room = on_room
        self._held: Counter[str] = Counter()
        self._total = 0
        self._has_refused = False

    def has_room(self, account: str, size: int = 0) -> bool:
        """Tell whether an account may get more answers, of `size` bytes if they are large.

        If other accounts hold all room, one that holds none has some of its own: no more in all
        than there is for the others.
        """
        held = self._held[account]
        if not held:
            if self._total + size <= 2 * self._max_bytes or not (size and self._total):
                return True
        elif (
            held + size <= self._max_bytes * ACCOUNT_SHARE and self._total + size <= self._max_bytes
        ):
            return True
        self._has_refused = True
        return False

    def hold(self, account: str, size: int) -> None:
        """Note bytes that are held from now on."""
        self._held[account] += size
        self._total += size

    def release(self, account: str, size: int) -> None:
        """Note bytes that are held no longer."""
        self._total -= size
        self._held[account] -= size
        if not self._held[account]:
            del self._held[account]
        if self._has_refused:
            self._has_refused = False
            self._on_room()
