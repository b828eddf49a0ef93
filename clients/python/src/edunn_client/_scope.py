"""What the calls of a block have in common: time, metadata, and that they can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

from edunn_client._copies import NotCopied
from edunn_client._deadlines import Deadline
from edunn_client._errors import cancelled, deadline_exceeded
from edunn_client._headers import Metadata, MetadataPairs, metadata_pairs


class CallScope(NotCopied):
    """A block whose calls share a time limit and metadata, and can be cancelled together.

    with CallScope(timeout=2.0, metadata={"traceparent": "..."}) as scope:
        layer.forward(x)  # `scope.cancel()` in another thread ends it with CancelledError

    It is about the calls that the block makes by itself and by what it calls, in its own thread or
    asyncio task. Scopes may be nested.

    Parameters
    ----------
    timeout : float, optional
        Seconds that all calls of the block together may take; each keeps its own limit too.
    metadata : mapping or pairs, optional
        gRPC metadata that each call carries besides that of the client.
    """

    _instead = "make one where it is needed"

    def __init__(self, *, timeout: float | None = None, metadata: Metadata | None = None) -> None:
        self._timeout = float("inf") if timeout is None else timeout
        self._own_metadata = metadata_pairs(metadata)
        self._deadline = Deadline(self._timeout)
        self._parent: CallScope | None = None
        self._token: Token[CallScope | None] | None = None
        self._cancelled = threading.Event()
        # Sets, because adding and discarding is atomic.
        self._cancel_calls: set[Callable[[], object]] = set()

    def __enter__(self) -> Self:
        self._deadline = Deadline(self._timeout)
        self._parent = _current.get()
        self._token = _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)

    def __repr__(self) -> str:
        state = ", cancelled" if self.is_cancelled else ""
        return f"CallScope(timeout={self._timeout:g}{state})"

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` has been called, here or for a block around this one."""
        return any(scope._cancelled.is_set() for scope in self._chain())

    def cancel(self) -> None:
        """Cancel the block's calls, those under way and all later ones; from any thread."""
        self._cancelled.set()
        for cancel_call in tuple(self._cancel_calls):
            cancel_call()

    def _chain(self) -> Iterator[CallScope]:
        scope: CallScope | None = self
        while scope is not None:
            yield scope
            scope = scope._parent

    def _metadata(self) -> MetadataPairs:
        parts = [scope._own_metadata for scope in self._chain()]
        return tuple(pair for part in reversed(parts) for pair in part)

    def _left(self) -> float:
        return min(scope._deadline.left for scope in self._chain())

    @contextmanager
    def _cancelling(self, cancel_call: Callable[[], object]) -> Iterator[None]:
        """Let `cancel` end a call that is under way."""
        chain = tuple(self._chain())
        for scope in chain:
            scope._cancel_calls.add(cancel_call)
        try:
            # It may have been cancelled between the check and the line above.
            if self.is_cancelled:
                cancel_call()
            yield
        finally:
            for scope in chain:
                scope._cancel_calls.discard(cancel_call)


_current: ContextVar[CallScope | None] = ContextVar("edunn_client.CallScope", default=None)


def current_scope() -> CallScope | None:
    """Return the innermost block that the caller is in."""
    return _current.get()


def deadline_within(scope: CallScope | None, timeout: float) -> Deadline:
    """Return the deadline of a call that begins now.

    Raises
    ------
    CancelledError
        The block around it has been cancelled.
    DeadlineExceededError
        The block's time is over.
    """
    own = Deadline(timeout)
    if scope is None:
        return own
    if scope.is_cancelled:
        raise cancelled()
    left = scope._left()
    if not left:
        raise deadline_exceeded("the time of the CallScope around the call is over")
    return Deadline(min(left, own.timeout))
