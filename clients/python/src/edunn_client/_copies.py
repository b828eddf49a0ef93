"""Objects that belong to one place: a connection, a thread, an event loop."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn


class NotCopied:
    """Refuses `copy.copy`, `copy.deepcopy` and pickling in a sentence."""

    _instead: ClassVar[str]
    """What to do in its place."""

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be copied or pickled: {self._instead}")
