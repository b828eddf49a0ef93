"""The streams whose callers have shown something, so that a revoked token ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from edunn_serving.errors import ServiceError
from server.authentication import Authenticator
from server.credentials import Credential

CHECK_SECONDS = 0.25
# After this many checks the other calls have a turn of the event loop.
CHECKS_A_TURN = 1000


class OpenCall:
    """A stream that can be ended with an error."""

    def __init__(self, credential: Credential) -> None:
        self.credential = credential
        # The error that ends it; None while it goes on.
        self.end: ServiceError | None = None
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a call runs in a task")
        self._task = task

    def end_with(self, error: ServiceError) -> None:
        """End the stream. Its handler finds the error in `end`."""
        self.end = error
        self._task.cancel()

    def take_back(self) -> None:
        """Let the task go on after its end was noticed, to answer the caller."""
        self._task.uncancel()


class OpenCalls:
    """The open streams of a server."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._open: set[OpenCall] = set()

    @contextmanager
    def one_more(self, credential: Credential) -> Iterator[OpenCall]:
        """Watch over a stream of this task while it is open."""
        call = OpenCall(credential)
        self._open.add(call)
        try:
            yield call
        finally:
            self._open.discard(call)

    async def watch(self) -> None:
        """End the streams whose callers are not known any more, until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for number, call in enumerate(list(self._open), 1):
                self._check(call)
                if number % CHECKS_A_TURN == 0:
                    await asyncio.sleep(0)

    def _check(self, call: OpenCall) -> None:
        if call.end is not None or call not in self._open:
            return
        try:
            self._authenticator.check_again(call.credential)
        except ServiceError as error:
            call.end_with(error)
