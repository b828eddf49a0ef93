"""Places of which there are few: one account has a part of them at most."""

from __future__ import annotations

from collections import Counter


class Places:
    """The places of one kind that are taken, of each account and in all."""

    def __init__(self, *, in_all: int, an_account: int) -> None:
        self._in_all = in_all
        self._an_account = an_account
        self._taken: Counter[str] = Counter()
        self._total = 0

    def take(self, account: str) -> bool:
        """Take a place; False if there is none."""
        if self._total >= self._in_all or self._taken.get(account, 0) >= self._an_account:
            return False
        self._taken[account] += 1
        self._total += 1
        return True

    def give_back(self, account: str) -> None:
        """Give a place back. An account that has none is forgotten."""
        self._total -= 1
        self._taken[account] -= 1
        if not self._taken[account]:
            del self._taken[account]
