"""The streams whose callers have shown something, so that a revoked token ends them."""

from __future__ import annotations

import asyncio
from types import TracebackType

from edunn_serving.errors import ServiceError
from server.authentication import Authenticator
from server.credentials import Credential

CHECK_SECONDS = 0.25
# After this many checks the other calls have a turn of the event loop.
CHECKS_A_TURN = 1000


class OpenCall:
    """A `with` block in the task of a call. It raises an error if the caller is not known any more.

    Raises
    ------
    ServiceError
        UNAUTHENTICATED: the caller's token is revoked or has expired.
    """

    __slots__ = ("_calls", "_refusal", "_task", "credential")

    def __init__(self, calls: OpenCalls, credential: Credential) -> None:
        self.credential = credential
        self._calls = calls
        self._refusal: ServiceError | None = None
        self._task: asyncio.Task[object] | None = None

    def __enter__(self) -> OpenCall:
        self._task = asyncio.current_task()
        self._calls.open.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._calls.open.discard(self)
        if self._refusal is None or self._task is None:
            return
        # Without another cancellation than that of `end`, the block raises its own error.
        if self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise self._refusal from None

    def end(self, refusal: ServiceError) -> None:
        """End the block with an error."""
        if self._refusal is None and self._task is not None:
            self._refusal = refusal
            self._task.cancel()


class OpenCalls:
    """The open streams of a server."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self.open: set[OpenCall] = set()

    def one_more(self, credential: Credential) -> OpenCall:
        """Return the block of one more stream."""
        return OpenCall(self, credential)

    async def watch(self) -> None:
        """End the streams whose callers are not known any more, until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for number, call in enumerate(list(self.open), 1):
                if call in self.open:
                    self._check(call)
                if number % CHECKS_A_TURN == 0:
                    await asyncio.sleep(0)

    def _check(self, call: OpenCall) -> None:
        try:
            self._authenticator.check_again(call.credential)
        except ServiceError as error:
            call.end(error)
