"""Estimates an operation's work from the times that workers have reported."""

from __future__ import annotations

from collections import OrderedDict

from edunn_serving.batch_message import OperationHead

# An operation this long delays the others noticeably.
SLOW_SECONDS = 0.02
# The number of kinds of slow operations that are remembered. The latest are kept.
SLOW_REMEMBERED = 10_000
# The weight of the latest operation in the estimate of a usual one.
LATEST_SHARE = 0.02

# Operations of one kind take about the same time. A kind is caller, session, layer and method.
Kind = tuple[str, str, str | None, str]


class WorkEstimate:
    """Knows the time of a usual operation, and the kinds of operations that have been slow."""

    def __init__(self) -> None:
        self.usual_seconds = 0.0
        self._slow: OrderedDict[Kind, None] = OrderedDict()

    def note(self, head: OperationHead, seconds: float) -> None:
        """Note how long a worker computed an operation."""
        self.usual_seconds += LATEST_SHARE * (seconds - self.usual_seconds)
        if seconds >= SLOW_SECONDS:
            kind = _kind(head)
            self._slow[kind] = None
            self._slow.move_to_end(kind)
            if len(self._slow) > SLOW_REMEMBERED:
                self._slow.popitem(last=False)
        elif self._slow:
            self._slow.pop(_kind(head), None)

    def is_slow(self, head: OperationHead) -> bool:
        """Tell whether the latest operation of this kind was slow."""
        return bool(self._slow) and _kind(head) in self._slow


def _kind(head: OperationHead) -> Kind:
    return head.caller, head.session_id, head.layer, head.method
