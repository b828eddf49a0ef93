"""Estimates the work of operations and batches from the times that workers have reported."""

from __future__ import annotations

from collections import OrderedDict

from edunn_serving.batch_message import OperationHead
from edunn_serving.replies import FREE_ANSWER_BYTES
from server.lanes import ALONE_BYTES

# An operation this long delays the others noticeably.
SLOW_SECONDS = 0.02
# The number of kinds of slow operations that are remembered. The latest are kept.
SLOW_REMEMBERED = 10_000
# The bytes of an answer beside its tensor, at most.
BESIDES_BYTES = 64 * 1024
# The number of kinds of operations with large answers that are remembered. The latest are kept.
LARGE_REMEMBERED = 10_000
# The weight of the latest operation in the estimate of a usual one.
LATEST_SHARE = 0.02

# An account's operations are expected to be slow if they usually take this long.
HEAVY_SECONDS = 0.002
# An operation of an account is expected to take this long, until one has come back.
NEW_ACCOUNT_SECONDS = 0.002
# The weight of an account's latest operation in the estimate of its usual one.
LATEST_ACCOUNT_SHARE = 0.1
ACCOUNTS_REMEMBERED = 10_000

# Operations of one kind take about the same time. A kind is caller, session, layer and method.
Kind = tuple[str, str, str | None, str]


class WorkEstimate:
    """Knows the usual times of an operation and a batch, and the kinds of slow operations."""

    def __init__(self) -> None:
        self.usual_seconds = 0.0
        # The time that a batch takes its worker besides its operations.
        self.fixed_seconds = 0.0
        self._slow: OrderedDict[Kind, None] = OrderedDict()
        # The bytes of the latest answer, of the kinds whose answers are large.
        self._large: OrderedDict[Kind, int] = OrderedDict()
        # The usual time of an account's operations.
        self._accounts: OrderedDict[tuple[str, str], float] = OrderedDict()

    def note(self, head: OperationHead, seconds: float) -> None:
        """Note how long a worker computed an operation."""
        self.usual_seconds += LATEST_SHARE * (seconds - self.usual_seconds)
        if seconds >= SLOW_SECONDS:
            self.note_slow(head)
        elif self._slow:
            self._slow.pop(_kind(head), None)

    def note_slow(self, head: OperationHead) -> None:
        """Note that operations of this kind are slow."""
        kind = _kind(head)
        self._slow[kind] = None
        self._slow.move_to_end(kind)
        if len(self._slow) > SLOW_REMEMBERED:
            self._slow.popitem(last=False)

    def note_account(self, account: str, method: str, seconds: float) -> None:
        """Note how long a worker computed an operation of an account."""
        usual = self._accounts.pop((account, method), seconds)
        self._accounts[account, method] = usual + LATEST_ACCOUNT_SHARE * (seconds - usual)
        if len(self._accounts) > ACCOUNTS_REMEMBERED:
            self._accounts.popitem(last=False)

    def is_heavy(self, account: str, method: str, size: int = 0) -> bool:
        """Tell whether an operation may keep others of a shared server waiting, also a new kind.

        It may if the account's operations of its method usually do, or if its request is large: its
        way through Redis and the worker takes long, whatever it computes.
        """
        usual = self._accounts.get((account, method), 0.0)
        return size >= ALONE_BYTES or usual >= HEAVY_SECONDS

    def seconds(self, account: str, method: str, *, is_slow: bool) -> float:
        """Return the time that an operation is expected to take."""
        if is_slow:
            return SLOW_SECONDS
        return max(self.usual_seconds, self._accounts.get((account, method), NEW_ACCOUNT_SECONDS))

    def note_answer(self, head: OperationHead, size: int) -> None:
        """Note the bytes of an answer whose room was reserved, or is to be."""
        kind = _kind(head)
        if size <= FREE_ANSWER_BYTES:
            self._large.pop(kind, None)
            return
        # The worker's estimate is somewhat above the answer and must be met again.
        self._large[kind] = max(size, head.answer_room)
        self._large.move_to_end(kind)
        if len(self._large) > LARGE_REMEMBERED:
            self._large.popitem(last=False)

    def with_room(self, head: OperationHead, request_size: int) -> OperationHead:
        """Return an operation's head with the room that its answer takes, if that is known.

        Until it is, the answer to a large request is expected to be as large. To send such a
        request twice would take long.
        """
        if not self._large and request_size <= FREE_ANSWER_BYTES:
            return head
        size = self._large.get(_kind(head), 0)
        if not size and request_size > FREE_ANSWER_BYTES:
            size = request_size + BESIDES_BYTES
        return head._replace(answer_room=size) if size else head

    def note_batch(self, fixed_seconds: float) -> None:
        """Note what a batch took its worker besides its operations; 0 if unknown."""
        if fixed_seconds:
            self.fixed_seconds += LATEST_SHARE * (fixed_seconds - self.fixed_seconds)

    def is_slow(self, head: OperationHead) -> bool:
        """Tell whether the latest operation of this kind was slow."""
        return bool(self._slow) and _kind(head) in self._slow


def _kind(head: OperationHead) -> Kind:
    return head.caller, head.session_id, head.layer, head.method
