"""The contexts that a worker has stored lately, for the backwards that follow soon."""

from __future__ import annotations

from collections import OrderedDict

from edunn_serving.keys import SessionKey

# Larger contexts are read from Redis again.
LARGEST_BYTES = 64 * 1024
# Bytes in memory of an entry besides its context: about 500 were measured.
ENTRY_BYTES = 600


class RecentContexts:
    """Contexts by session and field. The longest unused is given up first."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._size = 0
        # A session's incarnation tells it from a deleted one of the same name.
        self._contexts: OrderedDict[tuple[SessionKey, str, str], bytes] = OrderedDict()

    def get(self, session: SessionKey, incarnation: str, field: str) -> bytes | None:
        """Return a context; None if the worker does not have it."""
        key = session, incarnation, field
        context = self._contexts.get(key)
        if context is not None:
            self._contexts.move_to_end(key)
        return context

    def keep(self, session: SessionKey, incarnation: str, field: str, context: bytes) -> None:
        """Keep a context as the most recently used one."""
        if len(context) > LARGEST_BYTES:
            return
        key = session, incarnation, field
        replaced = self._contexts.pop(key, None)
        if replaced is not None:
            self._size -= ENTRY_BYTES + len(replaced)
        self._contexts[key] = context
        self._size += ENTRY_BYTES + len(context)
        while self._size > self._budget:
            _, given_up = self._contexts.popitem(last=False)
            self._size -= ENTRY_BYTES + len(given_up)
